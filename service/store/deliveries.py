"""Deliveries: planned, queued, counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select, update
from sqlmodel import col

from service.domain.deliveries import Kind, Planned
from service.domain.digests import Skipped
from service.domain.policy import Status
from service.domain.readers import Reader
from service.store import clocks, counters, tables
from service.store.bulk import insert_many
from service.store.dialect import insert_new

_DELIVERY = tables.table(tables.Delivery)


class Verdict(NamedTuple):
    """What a plan decided for one reader: a letter, or a reason for none."""

    reader: Reader
    decision: Planned | Skipped


@dataclass(frozen=True, slots=True)
class Recorded:
    """The verdicts that stand, and how many unsent older digests they superseded."""

    standing: Sequence[Verdict]
    superseded: int


def plan(
    connection: Connection,
    verdicts: Sequence[Verdict],
    *,
    upto: int,
    now: datetime,
    expires_at: datetime,
    priority: int = Kind.DIGEST.priority,
) -> Recorded:
    """Record what was decided for readers who are due for one date, and raise their watermarks.

    A verdict whose reader left, or whose watermark or unsent digest changed since it was decided,
    does not stand: that reader is still due.
    """
    day = verdicts[0].reader.local_date
    held = clocks.hold(connection, [reader.subscriber_id for reader, _ in verdicts], day)
    unchanged = [v for v in verdicts if held.get(v.reader.subscriber_id) == v.reader.watermark]
    superseded = _supersede(
        connection, [r.unsent[0] for r, d in unchanged if r.unsent and isinstance(d, Planned)], now
    )
    letters, skips, standing = [], [], []
    for verdict in unchanged:
        reader, decision = verdict
        if isinstance(decision, Skipped):
            skips.append((reader, decision))
        elif reader.unsent and reader.unsent[0] not in superseded:
            continue
        else:
            letters.append(decision)
        standing.append(verdict)
    when = {"planned_at": now, "next_attempt_at": now, "expires_at": expires_at}
    _queue_digests(
        connection, letters, {"local_date": day, "seq_to": upto, "priority": priority} | when
    )
    clocks.advance(connection, [letter.subscriber_id for letter in letters], upto, served_on=day)
    _note_skips(connection, skips, day=day, upto=upto, now=now)
    behind = [reader.subscriber_id for reader, _ in skips if reader.watermark < upto]
    clocks.advance(connection, behind, upto, served_on=None)
    return Recorded(standing, len(superseded))


def _supersede(connection: Connection, delivery_ids: Sequence[int], now: datetime) -> set[int]:
    """Expire older digests that are still in the queue; return the ids of those."""
    if not delivery_ids:
        return set()
    # One that is being begun or expired at this moment is not waited for either.
    waiting = (
        select(_DELIVERY.c.id)
        .where(_DELIVERY.c.id.in_(delivery_ids), _DELIVERY.c.status == Status.QUEUED)
        .with_for_update(skip_locked=True)
    )
    statement = (
        update(_DELIVERY)
        .where(_DELIVERY.c.id.in_(waiting))
        .values(status=Status.EXPIRED, settled_at=now, worker_id=None)
        .returning(_DELIVERY.c.id)
    )
    return set(connection.scalars(statement))


def _queue_digests(
    connection: Connection, letters: Sequence[Planned], shared: Mapping[str, object]
) -> None:
    if not letters:
        return
    insert_many(
        connection,
        _DELIVERY,
        ("subscriber_id", "token", "preference_id", "seq_from", "selection"),
        [
            (
                letter.subscriber_id,
                bytes.fromhex(letter.token),
                letter.preference_id,
                letter.seq_from,
                letter.selection,
            )
            for letter in letters
        ],
        {
            "kind": Kind.DIGEST.value,
            "nth": 0,
            "status": Status.QUEUED.value,
            "attempts": 0,
            **shared,
        },
    )
    counters.advance(connection, counters.DELIVERIES, len(letters))


def _note_skips(
    connection: Connection,
    skips: Sequence[tuple[Reader, Skipped]],
    *,
    day: date,
    upto: int,
    now: datetime,
) -> None:
    """Keep each reader's last skip: date, reason and the range of papers looked at.

    A look that found no paper to judge does not replace what this date's papers came to.
    """
    if not skips:
        return
    names = ("local_date", "reason", "seq_from", "seq_to", "at")
    insert_many(
        connection,
        tables.table(tables.Skip),
        ("subscriber_id", "reason", "seq_from"),
        [(r.subscriber_id, skip.reason.value, r.served_to) for r, skip in skips],
        {"local_date": day, "seq_to": upto, "at": now},
        on_conflict="ON CONFLICT (subscriber_id) DO UPDATE SET "
        + ", ".join(f"{name} = excluded.{name}" for name in names)
        + " WHERE skip.local_date < excluded.local_date OR excluded.seq_from < excluded.seq_to",
    )


def stands(connection: Connection, subscriber_id: int, kind: Kind, day: date) -> bool:
    """Say whether a letter of that kind for that date went out, or is on its way."""
    query = select(_DELIVERY.c.id).where(
        _DELIVERY.c.subscriber_id == subscriber_id,
        _DELIVERY.c.kind == kind,
        _DELIVERY.c.local_date == day,
        _DELIVERY.c.status.not_in((Status.CANCELLED, Status.FAILED, Status.EXPIRED)),
    )
    return connection.scalar(query) is not None


def enqueue(
    connection: Connection, letter: Planned, *, now: datetime, expires_at: datetime
) -> bool:
    """Queue one letter; False when its subscriber has one of its kind for that date already."""
    row = {
        "subscriber_id": letter.subscriber_id,
        "kind": letter.kind,
        "nth": letter.nth,
        "priority": letter.kind.priority,
        "token": bytes.fromhex(letter.token),
        "preference_id": letter.preference_id,
        "recipient": letter.recipient,
        "slots": letter.slots and dict(letter.slots),
        "local_date": letter.local_date,
        "selection": letter.selection,
        "status": Status.QUEUED,
        "planned_at": now,
        "next_attempt_at": now,
        "expires_at": expires_at,
    }
    queued = insert_new(connection, tables.Delivery, [row], returning=_DELIVERY.c.id)
    if queued:
        counters.advance(connection, counters.DELIVERIES, 1)
    return bool(queued)


@dataclass(frozen=True, slots=True)
class Books:
    """Every letter ever planned, by where it stands now."""

    planned: int
    by_status: dict[str, int]

    @property
    def balanced(self) -> bool:
        return self.planned == sum(self.by_status.values())


def books(connection: Connection) -> Books:
    """Count the ledger against the counter that was raised with each letter planned."""
    rows = connection.execute(select(_DELIVERY.c.status, func.count()).group_by(_DELIVERY.c.status))
    counted: dict[str, int] = dict(rows.all())
    return Books(
        counters.read(connection, counters.DELIVERIES),
        {status.value: counted.get(status.value, 0) for status in Status},
    )


@dataclass(frozen=True, slots=True)
class SkipRow:
    """Why a reader last got no letter."""

    local_date: date
    reason: str
    seq_from: int
    seq_to: int
    at: datetime


def last_skip(connection: Connection, subscriber_id: int) -> SkipRow | None:
    skip = tables.Skip
    row = connection.execute(
        select(tables.table(skip)).where(col(skip.subscriber_id) == subscriber_id)
    ).first()
    if row is None:
        return None
    return SkipRow(row.local_date, row.reason, row.seq_from, row.seq_to, row.at)
