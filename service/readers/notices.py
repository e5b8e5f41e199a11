"""Letters that somebody waits for: to confirm, to change something, to take leave."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from service.domain.deliveries import Kind, Planned
from service.domain.links import Purpose, new_token
from service.domain.selection import Selection, pack
from service.installation import Installation
from service.store import consents, deliveries, parts

# Later than they last, a letter's link would be of no use.
_LINKS = {
    Kind.ACCOUNT: Purpose.ACCOUNT,
    Kind.ADDRESS: Purpose.ADDRESS,
    Kind.CONFIRM: Purpose.CONFIRM,
}
_USUALLY = timedelta(hours=72)


def queue(
    installation: Installation,
    connection: Connection,
    kind: Kind,
    subscriber_id: int,
    preference_id: int,
    slots: dict[str, str],
    now: datetime,
    *,
    recipient: str | None = None,
    most: int = 1,
) -> bool:
    """Queue a letter that somebody waits for; False when there were `most` of its kind today.

    It goes to the subscriber's own address unless a `recipient` is given. Who has left since
    begins anew: only they can leave, so nobody else makes letters of it.
    """
    day = now.astimezone(UTC).date()
    (frame,) = parts.keep(connection, day, [installation.letters.frame(kind.value)])
    first = most * consents.departures(connection, subscriber_id)
    letter = Planned(
        subscriber_id,
        kind,
        day,
        new_token(),
        pack(Selection(frame)),
        preference_id=preference_id,
        recipient=recipient,
        slots=slots or None,
    )
    link = _LINKS.get(kind)
    expires_at = now + ((link and installation.lives[link]) or _USUALLY)
    return any(
        deliveries.enqueue(connection, letter._replace(nth=nth), now=now, expires_at=expires_at)
        for nth in range(first, first + most)
    )
