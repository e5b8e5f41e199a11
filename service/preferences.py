"""What a reader wants, changed: from the next letter on, and the past stays on record."""

from collections.abc import Callable
from datetime import datetime

from service.domain.readers import Consent, Subscriber
from service.installation import Installation
from service.mail.address import Address
from service.store import subscribers, wanted


def change(
    installation: Installation,
    address: Address,
    edit: Callable[[Subscriber], Subscriber],
    now: datetime,
) -> Subscriber | None:
    """Give a reader the preferences and wishes that `edit` makes of theirs.

    Returns the subscriber as they are then, or None when the address is not known. Only who gets
    letters, or pauses, is changed: a request waits for a yes to just what was asked for, and what
    one who left had is kept for their return. What `edit` raises changes nothing.
    """
    with installation.database.write() as connection:
        before = subscribers.by_address(connection, address.normal, hold=True)
        if before is None or before.status not in (Consent.ACTIVE, Consent.PAUSED):
            return before
        after = edit(before)
        if after.preferences != before.preferences:
            wanted.set_preferences(connection, before.subscriber_id, after.preferences, now)
        if after.wishes != before.wishes:
            wanted.set_wishes(connection, before.subscriber_id, after.wishes, now)
        return after
