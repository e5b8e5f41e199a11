"""Deliveries: planned, listed, counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, select, update
from sqlmodel import col

from service.domain.deliveries import Planned
from service.domain.digests import Skipped
from service.domain.policy import Status
from service.domain.readers import Reader
from service.domain.selection import pack
from service.store import clocks, counters, tables
from service.store.dialect import insert_new, upsert

_DELIVERY = tables.table(tables.Delivery)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a plan decided for one reader: a letter, or a reason for none."""

    reader: Reader
    decision: Planned | Skipped


@dataclass(frozen=True, slots=True)
class Recorded:
    """The verdicts that stand, and how many unsent older digests they superseded."""

    standing: Sequence[Verdict]
    superseded: int


def plan(
    connection: Connection, verdicts: Sequence[Verdict], *, upto: int, now: datetime
) -> Recorded:
    """Record what was decided for some readers, and raise their watermarks to `upto`.

    A verdict whose reader left, or whose watermark or unsent digest changed since it was decided,
    does not stand: that reader is still due.
    """
    held = clocks.hold(connection, [v.reader.subscriber_id for v in verdicts])
    unchanged = [v for v in verdicts if held.get(v.reader.subscriber_id) == v.reader.watermark]
    unsent = [v.reader.unsent[0] for v in unchanged if v.reader.unsent and _sends(v)]
    superseded = set(
        connection.scalars(
            update(_DELIVERY)
            .where(
                _DELIVERY.c.id.in_(
                    # One that is being begun or expired right now is not waited for either.
                    select(_DELIVERY.c.id)
                    .where(_DELIVERY.c.id.in_(unsent), _DELIVERY.c.status == Status.QUEUED)
                    .with_for_update(skip_locked=True)
                )
            )
            .values(status=Status.EXPIRED, settled_at=now, worker_id=None)
            .returning(_DELIVERY.c.id)
        )
        if unsent
        else ()
    )
    ready = [
        v
        for v in unchanged
        if not (_sends(v) and v.reader.unsent and v.reader.unsent[0] not in superseded)
    ]
    letters = [v.decision for v in ready if isinstance(v.decision, Planned)]
    queued = set(enqueue(connection, letters))
    standing = [v for v in ready if not isinstance(v.decision, Planned) or v.decision.key in queued]
    skipped = [(v.reader, v.decision) for v in standing if isinstance(v.decision, Skipped)]
    note_skips(connection, skipped, upto=upto, now=now)
    clocks.advance(
        connection,
        [(v.reader.subscriber_id, v.reader.local_date if _sends(v) else None) for v in standing],
        upto,
    )
    return Recorded(standing, len(superseded))


def _sends(verdict: Verdict) -> bool:
    return isinstance(verdict.decision, Planned)


def enqueue(connection: Connection, letters: Sequence[Planned]) -> list[str]:
    """Queue the letters whose key is new; return the keys of those queued."""
    keys = insert_new(
        connection,
        tables.Delivery,
        [
            {
                "subscriber_id": letter.subscriber_id,
                "kind": letter.kind,
                "priority": letter.kind.priority,
                "key": letter.key,
                "token": letter.token,
                "recipient": letter.recipient,
                "slots": dict(letter.slots),
                "domain": letter.domain,
                "local_date": letter.local_date,
                "seq_from": letter.seq_from,
                "seq_to": letter.seq_to,
                "selection": pack(letter.selection),
                "status": Status.QUEUED,
                "planned_at": letter.planned_at,
                "next_attempt_at": letter.planned_at,
                "expires_at": letter.expires_at,
            }
            for letter in letters
        ],
        returning=_DELIVERY.c.key,
    )
    if keys:
        counters.advance(connection, counters.DELIVERIES, len(keys))
    return keys


def note_skips(
    connection: Connection,
    skipped: Sequence[tuple[Reader, Skipped]],
    *,
    upto: int,
    now: datetime,
) -> None:
    """Keep each reader's last skip: date, reason and the range of papers looked at.

    A look that found no paper to judge does not replace what this date's papers came to.
    """
    if not skipped:
        return
    statement = upsert(connection, tables.Skip)
    skip = tables.table(tables.Skip)
    fresh = statement.excluded
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["subscriber_id"],
            set_={
                name: fresh[name] for name in ("local_date", "reason", "seq_from", "seq_to", "at")
            },
            where=(skip.c.local_date < fresh.local_date) | (fresh.seq_from < fresh.seq_to),
        ),
        [
            {
                "subscriber_id": reader.subscriber_id,
                "local_date": reader.local_date,
                "reason": skip.reason,
                "seq_from": reader.served_to,
                "seq_to": upto,
                "at": now,
            }
            for reader, skip in skipped
        ],
    )


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
class DeliveryRow:
    """A delivery as a person looks it up."""

    kind: str
    local_date: date
    status: str
    attempts: int
    planned_at: datetime
    settled_at: datetime | None
    reply_code: int | None
    reply: str | None


def of_subscriber(connection: Connection, subscriber_id: int, limit: int = 30) -> list[DeliveryRow]:
    """Return a subscriber's deliveries, the newest first."""
    rows = connection.execute(
        select(_DELIVERY)
        .where(_DELIVERY.c.subscriber_id == subscriber_id)
        .order_by(_DELIVERY.c.id.desc())
        .limit(limit)
    )
    return [
        DeliveryRow(
            row.kind,
            row.local_date,
            row.status,
            row.attempts,
            row.planned_at,
            row.settled_at,
            row.reply_code,
            row.reply,
        )
        for row in rows
    ]


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
