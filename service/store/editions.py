"""Editions: a digest file goes in whole, and its papers are seen all at once."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import (
    Connection,
    Select,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from service.domain.identity import identities
from service.domain.merging import account, age
from service.domain.papers import Edition, Rejected, Rejects
from service.store import tables
from service.store.counters import PAPER_SEQ, advance, hold
from service.store.engine import Database
from service.store.library import Entry, Taken, take_in
from service.store.turns import Turn

_NUMBERED_AT_ONCE = 500

_EDITION = tables.table(tables.Edition)
_MEMBER = tables.table(tables.EditionPaper)
_PAPER = tables.table(tables.Paper)
_REJECTION = tables.table(tables.Rejection)


@dataclass(frozen=True, slots=True)
class Stored:
    """What an edition brought: papers first seen in it, papers it told more about, and rejects,
    doubts among them."""

    papers: int
    new: int
    updated: int
    rejects: Rejects = field(default_factory=Rejects)


@dataclass(frozen=True, slots=True)
class EditionRow:
    """A published edition, as it is listed; `hidden_at` is when it was forgotten.

    `rejected` counts all its rejects, also the `unlisted` ones, of which nothing else is kept.
    """

    edition_id: int
    file: str
    format: str
    date: date
    arrived_at: datetime
    papers: int
    new: int
    updated: int
    rejected: int
    unlisted: int
    hidden_at: datetime | None


def published(connection: Connection, sha256: str) -> EditionRow | None:
    """Return the edition of a file with these very bytes, if it went in whole."""
    return next(_rows(connection, _published().where(_EDITION.c.sha256 == sha256)), None)


def newest_first(connection: Connection, limit: int) -> list[EditionRow]:
    """Return the published editions that arrived last, the newest first."""
    query = _published().order_by(_EDITION.c.arrived_at.desc(), _EDITION.c.id.desc())
    return list(_rows(connection, query.limit(limit)))


def find(connection: Connection, name: str) -> list[EditionRow]:
    """Return the published editions that `name` means: one by its number, or all of a file."""
    named = _EDITION.c.file == name.replace("\0", "")
    if name.isascii() and name.isdecimal() and len(name) < 18:
        named |= _EDITION.c.id == int(name)
    return list(_rows(connection, _published().where(named).order_by(_EDITION.c.id)))


def rejected_of(connection: Connection, edition_id: int) -> list[Rejected]:
    """Return what of an edition could not be used, in its order, as far as it is listed."""
    query = (
        select(_REJECTION.c.position, _REJECTION.c.reason)
        .where(_REJECTION.c.edition_id == edition_id)
        .order_by(_REJECTION.c.id)
    )
    return [Rejected(position, reason) for position, reason in connection.execute(query)]


def titles_of(connection: Connection, edition_id: int) -> list[tuple[str, str]]:
    """Return key and title of the papers that an edition brought, in its order."""
    query = (
        select(_PAPER.c.key, _PAPER.c.title)
        .join(_MEMBER, _MEMBER.c.paper_id == _PAPER.c.id)
        .where(_MEMBER.c.edition_id == edition_id)
        .order_by(_MEMBER.c.position)
    )
    return [(key, title) for key, title in connection.execute(query)]


def forget(connection: Connection, edition_id: int, now: datetime) -> int:
    """Hide an edition: its papers that no other edition brought are seen no more.

    They keep their names and places, so that none of them comes back as new. Returns how many are
    no longer seen.
    """
    other, kept = _EDITION.alias(), _MEMBER.alias()
    elsewhere = exists().where(
        kept.c.paper_id == _MEMBER.c.paper_id,
        kept.c.edition_id == other.c.id,
        other.c.id != edition_id,
        other.c.published_at.is_not(None),
        other.c.hidden_at.is_(None),
    )
    hidden = update(_EDITION).where(_EDITION.c.id == edition_id, _EDITION.c.hidden_at.is_(None))
    if connection.execute(hidden.values(hidden_at=now)).rowcount == 0:
        return 0
    query = select(func.count()).where(_MEMBER.c.edition_id == edition_id, ~elsewhere)
    return connection.scalar(query) or 0


def count(connection: Connection) -> int:
    """Return how many editions are published."""
    query = select(func.count()).select_from(_EDITION).where(_EDITION.c.published_at.is_not(None))
    return connection.scalar(query) or 0


def store(
    database: Database,
    edition: Edition,
    *,
    sha256: str,
    file: str,
    now: datetime,
    written: datetime | None = None,
) -> Stored:
    """Put an edition in: its papers in short transactions, then all of them visible in one.

    `written` is when its file was last written to (default: now). Broken off half-way, it leaves
    papers that nobody sees, and the next call with the same file completes it. The caller holds
    the lock `ingest`.
    """
    edition_id = _open(database, edition, sha256=sha256, file=file, now=now)
    how_old = age(edition.date, written or now, sha256)
    entries = (
        Entry(
            place,
            account(paper, how_old, place),
            identities(paper),
        )
        for place, paper in enumerate(edition.papers, start=1)
    )

    def take(connection: Connection, chunk: Sequence[Entry]) -> Taken:
        # Recognition must see every paper that another process has put in.
        hold(connection, PAPER_SEQ)
        return take_in(connection, edition_id, chunk, now)

    updated = 0
    rejects = Rejects([*edition.rejected], edition.unlisted)
    for taken in database.write_in_chunks(entries, take):
        updated += taken.updated
        rejects.add(taken.doubts)
    with database.write(Turn.BULK) as connection:
        _note(connection, edition_id, rejects)
        new = _publish(connection, edition_id, len(edition.papers), updated, now)
    return Stored(len(edition.papers), new, updated, rejects)


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
    assert isinstance(edition_id, int)
    return edition_id


def _note(connection: Connection, edition_id: int, rejects: Rejects) -> None:
    rows = [
        {"edition_id": edition_id, "position": r.position, "reason": r.reason}
        for r in rejects.listed
    ]
    if rows:
        connection.execute(insert(_REJECTION), rows)
    if rejects.unlisted:
        connection.execute(
            update(_EDITION).where(_EDITION.c.id == edition_id).values(unlisted=rejects.unlisted)
        )


def _publish(
    connection: Connection, edition_id: int, brought: int, updated: int, now: datetime
) -> int:
    """Number the edition's unseen papers and show them, in one transaction; return how many.

    They are its new ones, whichever run put them in. The counter's row stays locked until the
    commit: no number is seen before a lower one.
    """
    hold(connection, PAPER_SEQ)
    unseen = connection.scalars(
        select(_MEMBER.c.paper_id)
        .join(_PAPER, _PAPER.c.id == _MEMBER.c.paper_id)
        .where(_MEMBER.c.edition_id == edition_id, _PAPER.c.seq.is_(None))
        .order_by(_MEMBER.c.position)
    ).all()
    before = advance(connection, PAPER_SEQ, len(unseen)) - len(unseen)
    # Ids follow each other as a rule, so that a run of them is numbered by one statement. While one
    # lasts, SQLite keeps all pages it changes as they were in memory.
    numbered = enumerate(unseen, start=before + 1)
    number = (
        update(_PAPER)
        .where(_PAPER.c.id.between(bindparam("first"), bindparam("last")))
        # Those that an earlier run put in arrive only now.
        .values(seq=_PAPER.c.id - bindparam("ahead"), arrived_at=now)
    )
    while some := list(itertools.islice(numbered, _NUMBERED_AT_ONCE)):
        runs = [
            (ahead, [paper_id for _, paper_id in run])
            for ahead, run in itertools.groupby(some, lambda pair: pair[1] - pair[0])
        ]
        connection.execute(
            number, [{"first": ids[0], "last": ids[-1], "ahead": ahead} for ahead, ids in runs]
        )
    connection.execute(
        update(_EDITION)
        .where(_EDITION.c.id == edition_id)
        .values(published_at=now, papers=brought, new=len(unseen), updated=updated)
    )
    return len(unseen)


def _published() -> Select[tuple[object, ...]]:
    rejected = (
        select(func.count())
        .where(_REJECTION.c.edition_id == _EDITION.c.id)
        .scalar_subquery()
        .label("rejected")
    )
    return select(_EDITION, rejected).where(_EDITION.c.published_at.is_not(None))


def _rows(connection: Connection, query: Select[tuple[object, ...]]) -> Iterator[EditionRow]:
    for row in connection.execute(query):
        yield EditionRow(
            row.id,
            row.file,
            row.format,
            row.date,
            row.arrived_at,
            row.papers,
            row.new,
            row.updated,
            row.rejected + row.unlisted,
            row.unlisted,
            row.hidden_at,
        )
