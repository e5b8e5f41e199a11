"""Editions: a digest file goes in whole, and its papers are seen all at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, literal, select, update
from sqlmodel import col

from service.domain.merging import merge
from service.domain.papers import Edition, Known, Paper, identities, recognise
from service.store import papers, tables
from service.store.counters import PAPER_SEQ, advance, hold
from service.store.engine import Database
from service.store.turns import Turn

_EDITION = tables.table(tables.Edition)
_MEMBER = tables.table(tables.EditionPaper)
_PAPER = tables.table(tables.Paper)
_IDENTITY = tables.table(tables.Identity)


@dataclass(frozen=True, slots=True)
class Stored:
    """What an edition brought: papers first seen in it, and papers it told more about."""

    papers: int
    new: int
    updated: int


@dataclass(frozen=True, slots=True)
class EditionRow:
    """A published edition, as it is listed."""

    file: str
    format: str
    date: date
    arrived_at: datetime
    papers: int
    new: int
    updated: int


def published(connection: Connection, sha256: str) -> EditionRow | None:
    """Return the edition of a file with these very bytes, if it went in whole."""
    row = connection.execute(
        select(_EDITION).where(_EDITION.c.sha256 == sha256, _EDITION.c.published_at.is_not(None))
    ).first()
    if row is None:
        return None
    return EditionRow(
        row.file, row.format, row.date, row.arrived_at, row.papers, row.new, row.updated
    )


def count(connection: Connection) -> int:
    """Return how many editions are published."""
    query = select(func.count()).select_from(_EDITION).where(_EDITION.c.published_at.is_not(None))
    return connection.scalar(query) or 0


def store(database: Database, edition: Edition, *, sha256: str, file: str, now: datetime) -> Stored:
    """Put an edition in: its papers in short transactions, then all of them visible in one.

    Broken off half-way, it leaves papers that nobody sees, and the next call with the same file
    completes it. The caller holds the lock `ingest`.
    """
    edition_id = _open(database, edition, sha256=sha256, file=file, now=now)
    numbered = list(enumerate(edition.papers))

    def take_in(connection: Connection, chunk: Sequence[tuple[int, Paper]]) -> int:
        return _take_in(connection, edition_id, chunk, now)

    updated = sum(database.write_in_chunks(numbered, take_in))
    with database.write(Turn.BULK) as connection:
        return _publish(connection, edition_id, len(numbered), updated, now)


def _open(database: Database, edition: Edition, *, sha256: str, file: str, now: datetime) -> int:
    """Return the id of the unpublished edition of this file, made or cleared for a fresh start."""
    with database.write(Turn.BULK) as connection:
        edition_id = connection.scalar(select(_EDITION.c.id).where(_EDITION.c.sha256 == sha256))
        if edition_id is None:
            edition_id = connection.execute(
                insert(_EDITION).returning(_EDITION.c.id),
                {
                    "sha256": sha256,
                    "file": file,
                    "format": edition.format,
                    "date": edition.date or now.date(),
                    "arrived_at": now,
                },
            ).scalar_one()
        else:
            connection.execute(delete(_MEMBER).where(_MEMBER.c.edition_id == edition_id))
            rejection = col(tables.Rejection.edition_id)
            connection.execute(delete(tables.Rejection).where(rejection == edition_id))
        if edition.rejected:
            connection.execute(
                insert(tables.Rejection),
                [
                    {"edition_id": edition_id, "position": r.position, "reason": r.reason}
                    for r in edition.rejected
                ],
            )
    assert isinstance(edition_id, int)
    return edition_id


def _take_in(
    connection: Connection, edition_id: int, chunk: Sequence[tuple[int, Paper]], now: datetime
) -> int:
    """Store a chunk's papers; return how many known ones it told more about."""
    # Recognition must see every paper that another process has put in.
    hold(connection, PAPER_SEQ)
    known = _Library(connection, [paper for _, paper in chunk])
    members: list[dict[str, Any]] = []
    updated = 0
    for position, paper in chunk:
        paper_id = known.find(paper)
        if paper_id is None:
            known.add(paper, now)
            paper_id = known.find(paper)
        elif known.tell(paper_id, paper, now):
            updated += 1
        members.append({"edition_id": edition_id, "paper_id": paper_id, "position": position})
    already = set(
        connection.scalars(
            select(_MEMBER.c.paper_id).where(
                _MEMBER.c.edition_id == edition_id,
                _MEMBER.c.paper_id.in_([member["paper_id"] for member in members]),
            )
        )
    )
    fresh = {m["paper_id"]: m for m in reversed(members) if m["paper_id"] not in already}
    if fresh:
        connection.execute(insert(_MEMBER), list(fresh.values()))
    return updated


