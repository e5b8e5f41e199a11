"""Papers as the rest of the house asks for them."""

import dataclasses
import hashlib
import operator
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, func, select
from sqlmodel import col

from service.domain.merging import Account
from service.domain.papers import Original, Paper
from service.store import tables
from service.store.as_json import as_json
from service.store.bulk import among, among_texts

_PAPER = tables.table(tables.Paper)
_IDENTITY = tables.table(tables.Identity)
_MEMBER = tables.table(tables.EditionPaper)
_EDITION = tables.table(tables.Edition)
_LINKS = ("page", "pdf", "code", "project")
_LISTS = ("authors", "keywords", "categories")
_COLUMNS = tuple(
    field.name
    for field in dataclasses.fields(Paper)
    if field.name not in (*_LINKS, "version", "original")
)
_FACTS = operator.attrgetter(*_COLUMNS)

# All of a paper but what was written before it was made readable.
_CONTENT = [_PAPER.c[name] for name in ("id", "seq", "key", "links", *_COLUMNS)]

# A paper is seen as long as an edition that brought it is: published, and not forgotten.
_SEEN = _PAPER.c.seq.is_not(None) & exists().where(
    _MEMBER.c.paper_id == _PAPER.c.id,
    _MEMBER.c.edition_id == _EDITION.c.id,
    _EDITION.c.published_at.is_not(None),
    _EDITION.c.hidden_at.is_(None),
)


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


# What tells the papers of one time from those of another.
State = tuple[int, int]


def state(connection: Connection) -> State:
    """Return the highest seq and how many editions are shown: one changes when papers come, the
    other also when an edition is forgotten."""
    shown = (_EDITION.c.published_at.is_not(None), _EDITION.c.hidden_at.is_(None))
    editions = connection.scalar(select(func.count()).select_from(_EDITION).where(*shown)) or 0
    return last_seq(connection), editions


def count(connection: Connection) -> int:
    """Return how many papers are seen."""
    return connection.scalar(select(func.count()).select_from(_PAPER).where(_SEEN)) or 0


def count_between(connection: Connection, after: int, upto: int) -> int:
    """Return how many papers there are with after < seq <= upto."""
    query = (
        select(func.count())
        .select_from(_PAPER)
        .where(_PAPER.c.seq > after, _PAPER.c.seq <= upto, _SEEN)
    )
    return connection.scalar(query) or 0


def between(connection: Connection, after: int, upto: int) -> list[StoredPaper]:
    """Return the papers with after < seq <= upto that are seen, in that order."""
    query = (
        select(*_CONTENT)
        .where(_PAPER.c.seq > after, _PAPER.c.seq <= upto, _SEEN)
        .order_by(_PAPER.c.seq)
    )
    return [_stored(row) for row in connection.execute(query)]


def by_ids(connection: Connection, paper_ids: Iterable[int]) -> dict[int, StoredPaper]:
    """Return the papers of those ids that are seen."""
    rows = connection.execute(
        select(*_CONTENT).where(among(connection, _PAPER.c.id, list(paper_ids)), _SEEN)
    )
    return {row.id: _stored(row) for row in rows}


def by_key(connection: Connection, key: str) -> StoredPaper | None:
    """Return the paper of that key, if it is seen.

    Of papers that turned out to be one, the keys of all lead to the one that stayed.
    """
    if "\0" in key:
        return None  # PostgreSQL refuses such a text even to compare with.
    row = connection.execute(select(*_CONTENT).where(_PAPER.c.key == key, _SEEN)).first()
    if row is None:
        query = (
            select(*_CONTENT)
            .join(_IDENTITY, _IDENTITY.c.paper_id == _PAPER.c.id)
            .where(_IDENTITY.c.name == key, _SEEN)
            .order_by(_PAPER.c.id)
        )
        row = connection.execute(query).first()
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


def accounts(
    connection: Connection, paper_ids: Iterable[int]
) -> dict[int, tuple[int | None, Account]]:
    """Return the seq and the account of the papers of those ids, seen or not."""
    wanted = list(paper_ids)
    if not wanted:
        return {}
    rows = connection.execute(select(_PAPER).where(_PAPER.c.id.in_(wanted)))
    return {row.id: (row.seq, _to_account(row)) for row in rows}


def names_of(connection: Connection, names: Iterable[str]) -> dict[int, set[str]]:
    """Return every stored paper that answers to one of the names, by its id, with all its names."""
    wanted = select(_IDENTITY.c.paper_id).where(among_texts(connection, _IDENTITY.c.name, names))
    found: dict[int, set[str]] = {}
    for paper_id, name in connection.execute(
        select(_IDENTITY.c.paper_id, _IDENTITY.c.name).where(_IDENTITY.c.paper_id.in_(wanted))
    ):
        found.setdefault(paper_id, set()).add(name)
    return found


def twin_keys(connection: Connection, key: str) -> set[str]:
    """Return the public keys that are this one, or it with a twin's number (`~2`) at its end."""
    same = (_PAPER.c.key == key) | _PAPER.c.key.startswith(f"{key}~", autoescape=True)
    return set(connection.scalars(select(_PAPER.c.key).where(same)))


# The columns that hold what is known of a paper, in the order of `values_of`.
KNOWN = (*_COLUMNS, "links", "content_hash", "original")
_PLACES = {name: _COLUMNS.index(name) for name in (*_LISTS, "published")}


def values_of(known: Account) -> tuple[Any, ...]:
    """Return what is known of a paper as the drivers of both databases take it."""
    paper = known.paper
    values: list[Any] = [*_FACTS(paper)]
    for name in _LISTS:
        values[_PLACES[name]] = as_json(getattr(paper, name)) if getattr(paper, name) else "[]"
    values[_PLACES["published"]] = paper.published and paper.published.isoformat()
    links = {name: link for name in _LINKS if (link := getattr(paper, name))}
    kept: dict[str, Any] = {"told": known.told}
    if paper.original is not None:
        written = {"title": paper.original.title, "abstract": paper.original.abstract}
        kept = {name: text for name, text in written.items() if text is not None} | kept
    return (*values, as_json(links), _content_hash(known), as_json(kept))


def _content_hash(known: Account) -> str:
    # A rank names one record of one file, so that ranks and counts stand for all facts.
    paper = known.paper
    told = sorted(known.told.items()) if len(known.told) > 1 else known.told["title"]
    facts = f"{told} {paper.upvotes} {paper.comments} {paper.stars}"
    return hashlib.sha256(facts.encode()).hexdigest()


def _to_paper(row: Row[Any], original: Original | None = None) -> Paper:
    content = {name: getattr(row, name) for name in _COLUMNS}
    content |= {name: tuple(content[name]) for name in _LISTS}
    return Paper(**content, **row.links, original=original)


def _to_account(row: Row[Any]) -> Account:
    written = dict(row.original or {})
    # A paper from before ranks were kept stands behind every other.
    told = written.pop("told", {"title": ""})
    return Account(_to_paper(row, Original(**written) if written else None), told)


def _published(
    connection: Connection, which: ColumnElement[bool], limit: int | None = None
) -> list[StoredPaper]:
    query = select(_PAPER).where(which, _PAPER.c.seq.is_not(None))
    rows = connection.execute(query.order_by(_PAPER.c.seq.desc()).limit(limit))
    return [_stored(row) for row in rows]


def _stored(row: Row[Any]) -> StoredPaper:
    return StoredPaper(row.id, row.key, row.seq, _to_paper(row))
