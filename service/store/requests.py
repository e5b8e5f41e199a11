"""Requests: what somebody asked for, kept until it is answered by letter."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, select

from service.store import tables
from service.store.bulk import among

_REQUEST = tables.table(tables.Request)


class RequestRow(NamedTuple):
    """What was said is plain data, as its kind of request has it."""

    request_id: int
    kind: str
    said: Mapping[str, Any]
    at: datetime


def add(connection: Connection, kind: str, said: Mapping[str, Any], now: datetime) -> None:
    connection.execute(insert(tables.Request), {"kind": kind, "said": dict(said), "at": now})


def oldest(connection: Connection, limit: int) -> list[RequestRow]:
    """Return the requests that have waited longest, those first."""
    query = (
        select(_REQUEST.c.id, _REQUEST.c.kind, _REQUEST.c.said, _REQUEST.c.at)
        .order_by(_REQUEST.c.id)
        .limit(limit)
    )
    return [RequestRow(*row) for row in connection.execute(query)]


def remove(connection: Connection, request_ids: Sequence[int]) -> None:
    connection.execute(delete(_REQUEST).where(among(connection, _REQUEST.c.id, request_ids)))
