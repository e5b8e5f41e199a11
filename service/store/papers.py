"""Papers as the rest of the house asks for them."""

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select
from sqlmodel import col

from service.domain.papers import Known, Paper, identities
from service.store import tables

_PAPER = tables.table(tables.Paper)
_EDITION = tables.table(tables.Edition)
_MEMBER = tables.table(tables.EditionPaper)
_LINKS = ("page", "pdf", "code", "project")
_LISTS = ("authors", "keywords", "categories")


@dataclass(frozen=True, slots=True)
class StoredPaper:
    """A paper, its id and public key, and its place in the order of arrival."""

    paper_id: int
    key: str
    seq: int
    paper: Paper


def last_seq(connection: Connection) -> int:
    """Return the highest seq given out and committed; 0 where there is no paper."""
    return connection.scalar(select(func.max(_PAPER.c.seq))) or 0


def between(connection: Connection, after: int, upto: int) -> list[StoredPaper]:
    """Return the papers with after < seq <= upto, in that order."""
    query = select(_PAPER).where(_PAPER.c.seq > after, _PAPER.c.seq <= upto).order_by(_PAPER.c.seq)
    return [_stored(row) for row in connection.execute(query)]


def by_key(connection: Connection, key: str) -> StoredPaper | None:
    """Return the published paper of that key."""
    if "\0" in key:
        return None  # PostgreSQL refuses such a text even to compare with.
    row = connection.execute(
        select(_PAPER).where(_PAPER.c.key == key, _PAPER.c.seq.is_not(None))
    ).first()
    return _stored(row) if row else None


def by_name(connection: Connection, name: str) -> list[StoredPaper]:
    """Return the published papers that answer to an identity (see `domain.papers`)."""
    identity = tables.Identity
    owners = select(col(identity.paper_id)).where(col(identity.name) == name)
    return _published(connection, _PAPER.c.id.in_(owners))


def by_title(connection: Connection, words: Sequence[str], limit: int) -> list[StoredPaper]:
    """Return the newest published papers whose titles hold the words in this order, blind to the
    case of plain letters."""
    if not words:
        return []
    escaped = (re.sub(r"([\\\\%_])", r"\\\1", word) for word in words)
    return _published(connection, _PAPER.c.title.ilike(f"%{'%'.join(escaped)}%", "\\"), limit)


@dataclass(frozen=True, slots=True)
class Arrival:
    """The first edition that brought a paper."""

    file: str
    date: date
    at: datetime


def arrival(connection: Connection, paper_id: int) -> Arrival | None:
    """Return how a paper first came."""
    row = connection.execute(
        select(_EDITION.c.file, _EDITION.c.date, _EDITION.c.arrived_at)
        .join(_MEMBER, _MEMBER.c.edition_id == _EDITION.c.id)
        .where(_MEMBER.c.paper_id == paper_id, _EDITION.c.published_at.is_not(None))
        .order_by(_EDITION.c.id)
    ).first()
    return None if row is None else Arrival(*row)


def by_edition_date(
    connection: Connection, days: int
) -> tuple[list[date], list[tuple[date, StoredPaper]]]:
    """Return the dates of editions among the last `days` up to the newest edition's, in order,
    and each paper whose first edition is of one of them, with that date."""
    shown = (_EDITION.c.published_at.is_not(None), _EDITION.c.hidden_at.is_(None))
    newest = connection.scalar(select(func.max(_EDITION.c.date)).where(*shown))
    if newest is None:
        return [], []
    after = newest - timedelta(days=days)
    dates = select(_EDITION.c.date).where(*shown, _EDITION.c.date > after).distinct()
    first = (
        select(_MEMBER.c.paper_id, func.min(_EDITION.c.date).label("day"))
        .join(_EDITION, _EDITION.c.id == _MEMBER.c.edition_id)
        .where(*shown)
        .group_by(_MEMBER.c.paper_id)
        .subquery()
    )
    recent = (
        select(_PAPER, first.c.day)
        .join(first, first.c.paper_id == _PAPER.c.id)
        .where(first.c.day > after)
        .order_by(first.c.day, _PAPER.c.seq)
    )
    return (
        list(connection.scalars(dates.order_by(_EDITION.c.date))),
        [(row.day, _stored(row)) for row in connection.execute(recent)],
    )


def seq_arrived_before(connection: Connection, moment: datetime) -> int:
    """Return the highest seq of the papers that arrived before `moment`; 0 where none did."""
    query = select(func.max(_PAPER.c.seq)).where(_PAPER.c.arrived_at < moment)
    return connection.scalar(query) or 0


def known_by(connection: Connection, names: Iterable[str]) -> list[Known]:
    """Return every stored paper that answers to one of the names, with all its names."""
    identity = tables.Identity
    wanted = select(col(identity.paper_id)).where(col(identity.name).in_(list(names)))
    found: dict[int, set[str]] = {}
    for paper_id, name in connection.execute(
        select(col(identity.paper_id), col(identity.name)).where(col(identity.paper_id).in_(wanted))
    ):
        found.setdefault(paper_id, set()).add(name)
    return [Known(paper_id, frozenset(names)) for paper_id, names in found.items()]


def by_ids(connection: Connection, paper_ids: Iterable[int]) -> dict[int, Paper]:
    """Return the papers of those ids, published or not."""
    rows = connection.execute(select(_PAPER).where(_PAPER.c.id.in_(list(paper_ids))))
    return {row.id: to_paper(row) for row in rows}


def keys_taken(connection: Connection, keys: Iterable[str]) -> set[str]:
    """Return which of the public keys some paper already has."""
    return set(connection.scalars(select(_PAPER.c.key).where(_PAPER.c.key.in_(list(keys)))))


def content_hash(paper: Paper) -> str:
    """Return a hash of all that a source said of a paper."""
    content = json.dumps(dataclasses.asdict(paper), default=str, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def to_columns(paper: Paper) -> dict[str, Any]:
    """Return the columns that hold a paper's content."""
    columns: dict[str, Any] = {
        field.name: getattr(paper, field.name)
        for field in dataclasses.fields(Paper)
        if field.name not in _LINKS
    }
    columns |= {name: list(columns[name]) for name in _LISTS}
    columns["links"] = {name: link for name in _LINKS if (link := getattr(paper, name))}
    columns["content_hash"] = content_hash(paper)
    return columns


def to_paper(row: Row[Any]) -> Paper:
    """Return the paper that a row holds."""
    content = {
        field.name: getattr(row, field.name)
        for field in dataclasses.fields(Paper)
        if field.name not in _LINKS
    }
    content |= {name: tuple(content[name]) for name in _LISTS}
    return Paper(**content, **row.links)


def names_to_add(paper: Paper, paper_id: int) -> list[dict[str, Any]]:
    """Return the identity rows that make a paper known by all its names."""
    return [{"name": name, "paper_id": paper_id} for name in identities(paper)]


def _published(
    connection: Connection, which: ColumnElement[bool], limit: int | None = None
) -> list[StoredPaper]:
    query = select(_PAPER).where(which, _PAPER.c.seq.is_not(None))
    rows = connection.execute(query.order_by(_PAPER.c.seq.desc()).limit(limit))
    return [_stored(row) for row in rows]


def _stored(row: Row[Any]) -> StoredPaper:
    return StoredPaper(row.id, row.key, row.seq, to_paper(row))
