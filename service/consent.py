"""A reader's way in and out: sign up, confirm, unsubscribe, come back, be forgotten.

No digest goes to an address whose owner did not say yes; one word from them stops all letters.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection

from service.domain.deliveries import Kind, Planned
from service.domain.links import Purpose, new_token, verify
from service.domain.readers import Consent, Preferences, Subscriber, Wish, address_hash
from service.domain.selection import Selection, pack
from service.domain.topics import parse
from service.installation import Installation
from service.mail.address import Address, parse_address
from service.printing import UNDO_WITHIN
from service.store import consents, deliveries, papers, parts, subscribers, suppressions
from service.store.turns import Turn

CONFIRM_WITHIN = timedelta(hours=72)


class SignUp(StrEnum):
    """What a request for letters came to."""

    PENDING = "pending"
    ACTIVE = "active"
    ALREADY = "already"
    UNSUBSCRIBED = "unsubscribed"
    SUPPRESSED = "suppressed"


def wishes_of(texts: Iterable[str]) -> tuple[Wish, ...]:
    """Read topics as typed, each once; raise TopicError for the first that cannot be read."""
    wishes: dict[str, Wish] = {}
    for text in texts:
        if text.strip():
            query = parse(text.strip()).canonical
            wishes.setdefault(query, Wish(text.strip(), query))
    return tuple(wishes.values())


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

    An address that gets letters already, or must never get one, is left exactly as it is. One
    that unsubscribed may ask again.
    """
    with installation.database.write() as connection:
        if _suppressed(connection, address):
            return SignUp.SUPPRESSED
        subscriber_id, known = _find_or_add(connection, address, now)
        if known is not None and known.status in (Consent.ACTIVE, Consent.PAUSED):
            return SignUp.ALREADY
        subscribers.set_status(connection, subscriber_id, Consent.PENDING)
        consents.record(connection, subscriber_id, "signed_up", source, now)
        subscribers.set_preferences(connection, subscriber_id, preferences, now)
        subscribers.set_wishes(connection, subscriber_id, wishes, now)
        _ask_to_confirm(installation, connection, subscriber_id, wishes, now)
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
        subscribers.set_preferences(connection, subscriber_id, preferences, now)
        subscribers.set_wishes(connection, subscriber_id, wishes, now)
        if vouched:
            _activate(installation, connection, subscriber_id, now, source)
            return SignUp.ACTIVE
        _ask_to_confirm(installation, connection, subscriber_id, wishes, now)
    return SignUp.PENDING


def asked_by(installation: Installation, token: str, now: datetime) -> Subscriber | None:
    """Return whom a confirm link was made for, None if they are gone or have left since.

    Raises BadLink or ExpiredLink.
    """
    grant = verify(installation.key, Purpose.CONFIRM, token, now=now, max_age=CONFIRM_WITHIN)
    with installation.database.read() as connection:
        reader = subscribers.by_id(connection, grant.subscriber_id)
    return reader if reader is not None and reader.status is not Consent.UNSUBSCRIBED else None


def confirm(installation: Installation, token: str, now: datetime) -> Subscriber | None:
    """Start the letters of whom a confirm link was made for; saying yes twice changes nothing.

    Returns the subscriber, or None when the request is gone or was withdrawn since. Raises
    BadLink or ExpiredLink.
    """
    asked = asked_by(installation, token, now)
    if asked is None:
        return None
    with installation.database.write() as connection:
        reader = subscribers.by_id(connection, asked.subscriber_id, hold=True)
        if reader is None or reader.email is None or reader.status is Consent.UNSUBSCRIBED:
            return None
        if _suppressed(connection, parse_address(reader.email)):
            return None
        if reader.status is Consent.PENDING:
            _activate(installation, connection, reader.subscriber_id, now, "confirm link")
        return reader


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
        if reader.email and reader.status is not Consent.PENDING:
            _queue(installation, connection, Kind.GOODBYE, reader.subscriber_id, {}, now)
        return reader


def returning(installation: Installation, token: str, now: datetime) -> Subscriber | None:
    """Return whom an undo link was made for; None if erased. Raises BadLink or ExpiredLink."""
    grant = verify(installation.key, Purpose.UNDO, token, now=now, max_age=UNDO_WITHIN)
    with installation.database.read() as connection:
        reader = subscribers.by_id(connection, grant.subscriber_id)
    return reader if reader is not None and reader.email else None


def undo(installation: Installation, token: str, now: datetime) -> Subscriber | None:
    """Bring back a reader who left, with the topics and hour they had."""
    reader = returning(installation, token, now)
    if reader is None or reader.email is None:
        return None
    with installation.database.write() as connection:
        if _suppressed(connection, parse_address(reader.email)):
            return None
        current = subscribers.by_id(connection, reader.subscriber_id, hold=True)
        if current is None or current.email is None:
            return None
        if current.status in (Consent.UNSUBSCRIBED, Consent.PENDING):
            _activate(installation, connection, reader.subscriber_id, now, "undo link")
    return current


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
    now: datetime,
) -> None:
    slots = {"asked_for": "\n".join(wish.shown for wish in wishes)}
    _queue(installation, connection, Kind.CONFIRM, subscriber_id, slots, now)


def _queue(
    installation: Installation,
    connection: Connection,
    kind: Kind,
    subscriber_id: int,
    slots: dict[str, str],
    now: datetime,
) -> None:
    """Queue a letter that somebody waits for; at most one of a kind a day.

    Who has left since begins anew: only they can leave, so nobody else makes letters of it.
    """
    day = now.astimezone(UTC).date()
    left = consents.departures(connection, subscriber_id)
    (frame,) = parts.keep(connection, day, [installation.letters.frame(kind.value)])
    letter = Planned(
        subscriber_id, kind, day, new_token(), pack(Selection(frame)), nth=left, slots=slots or None
    )
    deliveries.enqueue(connection, letter, now=now, expires_at=now + CONFIRM_WITHIN)
