"""Rows of the sources that papers are fetched from."""

from datetime import datetime

from sqlalchemy import JSON
from sqlmodel import Field

from service.store.tables.row import Row


class Source(Row, table=True):
    """What is on record of a named source; `validators` holds, by URL, how to ask for changes."""

    name: str = Field(primary_key=True)
    polled_at: datetime | None = None
    answered_at: datetime | None = None
    next_at: datetime | None = None
    failures: int = 0
    error: str | None = None
    validators: dict[str, dict[str, str]] = Field(sa_type=JSON)
