"""A reader's way in and out: sign up, confirm, unsubscribe, come back, be forgotten.

No digest goes to an address whose owner did not say yes; one word from them stops all letters.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import Connection

from service import notices
from service.binding import UNDO_WITHIN
from service.domain.deliveries import Kind
from service.domain.links import Grant, Purpose, sign, verify
from service.domain.readers import Consent, Preferences, Subscriber, address_hash
from service.domain.wishes import Wish
from service.installation import Installation
from service.mail.address import Address, parse_address
from service.store import consents, deliveries, papers, subscribers, suppressions, wanted
from service.store.turns import Turn

# A confirm letter that has not gone out by then could not be used any more.
CONFIRM_WITHIN = notices.NOTICE_LIVES


class SignUp(StrEnum):
    """What a request for letters came to."""

    PENDING = "pending"
    ACTIVE = "active"
    ALREADY = "already"
    UNSUBSCRIBED = "unsubscribed"
    SUPPRESSED = "suppressed"


def sign_up(
    installation: Installation,
    address: Address,
    wishes: Sequence[Wish],
    preferences: Preferences,
    now: datetime,
    *,
    source: str,
) -> SignUp:
    """Take a request that anybody may have made: only a confirm letter comes of it.

    An address that gets letters already, or must never get one, is left exactly as it is, and so
    is one that was sent a confirm letter today: its link means what that letter says. One that
    unsubscribed may ask again.
    """
    with installation.database.write() as connection:
        if _suppressed(connection, address):
            return SignUp.SUPPRESSED
        subscriber_id, known = _find_or_add(connection, address, now)
        if known is not None and known.status in (Consent.ACTIVE, Consent.PAUSED):
            return SignUp.ALREADY
        if known is not None and known.status is Consent.PENDING:
            day = now.astimezone(UTC).date()
            if deliveries.stands(connection, subscriber_id, Kind.CONFIRM, day):
                return SignUp.PENDING
        subscribers.set_status(connection, subscriber_id, Consent.PENDING)
        consents.record(connection, subscriber_id, "signed_up", source, now)
        _ask_to_confirm(installation, connection, subscriber_id, wishes, preferences, now)
    return SignUp.PENDING


def add(
    installation: Installation,
    address: Address,
    wishes: Sequence[Wish],
    preferences: Preferences,
    now: datetime,
    *,
    source: str,
    vouched: bool = False,
) -> SignUp:
    """Add a subscriber for an admin; `vouched` records that the admin answers for the consent.

    An address that is known already is left as it is, whatever its state: nobody is revived.
    """
    with installation.database.write() as connection:
        if _suppressed(connection, address):
            return SignUp.SUPPRESSED
        subscriber_id, known = _find_or_add(connection, address, now)
        if known is not None:
            left = known.status is Consent.UNSUBSCRIBED
            return SignUp.UNSUBSCRIBED if left else SignUp.ALREADY
        consents.record(connection, subscriber_id, "added", source, now)
        if vouched:
            wanted.set_preferences(connection, subscriber_id, preferences, now)
            wanted.set_wishes(connection, subscriber_id, wishes, now)
            _activate(installation, connection, subscriber_id, now, source)
            return SignUp.ACTIVE
        _ask_to_confirm(installation, connection, subscriber_id, wishes, preferences, now)
    return SignUp.PENDING


def asked_by(installation: Installation, token: str, now: datetime) -> Subscriber | None:
    """Return whom a confirm link was made for; None if they are gone, have left since, or asked
    anew. Raises BadLink or ExpiredLink.
    """
    grant = verify(installation.keys, Purpose.CONFIRM, token, now=now, max_age=CONFIRM_WITHIN)
    with installation.database.read() as connection:
        return _still_asking(subscribers.by_preference(connection, grant.made_for), grant)


def confirm(installation: Installation, token: str, now: datetime) -> Subscriber | None:
    """Start the letters of whom a confirm link was made for; saying yes twice changes nothing.

    Returns the subscriber, or None when the request is gone, withdrawn or made anew since. Raises
    BadLink or ExpiredLink.
    """
    grant = verify(installation.keys, Purpose.CONFIRM, token, now=now, max_age=CONFIRM_WITHIN)
    with installation.database.write() as connection:
        found = subscribers.by_preference(connection, grant.made_for, hold=True)
        reader = _still_asking(found, grant)
        if reader is None or reader.email is None:
            return None
        if _suppressed(connection, parse_address(reader.email)):
            return None
        if reader.status is Consent.PENDING:
            _activate(installation, connection, reader.subscriber_id, now, "confirm link")
        return reader


def _still_asking(reader: Subscriber | None, grant: Grant) -> Subscriber | None:
    if reader is None or reader.status is Consent.UNSUBSCRIBED:
        return None
    # An active reader may have tuned the letter since; the link did its work long ago.
    asks = reader.status is Consent.PENDING
    return None if asks and reader.preference_id != grant.made_for else reader


def leaving(installation: Installation, token: str) -> Subscriber | None:
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
    grant = verify(installation.keys, Purpose.UNDO, token, now=now, max_age=UNDO_WITHIN)
    with installation.database.read() as connection:
        return _as_they_left(connection, grant, hold=False)


def undo(installation: Installation, token: str, now: datetime) -> Subscriber | None:
    """Bring back a reader who left, with the topics and hour they had when they did.

    Returns None if they are erased. Raises BadLink or ExpiredLink.
    """
    grant = verify(installation.keys, Purpose.UNDO, token, now=now, max_age=UNDO_WITHIN)
    with installation.database.write() as connection:
        reader = _as_they_left(connection, grant, hold=True)
        if reader is None or reader.email is None:
            return None
        if _suppressed(connection, parse_address(reader.email)):
            return None
        if reader.status in (Consent.UNSUBSCRIBED, Consent.PENDING):
            subscriber_id = reader.subscriber_id
            if reader.preference_id != grant.made_for:
                wanted.set_preferences(connection, subscriber_id, reader.preferences, now)
                wanted.set_wishes(connection, subscriber_id, reader.wishes, now)
            _activate(installation, connection, subscriber_id, now, "undo link")
        return reader


def _as_they_left(connection: Connection, grant: Grant, *, hold: bool) -> Subscriber | None:
    reader = subscribers.by_preference(connection, grant.made_for, hold=hold)
    if reader is None or reader.preference_id == grant.made_for:
        return reader
    # Somebody signed the address up again since, perhaps a stranger.
    return subscribers.as_of(connection, reader, grant.made_for)


def erase(installation: Installation, address: Address, now: datetime, *, source: str) -> bool:
    """Forget a subscriber; False when the address is not known."""
    with installation.database.write() as connection:
        known = subscribers.by_address(connection, address.normal, hold=True)
        if known is None:
            return False
        subscribers.erase(connection, known.subscriber_id, now=now, source=source)
    return True


def forget_unconfirmed(installation: Installation, now: datetime) -> int:
    """Erase requests that nobody confirmed in time; return how many."""
    with installation.database.write(Turn.BULK) as connection:
        stale = consents.unconfirmed(connection, asked_before=now - CONFIRM_WITHIN)
        for subscriber_id in stale:
            subscribers.erase(connection, subscriber_id, now=now, source="never confirmed")
    return len(stale)


def _suppressed(connection: Connection, address: Address) -> bool:
    return suppressions.holds(connection, address_hash(address.normal))


def _find_or_add(
    connection: Connection, address: Address, now: datetime
) -> tuple[int, Subscriber | None]:
    """Return the id of the subscriber of an address, and who they were if they were known."""
    while True:
        # Adding first, so that of two requests at once one adds and the other finds.
        subscriber_id = subscribers.add(
            connection, email=address.shown, address=address.normal, now=now
        )
        if subscriber_id is not None:
            return subscriber_id, None
        known = subscribers.by_address(connection, address.normal, hold=True)
        if known is not None:
            return known.subscriber_id, known


def _activate(
    installation: Installation,
    connection: Connection,
    subscriber_id: int,
    now: datetime,
    source: str,
) -> None:
    floor = papers.seq_arrived_before(connection, now - installation.lookback)
    subscribers.activate(connection, subscriber_id, floor=floor, now=now, source=source)


def _ask_to_confirm(
    installation: Installation,
    connection: Connection,
    subscriber_id: int,
    wishes: Sequence[Wish],
    preferences: Preferences,
    now: datetime,
) -> None:
    """Keep what was asked for, and queue the letter whose link says yes to just that."""
    preference_id = wanted.set_preferences(connection, subscriber_id, preferences, now)
    wanted.set_wishes(connection, subscriber_id, wishes, now)
    slots = {"asked_for": "\n".join(wish.shown for wish in wishes)}
    notices.queue(installation, connection, Kind.CONFIRM, subscriber_id, preference_id, slots, now)
