"""Consents: what happened to each, when, and whence it came."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from service.domain.readers import Consent
from service.store import tables

_SUBSCRIBER = tables.table(tables.Subscriber)
_CONSENT = tables.table(tables.Consent)

# The events of a request that awaits a yes.
ASKED = ("signed_up", "added")
# What one who left says was wrong stands beside it.
REASON = "left_because"


def record(
    connection: Connection,
    subscriber_id: int,
    event: str,
    source: str,
    now: datetime,
    detail: str | None = None,
) -> None:
    """Write down what happened to a consent, when, and whence it came."""
    connection.execute(
        insert(tables.Consent),
        {
            "subscriber_id": subscriber_id,
            "at": now,
            "event": event,
            "source": source,
            "detail": detail,
        },
    )


@dataclass(frozen=True, slots=True)
class ConsentEvent:
    """Something that happened to a consent."""

    at: datetime
    event: str
    source: str
    detail: str | None = None


def history(connection: Connection, subscriber_id: int) -> list[ConsentEvent]:
    """Return what happened to a subscriber's consent, the oldest first."""
    rows = connection.execute(
        select(_CONSENT.c.at, _CONSENT.c.event, _CONSENT.c.source, _CONSENT.c.detail)
        .where(_CONSENT.c.subscriber_id == subscriber_id)
        .order_by(_CONSENT.c.id)
    )
    return [ConsentEvent(*row) for row in rows]


def last(connection: Connection, subscriber_id: int, event: str) -> datetime | None:
    """Return when something last happened to a subscriber's consent."""
    query = select(_CONSENT.c.at).where(
        _CONSENT.c.subscriber_id == subscriber_id, _CONSENT.c.event == event
    )
    return connection.scalar(query.order_by(_CONSENT.c.id.desc()).limit(1))


def gave_reason(connection: Connection, subscriber_id: int) -> bool:
    """Say whether a subscriber who left has said why, since they last did."""
    query = (
        select(_CONSENT.c.event)
        .where(
            _CONSENT.c.subscriber_id == subscriber_id,
            _CONSENT.c.event.in_((Consent.UNSUBSCRIBED, REASON)),
        )
        .order_by(_CONSENT.c.id.desc())
    )
    return connection.scalar(query.limit(1)) == REASON


def departures(connection: Connection, subscriber_id: int) -> int:
    """Return how often a subscriber has left."""
    query = (
        select(func.count())
        .select_from(_CONSENT)
        .where(
            _CONSENT.c.subscriber_id == subscriber_id,
            _CONSENT.c.event == Consent.UNSUBSCRIBED,
        )
    )
    return connection.scalar(query) or 0


def unconfirmed(connection: Connection, *, asked_before: datetime) -> list[int]:
    """Return the ids of pending subscribers whose last request is older than that."""
    last = (
        select(func.max(_CONSENT.c.at))
        .where(_CONSENT.c.subscriber_id == _SUBSCRIBER.c.id)
        .scalar_subquery()
    )
    query = select(_SUBSCRIBER.c.id).where(
        _SUBSCRIBER.c.status == Consent.PENDING, last < asked_before
    )
    return list(connection.scalars(query))
