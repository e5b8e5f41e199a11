"""Letters as an admin looks them up, tries them again or cancels them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select, update

from service.domain.policy import Status
from service.store import tables, transitions
from service.store.bulk import among

_DELIVERY = tables.table(tables.Delivery)
_SUBSCRIBER = tables.table(tables.Subscriber)


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Letters by what they have in common; what is None does not matter.

    `domain` is a destination domain in normal form.
    """

    status: Status | None = None
    day: date | None = None
    domain: str | None = None
    subscriber_id: int | None = None
    delivery_id: int | None = None


@dataclass(frozen=True, slots=True)
class LetterRow:
    """A letter as a person looks it up; `email` is None where its reader was erased."""

    delivery_id: int
    email: str | None
    kind: str
    local_date: date
    status: Status
    attempts: int
    planned_at: datetime
    next_attempt_at: datetime
    expires_at: datetime
    settled_at: datetime | None
    reply_code: int | None
    reply: str | None

    @property
    def said(self) -> str:
        """The last reply on one line."""
        return " ".join(f"{self.reply_code or ''} {self.reply or ''}".split())


def newest_first(connection: Connection, which: Which, limit: int) -> list[LetterRow]:
    """Return letters, the last planned first."""
    query = (
        _such(
            which,
            select(
                _DELIVERY.c.id.label("delivery_id"),
                _SUBSCRIBER.c.email,
                _DELIVERY.c.kind,
                _DELIVERY.c.local_date,
                _DELIVERY.c.status,
                _DELIVERY.c.attempts,
                _DELIVERY.c.planned_at,
                _DELIVERY.c.next_attempt_at,
                _DELIVERY.c.expires_at,
                _DELIVERY.c.settled_at,
                _DELIVERY.c.reply_code,
                _DELIVERY.c.reply,
            ),
        )
        .order_by(_DELIVERY.c.id.desc())
        .limit(limit)
    )
    rows = connection.execute(query).mappings()
    return [LetterRow(**{**row, "status": Status(row["status"])}) for row in rows]


def ids(connection: Connection, which: Which) -> list[int]:
    """Return the delivery ids of letters, the first planned first."""
    query = _such(which, select(_DELIVERY.c.id)).order_by(_DELIVERY.c.id)
    return list(connection.scalars(query))


def retry(connection: Connection, delivery_ids: Sequence[int], now: datetime) -> Counter[Status]:
    """Make deferred letters due at once and queue uncertain ones again, byte for byte the same.

    Returns the letters that were left as they are, by status: those that are settled or being
    sent, and those whose time is over, which nothing brings back into the queue.
    """
    these = among(connection, _DELIVERY.c.id, delivery_ids)
    in_time = (these, _DELIVERY.c.expires_at > now)
    again = set(
        connection.scalars(
            transitions.move(Status.UNCERTAIN, Status.QUEUED, next_attempt_at=now)
            .where(*in_time)
            .returning(_DELIVERY.c.id)
        )
    )
    again |= set(
        connection.scalars(
            update(_DELIVERY)
            .where(*in_time, _DELIVERY.c.status == Status.QUEUED, _DELIVERY.c.next_attempt_at > now)
            .values(next_attempt_at=now)
            .returning(_DELIVERY.c.id)
        )
    )
    return _left(connection, [i for i in delivery_ids if i not in again])


def cancel(connection: Connection, delivery_ids: Sequence[int], now: datetime) -> Counter[Status]:
    """Cancel letters in the queue; the papers of a digest may come again with the next one.

    Returns the letters that were left as they are, by status.
    """
    cancelled = list(
        connection.scalars(
            transitions.move(Status.QUEUED, Status.CANCELLED, settled_at=now, worker_id=None)
            .where(among(connection, _DELIVERY.c.id, delivery_ids))
            .returning(_DELIVERY.c.id)
        )
    )
    transitions.return_papers(connection, among(connection, _DELIVERY.c.id, cancelled))
    gone = set(cancelled)
    return _left(connection, [i for i in delivery_ids if i not in gone])


def _left(connection: Connection, delivery_ids: Sequence[int]) -> Counter[Status]:
    rows = connection.execute(
        select(_DELIVERY.c.status, func.count())
        .where(among(connection, _DELIVERY.c.id, delivery_ids))
        .group_by(_DELIVERY.c.status)
    )
    return Counter({Status(status): count for status, count in rows})


def _such(which: Which, query: Select[Any]) -> Select[Any]:
    query = query.join(_SUBSCRIBER, _SUBSCRIBER.c.id == _DELIVERY.c.subscriber_id)
    for column, value in (
        (_DELIVERY.c.status, which.status),
        (_DELIVERY.c.local_date, which.day),
        (_SUBSCRIBER.c.domain, which.domain),
        (_DELIVERY.c.subscriber_id, which.subscriber_id),
        (_DELIVERY.c.id, which.delivery_id),
    ):
        if value is not None:
            query = query.where(column == value)
    return query
