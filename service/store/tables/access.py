"""Rows about access: what signs links, what strangers asked for, and how often they may."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field

from service.store.tables.row import Row, row_id


class SigningKey(Row, table=True):
    """Since when the key of that name was in use."""

    __tablename__ = "signing_key"
    key_id: str = Field(primary_key=True)
    since: datetime


class Request(Row, table=True):
    """What somebody asked for at the pages, until the next tick answers it by letter."""

    id: int | None = row_id()
    kind: str
    said: dict[str, Any] = Field(sa_type=JSON)
    at: datetime


class Allowance(Row, table=True):
    """How much of its allowance a scope has used: all of it again at `free_at`, in seconds since
    1970. A scope is a network, the hash of an address, or everyone.
    """

    scope: str = Field(primary_key=True)
    free_at: float
