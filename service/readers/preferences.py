"""What a reader wants, changed: from the next letter on, and the past stays on record."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from service.domain.deliveries import Kind
from service.domain.keys import KeyRing
from service.domain.links import Purpose, verify
from service.domain.readers import Consent, Subscriber, address_hash
from service.installation import Installation
from service.mail.address import Address
from service.readers import notices
from service.store import subscribers, suppressions, wanted

Edit = Callable[[Subscriber], Subscriber]

# A request waits for a yes to just what was asked for, and what one who left had is kept for their
# return.
CHANGEABLE = (Consent.ACTIVE, Consent.PAUSED)


@dataclass(frozen=True, slots=True)
class Changed:
    """A reader before and after; the same twice where nothing could be changed."""

    before: Subscriber
    after: Subscriber


def change(
    installation: Installation, address: Address, edit: Edit, now: datetime
) -> Subscriber | None:
    """Give a reader the preferences and wishes that `edit` makes of theirs.

    Returns the subscriber as they are then, changed only if they get letters or pause, or None
    when the address is not known. What `edit` raises changes nothing.
    """
    with installation.database.write() as connection:
        before = subscribers.by_address(connection, address.normal, hold=True)
        return None if before is None else changed(connection, before, edit, now).after


def holder(installation: Installation, token: str, now: datetime) -> Subscriber | None:
    """Return whose preferences a link opens, whether or not they get letters; None if erased.

    The link lasts as long as its reader is kept, whatever they change. Raises BadLink.
    """
    with installation.database.read() as connection:
        return held_by(connection, installation.keys, token, now)


def change_by_link(
    installation: Installation, token: str, edit: Edit, now: datetime
) -> Changed | None:
    """Give the reader whose link this is what `edit` makes of theirs, as `change` does; None if
    they are erased. Raises BadLink.
    """
    with installation.database.write() as connection:
        before = held_by(connection, installation.keys, token, now, hold=True)
        return None if before is None else changed(connection, before, edit, now)


def held_by(
    connection: Connection, keys: KeyRing, token: str, now: datetime, *, hold: bool = False
) -> Subscriber | None:
    """Return whose preferences a link opens, within a transaction; None if erased.

    `hold` keeps others from changing them meanwhile. Raises BadLink.
    """
    grant = verify(keys, Purpose.PREFERENCES, token, now)
    reader = subscribers.by_id(connection, grant.made_for, hold=hold)
    return None if reader is None or reader.email is None else reader


def send_link(installation: Installation, address: Address, now: datetime) -> None:
    """Mail the link to a reader's preferences to their address, at most once a day.

    Anybody may ask, and is told nothing: only who gets letters, or pauses, is sent it.
    """
    with installation.database.write() as connection:
        if suppressions.holds(connection, address_hash(address.normal)):
            return
        reader = subscribers.by_address(connection, address.normal, hold=True)
        if reader is None or reader.status not in CHANGEABLE or reader.preference_id is None:
            return
        notices.queue(
            installation,
            connection,
            Kind.PREFERENCES,
            reader.subscriber_id,
            reader.preference_id,
            {},
            now,
        )


def changed(connection: Connection, before: Subscriber, edit: Edit, now: datetime) -> Changed:
    """Give a reader, who is held for the transaction, what `edit` makes of theirs."""
    if before.status not in CHANGEABLE:
        return Changed(before, before)
    after = edit(before)
    if after.preferences != before.preferences:
        wanted.set_preferences(connection, before.subscriber_id, after.preferences, now)
    if after.wishes != before.wishes:
        wanted.set_wishes(connection, before.subscriber_id, after.wishes, now)
    return Changed(before, after)
