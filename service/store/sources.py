"""What is on record of the sources that papers are fetched from."""

import dataclasses

from sqlalchemy import Connection, func, select

from service.domain.sources import Polled
from service.store import tables
from service.store.dialect import upsert

_SOURCE = tables.table(tables.Source)
_EDITION = tables.table(tables.Edition)
_FACTS = [field.name for field in dataclasses.fields(Polled)]


def polled(connection: Connection, name: str) -> Polled | None:
    """Return what is on record of a source, or None."""
    row = connection.execute(select(_SOURCE).where(_SOURCE.c.name == name)).first()
    return Polled(**{fact: getattr(row, fact) for fact in _FACTS}) if row else None


def record(connection: Connection, name: str, now: Polled) -> None:
    """Put on record how a source is doing."""
    facts = {fact: getattr(now, fact) for fact in _FACTS}
    statement = upsert(connection, tables.Source).values(name=name, **facts)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=facts))


def papers_in(connection: Connection, file_prefix: str) -> int | None:
    """Return how many papers the editions of such files hold at most; None where there is none."""
    query = select(func.max(_EDITION.c.papers)).where(
        _EDITION.c.file.startswith(file_prefix, autoescape=True),
        _EDITION.c.published_at.is_not(None),
    )
    papers: int | None = connection.scalar(query)
    return papers
