"""Pauses: no letter until a day that the reader names, and from then on again."""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from sqlalchemy import Connection

from service.domain.readers import Consent, Subscriber
from service.domain.timetable import local_date
from service.installation import Installation
from service.store import papers, pauses, subscribers
from service.store.pauses import Paused

# Gives the reader in question, held for the transaction, or None.
Find = Callable[[Connection], Subscriber | None]


def pause(
    installation: Installation,
    find: Find,
    until: Callable[[date], date],
    now: datetime,
    *,
    source: str,
) -> Subscriber | None:
    """Stop a reader's letters until the local date that `until` makes of theirs today.

    The letter in the queue is withdrawn; who pauses already pauses until then instead. Returns the
    subscriber as they are then, paused only if they get letters, or None where none was found.
    """
    with installation.database.write() as connection:
        reader = find(connection)
        if reader is None or reader.status not in (Consent.ACTIVE, Consent.PAUSED):
            return reader
        end = until(local_date(now, reader.preferences.timezone))
        if reader.paused_until != end:
            subscribers.stop(
                connection,
                reader.subscriber_id,
                Consent.PAUSED,
                now=now,
                source=source,
                until=end,
            )
        return subscribers.by_id(connection, reader.subscriber_id)


def resume(
    installation: Installation, find: Find, now: datetime, *, source: str
) -> Subscriber | None:
    """Start the letters again of a reader who pauses.

    Papers from before the lookback are not made up for. Returns the subscriber as they are then,
    or None where none was found.
    """
    with installation.database.write() as connection:
        reader = find(connection)
        if reader is None or reader.status is not Consent.PAUSED:
            return reader
        _end(installation, connection, reader.subscriber_id, reader.paused_until, now, source)
        return subscribers.by_id(connection, reader.subscriber_id)


def resume_due(installation: Installation, now: datetime) -> int:
    """Start the letters again of all whose pause is over by their own date; return how many."""
    with installation.database.read() as connection:
        over = [
            paused
            for paused in pauses.ending(connection, now)
            if local_date(now, paused.timezone) >= paused.until
        ]

    def end(connection: Connection, chunk: Sequence[Paused]) -> int:
        return sum(
            _end(installation, connection, paused.subscriber_id, paused.until, now, "end of pause")
            for paused in chunk
        )

    return sum(installation.database.write_in_chunks(over, end))


def _end(
    installation: Installation,
    connection: Connection,
    subscriber_id: int,
    until: date | None,
    now: datetime,
    source: str,
) -> bool:
    floor = papers.seq_arrived_before(connection, now - installation.lookback)
    return pauses.end(connection, subscriber_id, until, floor=floor, now=now, source=source)
