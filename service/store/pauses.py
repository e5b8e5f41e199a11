"""Pauses: who gets no letter for now, and until when."""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, select, update

from service.domain.readers import Consent
from service.store import clocks, consents, tables

_SUBSCRIBER = tables.table(tables.Subscriber)
_PREFERENCE = tables.table(tables.Preference)


class Paused(NamedTuple):
    """A subscriber whose letters begin again on the date `until` of their own zone."""

    subscriber_id: int
    until: date
    timezone: str


def end(
    connection: Connection,
    subscriber_id: int,
    until: date | None,
    *,
    floor: int,
    now: datetime,
    source: str,
) -> bool:
    """Start the letters again of a subscriber who pauses until that date; False when they do not,
    or no longer.

    Papers up to the seq `floor` are not offered to them any more.
    """
    ended = connection.scalar(
        update(_SUBSCRIBER)
        .where(
            _SUBSCRIBER.c.id == subscriber_id,
            _SUBSCRIBER.c.status == Consent.PAUSED,
            _SUBSCRIBER.c.paused_until.is_not_distinct_from(until),
        )
        .values(status=Consent.ACTIVE, paused_until=None)
        .returning(_SUBSCRIBER.c.id)
    )
    if ended is None:
        return False
    clocks.start(connection, subscriber_id, floor)
    consents.record(connection, subscriber_id, Consent.ACTIVE, source, now)
    return True


def ending(connection: Connection, now: datetime) -> list[Paused]:
    """Return those whose pause is over at `now` wherever that is the latest date on earth."""
    latest = now.astimezone(UTC).date() + timedelta(days=1)
    query = (
        select(_SUBSCRIBER.c.id, _SUBSCRIBER.c.paused_until, _PREFERENCE.c.timezone)
        .join(_PREFERENCE, _PREFERENCE.c.subscriber_id == _SUBSCRIBER.c.id)
        .where(
            _SUBSCRIBER.c.status == Consent.PAUSED,
            _SUBSCRIBER.c.paused_until <= latest,
            _PREFERENCE.c.valid_to.is_(None),
        )
        .order_by(_SUBSCRIBER.c.id)
    )
    return [Paused(*row) for row in connection.execute(query)]
