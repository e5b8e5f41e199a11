"""A reader's way out, and back: unsubscribe, undo. One word from them stops all letters."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import Connection

from service.domain.deliveries import Kind
from service.domain.links import Grant, Purpose, sign, verify
from service.domain.readers import Consent, Subscriber
from service.domain.timetable import Cadence
from service.installation import Installation
from service.mail.address import parse_address
from service.readers import notices, pausing, preferences
from service.readers.consent import activate, suppressed
from service.store import consents, subscribers, wanted

LONGEST_REASON = 1000


def holder(installation: Installation, token: str) -> Subscriber | None:
    """Return whose unsubscribe link this is, also of one who left or was erased; else None."""
    with installation.database.read() as connection:
        return subscribers.by_unsubscribe_token(connection, token)


def unsubscribe(
    installation: Installation, token: str, now: datetime, *, source: str
) -> Subscriber | None:
    """Stop all letters to whom an unsubscribe link belongs; None for a link that is not ours.

    The first time a receipt goes out, with a link to undo.
    """
    with installation.database.write() as connection:
        reader = subscribers.by_unsubscribe_token(connection, token, hold=True)
        if reader is None or reader.status is Consent.UNSUBSCRIBED:
            return reader
        subscribers.stop(
            connection, reader.subscriber_id, Consent.UNSUBSCRIBED, now=now, source=source
        )
        # One who never said yes gets no further letter from us.
        if reader.preference_id and reader.status is not Consent.PENDING:
            notices.queue(
                installation,
                connection,
                Kind.GOODBYE,
                reader.subscriber_id,
                reader.preference_id,
                {},
                now,
            )
        return reader


def pause(
    installation: Installation, token: str, until: Callable[[date], date], now: datetime
) -> Subscriber | None:
    """Pause the letters of whom an unsubscribe link belongs to instead of stopping them, as
    `pausing.pause` does; None for a link that is not ours.
    """

    def find(connection: Connection) -> Subscriber | None:
        return subscribers.by_unsubscribe_token(connection, token, hold=True)

    return pausing.pause(installation, find, until, now, source="unsubscribe page")


def make_weekly(
    installation: Installation, token: str, cadence: Cadence, now: datetime
) -> Subscriber | None:
    """Let letters come weekly to whom an unsubscribe link belongs to instead of stopping them.

    Who had the usual number of papers a letter has that of weekly ones. Returns the subscriber as
    they are then, changed only if they get letters or pause; None for a link that is not ours.
    """

    def edit(reader: Subscriber) -> Subscriber:
        had = reader.preferences
        usual = had.max_papers == had.cadence.usual_papers
        most = cadence.usual_papers if usual else had.max_papers
        return replace(reader, preferences=replace(had, cadence=cadence, max_papers=most))

    with installation.database.write() as connection:
        reader = subscribers.by_unsubscribe_token(connection, token, hold=True)
        return None if reader is None else preferences.changed(connection, reader, edit, now).after


def give_reason(installation: Installation, token: str, words: str, now: datetime) -> bool:
    """Keep what one who left says was wrong, once for each time they leave; until they are erased.

    False for a link that is not ours.
    """
    with installation.database.write() as connection:
        reader = subscribers.by_unsubscribe_token(connection, token, hold=True)
        if reader is None:
            return False
        left = reader.status is Consent.UNSUBSCRIBED and reader.email is not None
        if left and words.strip() and not consents.gave_reason(connection, reader.subscriber_id):
            kept = words.strip()[:LONGEST_REASON]
            consents.record(
                connection, reader.subscriber_id, consents.REASON, "goodbye page", now, kept
            )
    return True


def undo_link(installation: Installation, reader: Subscriber, now: datetime) -> str | None:
    """Return the path that brings a reader back who leaves at this moment, if they may come."""
    if reader.preference_id is None or reader.status not in (Consent.ACTIVE, Consent.PAUSED):
        return None
    return "/undo/" + sign(installation.keys.current, Purpose.UNDO, reader.preference_id, now)


def returning(installation: Installation, token: str, now: datetime) -> Subscriber | None:
    """Return whom an undo link was made for, as they were when they left; None if erased.

    Raises BadLink or ExpiredLink.
    """
    grant = verify(installation.keys, Purpose.UNDO, token, now)
    with installation.database.read() as connection:
        return _as_they_left(connection, grant, hold=False)


def undo(installation: Installation, token: str, now: datetime) -> Subscriber | None:
    """Bring back a reader who left, with the topics and hour they had when they did.

    Returns None if they are erased. Raises BadLink or ExpiredLink.
    """
    grant = verify(installation.keys, Purpose.UNDO, token, now)
    with installation.database.write() as connection:
        reader = _as_they_left(connection, grant, hold=True)
        if reader is None or reader.email is None:
            return None
        if suppressed(connection, parse_address(reader.email)):
            return None
        if reader.status in (Consent.UNSUBSCRIBED, Consent.PENDING):
            subscriber_id = reader.subscriber_id
            if reader.preference_id != grant.made_for:
                wanted.set_preferences(connection, subscriber_id, reader.preferences, now)
                wanted.set_wishes(connection, subscriber_id, reader.wishes, now)
            activate(installation, connection, subscriber_id, now, "undo link")
        return reader


def _as_they_left(connection: Connection, grant: Grant, *, hold: bool) -> Subscriber | None:
    reader = subscribers.by_preference(connection, grant.made_for, hold=hold)
    if reader is None or reader.preference_id == grant.made_for:
        return reader
    # Somebody signed the address up again since, perhaps a stranger.
    return subscribers.as_of(connection, reader, grant.made_for)
