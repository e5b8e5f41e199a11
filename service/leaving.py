"""A reader's way out, and back: unsubscribe, undo. One word from them stops all letters."""

from datetime import datetime

from sqlalchemy import Connection

from service import notices
from service.consent import activate, suppressed
from service.domain.deliveries import Kind
from service.domain.links import Grant, Purpose, sign, verify
from service.domain.readers import Consent, Subscriber
from service.installation import Installation
from service.mail.address import parse_address
from service.store import subscribers, wanted


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
