"""A reader's way in: sign up, confirm; and to be forgotten.

No digest goes to an address whose owner did not say yes.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection

from service.domain.deliveries import Kind
from service.domain.links import Grant, Purpose, granted, verify
from service.domain.readers import Consent, Preferences, Subscriber, address_hash
from service.domain.wishes import Wish
from service.installation import Installation
from service.mail.address import Address, parse_address
from service.readers import notices
from service.store import consents, deliveries, papers, subscribers, suppressions, wanted
from service.store.turns import Turn


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
        if suppressed(connection, address):
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
        if suppressed(connection, address):
            return SignUp.SUPPRESSED
        subscriber_id, known = _find_or_add(connection, address, now)
        if known is not None:
            left = known.status is Consent.UNSUBSCRIBED
            return SignUp.UNSUBSCRIBED if left else SignUp.ALREADY
        consents.record(connection, subscriber_id, "added", source, now)
        if vouched:
            wanted.set_preferences(connection, subscriber_id, preferences, now)
            wanted.set_wishes(connection, subscriber_id, wishes, now)
            activate(installation, connection, subscriber_id, now, source)
            return SignUp.ACTIVE
        _ask_to_confirm(installation, connection, subscriber_id, wishes, preferences, now)
    return SignUp.PENDING


def asked_by(installation: Installation, token: str, now: datetime) -> Subscriber | None:
    """Return whom a confirm link was made for; None if they are gone, have left since, or asked
    anew. Raises BadLink or ExpiredLink.
    """
    grant = verify(installation.keys, Purpose.CONFIRM, token, now, installation.lives)
    with installation.database.read() as connection:
        return _still_asking(subscribers.by_preference(connection, grant.made_for), grant)


def confirm(installation: Installation, token: str, now: datetime) -> Subscriber | None:
    """Start the letters of whom a confirm link was made for; saying yes twice changes nothing.

    Returns the subscriber, or None when the request is gone, withdrawn or made anew since. Raises
    BadLink or ExpiredLink.
    """
    grant = verify(installation.keys, Purpose.CONFIRM, token, now, installation.lives)
    with installation.database.write() as connection:
        found = subscribers.by_preference(connection, grant.made_for, hold=True)
        reader = _still_asking(found, grant)
        if reader is None or reader.email is None:
            return None
        if suppressed(connection, parse_address(reader.email)):
            return None
        if reader.status is Consent.PENDING:
            activate(installation, connection, reader.subscriber_id, now, "confirm link")
        return reader


def ask_again(installation: Installation, token: str, now: datetime) -> Consent | None:
    """Send a new confirm letter for a link that expired, at most one a day.

    Returns how the consent of its reader stands; none is sent but to one who is still asked. None
    where the request is gone, withdrawn or made anew since. Raises BadLink.
    """
    grant = granted(installation.keys, Purpose.CONFIRM, token)
    with installation.database.write() as connection:
        found = subscribers.by_preference(connection, grant.made_for, hold=True)
        reader = _still_asking(found, grant)
        if reader is None or reader.email is None:
            return None
        if reader.status is Consent.PENDING and not suppressed(
            connection, parse_address(reader.email)
        ):
            slots = {"asked_for": "\n".join(wish.shown for wish in reader.wishes)}
            if notices.queue(
                installation,
                connection,
                Kind.CONFIRM,
                reader.subscriber_id,
                grant.made_for,
                slots,
                now,
            ):
                consents.record(
                    connection, reader.subscriber_id, "asked_again", "expired link", now
                )
        return reader.status


def _still_asking(reader: Subscriber | None, grant: Grant) -> Subscriber | None:
    if reader is None or reader.status is Consent.UNSUBSCRIBED:
        return None
    # An active reader may have tuned the letter since; the link did its work long ago.
    asks = reader.status is Consent.PENDING
    return None if asks and reader.preference_id != grant.made_for else reader


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
        kept = timedelta(days=installation.house.days_unconfirmed)
        stale = consents.unconfirmed(connection, asked_before=now - kept)
        for subscriber_id in stale:
            subscribers.erase(connection, subscriber_id, now=now, source="never confirmed")
    return len(stale)


def suppressed(connection: Connection, address: Address) -> bool:
    """Say whether no letter may go to an address."""
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


def activate(
    installation: Installation,
    connection: Connection,
    subscriber_id: int,
    now: datetime,
    source: str,
) -> None:
    """Start a reader's letters, with the papers of the last days."""
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
