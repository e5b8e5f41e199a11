"""Topics: each canonical query is stored once, however many readers ask for it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select

from service.store import tables
from service.store.bulk import among
from service.store.dialect import insert_new

_TOPIC = tables.table(tables.Topic)
_ID, _QUERY = _TOPIC.c.id, _TOPIC.c.query


def ids_of(connection: Connection, queries: Iterable[str], now: datetime) -> dict[str, int]:
    """Return the id of each canonical query, storing those that are new."""
    wanted = sorted(set(queries))
    if not wanted:
        return {}
    insert_new(connection, tables.Topic, [{"query": q, "created_at": now} for q in wanted])
    rows = connection.execute(select(_QUERY, _ID).where(_QUERY.in_(wanted)))
    return dict(rows.all())


def queries_of(connection: Connection, topic_ids: Iterable[int]) -> dict[int, str]:
    """Return the canonical query of each topic."""
    rows = connection.execute(select(_ID, _QUERY).where(among(connection, _ID, topic_ids)))
    return dict(rows.all())