class _Library:
    """The stored papers that a chunk may speak of, kept up to date while it is read."""

    def __init__(self, connection: Connection, chunk: Sequence[Paper]) -> None:
        self._connection = connection
        names = {name for paper in chunk for name in identities(paper)}
        self._by_name: dict[str, list[Known]] = {}
        everything = papers.known_by(connection, names)
        for known in everything:
            self._file(known)
        self._papers = papers.by_ids(connection, [known.paper_id for known in everything])
        self._keys = papers.keys_taken(connection, names)

    def find(self, paper: Paper) -> int | None:
        near = {k.paper_id: k for name in identities(paper) for k in self._by_name.get(name, ())}
        return recognise(paper, near.values())

    def add(self, paper: Paper, now: datetime) -> None:
        key = identities(paper)[0]
        twin = 2
        while key in self._keys:
            key = f"{identities(paper)[0]}~{twin}"
            twin += 1
        self._keys.add(key)
        columns = papers.to_columns(paper) | {"key": key, "arrived_at": now, "updated_at": now}
        paper_id = self._connection.execute(
            insert(_PAPER).returning(_PAPER.c.id), columns
        ).scalar_one()
        self._connection.execute(insert(_IDENTITY), papers.names_to_add(paper, paper_id))
        self._papers[paper_id] = paper
        self._file(Known(paper_id, frozenset(identities(paper))))

    def tell(self, paper_id: int, paper: Paper, now: datetime) -> bool:
        """Bring a stored paper up to date; say whether that changed anything."""
        before = self._papers[paper_id]
        after = merge(before, paper)
        if after == before:
            return False
        self._papers[paper_id] = after
        self._connection.execute(
            update(_PAPER).where(_PAPER.c.id == paper_id),
            papers.to_columns(after) | {"updated_at": now},
        )
        known = {k for name in identities(before) for k in self._by_name.get(name, ())}
        names = next(k.identities for k in known if k.paper_id == paper_id)
        more = set(identities(paper)) - names
        if more:
            rows = [{"name": name, "paper_id": paper_id} for name in sorted(more)]
            self._connection.execute(insert(_IDENTITY), rows)
            self._file(Known(paper_id, names | more))
        return True

    def _file(self, known: Known) -> None:
        for name in known.identities:
            kept = [k for k in self._by_name.get(name, ()) if k.paper_id != known.paper_id]
            self._by_name[name] = [*kept, known]


def _publish(
    connection: Connection, edition_id: int, brought: int, updated: int, now: datetime
) -> Stored:
    """Number the edition's unseen papers and show them, in one transaction.

    They are its new ones, whichever run put them in. The counter's row stays locked until the
    commit: no number is seen before a lower one.
    """
    hold(connection, PAPER_SEQ)
    order = (
        select(
            _MEMBER.c.paper_id,
            func.row_number().over(order_by=_MEMBER.c.position).label("place"),
        )
        .join(_PAPER, _PAPER.c.id == _MEMBER.c.paper_id)
        .where(_MEMBER.c.edition_id == edition_id, _PAPER.c.seq.is_(None))
        .subquery()
    )
    unseen = connection.scalar(select(func.count()).select_from(order)) or 0
    last = advance(connection, PAPER_SEQ, unseen)
    connection.execute(
        update(_PAPER)
        .where(_PAPER.c.id == order.c.paper_id)
        .values(seq=literal(last - unseen) + order.c.place, arrived_at=bindparam("arrived")),
        {"arrived": now},
    )
    connection.execute(
        update(_EDITION)
        .where(_EDITION.c.id == edition_id)
        .values(published_at=now, papers=brought, new=unseen, updated=updated)
    )
    return Stored(brought, unseen, updated)
