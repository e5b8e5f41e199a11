"""Deliveries: planned, queued, counted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from sqlalchemy import Connection, func, select, update
from sqlmodel import col

from service.domain.deliveries import Kind, Planned
from service.domain.digests import SkipReason
from service.domain.policy import Status
from service.store import clocks, counters, tables
from service.store.audience import Audience
from service.store.bulk import among
from service.store.columns import insert_columns
from service.store.dialect import insert_new

_DELIVERY = tables.table(tables.Delivery)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What a plan decided for readers: for each a packed selection, unless `skips` has a reason
    for no letter.

    A letter gets the token of the same number, 16 random bytes.
    """

    readers: Audience
    selections: Sequence[bytes]
    skips: Mapping[int, SkipReason]
    tokens: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of verdicts: letters queued, readers skipped, unsent older digests superseded."""

    letters: int
    skipped: Counter[SkipReason]
    superseded: int


def plan(
    connection: Connection,
    verdicts: Verdicts,
    numbers: Sequence[int],
    *,
    upto: int,
    now: datetime,
    expires_at: datetime,
    priority: int = Kind.DIGEST.priority,
) -> Recorded:
    """Record what was decided for the readers of those numbers, ascending, and raise their
    watermarks.

    A verdict whose reader left, or whose watermark or unsent digest changed since it was decided,
    does not stand: that reader is still due.
    """
    readers, at = verdicts.readers, np.array(numbers, dtype=np.int64)
    ids = readers.ids[at]
    held, watermarks = clocks.hold(connection, ids, readers.day)
    place = np.searchsorted(ids, held)
    unchanged = np.sort(at[place[watermarks == readers.watermark[at[place]]]])
    letters: list[int] = []
    skips: list[int] = []
    waiting: dict[int, int] = {}
    for number in unchanged.tolist():
        if number in verdicts.skips:
            skips.append(number)
        elif number in readers.unsent:
            waiting[readers.unsent[number]] = number
        else:
            letters.append(number)
    superseded = _supersede(connection, list(waiting), now)
    letters = sorted([*letters, *(waiting[delivery_id] for delivery_id in superseded)])
    queued = {"seq_to": upto, "priority": priority, "planned_at": now, "next_attempt_at": now}
    _queue_digests(connection, verdicts, letters, queued | {"expires_at": expires_at})
    clocks.advance(connection, readers.ids[letters], upto, served_on=readers.day)
    _note_skips(connection, verdicts, skips, {"seq_to": upto, "at": now})
    behind = [number for number in skips if readers.watermark[number] < upto]
    clocks.advance(connection, readers.ids[behind], upto, served_on=None)
    if letters:
        # Last, since whoever queues a letter waits for that row until we commit.
        counters.advance(connection, counters.DELIVERIES, len(letters))
    reasons = Counter(verdicts.skips[number] for number in skips)
    return Recorded(len(letters), reasons, len(superseded))


def _supersede(connection: Connection, delivery_ids: Sequence[int], now: datetime) -> set[int]:
    """Expire older digests that are still in the queue; return the ids of those."""
    if not delivery_ids:
        return set()
    # One that is being begun or expired at this moment is not waited for either.
    waiting = (
        select(_DELIVERY.c.id)
        .where(among(connection, _DELIVERY.c.id, delivery_ids), _DELIVERY.c.status == Status.QUEUED)
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
    connection: Connection,
    verdicts: Verdicts,
    numbers: Sequence[int],
    shared: Mapping[str, object],
) -> None:
    readers = verdicts.readers
    insert_columns(
        connection,
        _DELIVERY,
        {
            "subscriber_id": readers.ids[numbers],
            "token": [verdicts.tokens[number] for number in numbers],
            "preference_id": readers.preference_ids[numbers],
            "seq_from": readers.served_to[numbers],
            "selection": [verdicts.selections[number] for number in numbers],
        },
        {
            "kind": Kind.DIGEST.value,
            "nth": 0,
            "status": Status.QUEUED.value,
            "attempts": 0,
            "local_date": readers.day,
            **shared,
        },
    )


def _note_skips(
    connection: Connection,
    verdicts: Verdicts,
    numbers: Sequence[int],
    shared: Mapping[str, object],
) -> None:
    """Keep each reader's last skip.

    A look that found no paper to judge does not replace what this date's papers came to.
    """
    readers = verdicts.readers
    names = ("local_date", "reason", "seq_from", "seq_to", "at")
    insert_columns(
        connection,
        tables.table(tables.Skip),
        {
            "subscriber_id": readers.ids[numbers],
            "reason": [verdicts.skips[number].value for number in numbers],
            "seq_from": readers.served_to[numbers],
        },
        {"local_date": readers.day, **shared},
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
