"""Letters that somebody waits for: to confirm, to change preferences, to take leave."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from service.domain.deliveries import Kind, Planned
from service.domain.links import new_token
from service.domain.selection import Selection, pack
from service.installation import Installation
from service.store import consents, deliveries, parts

NOTICE_LIVES = timedelta(hours=72)


def queue(
    installation: Installation,
    connection: Connection,
    kind: Kind,
    subscriber_id: int,
    preference_id: int,
    slots: dict[str, str],
    now: datetime,
) -> None:
    """Queue a letter that somebody waits for; at most one of a kind a day.

    Who has left since begins anew: only they can leave, so nobody else makes letters of it.
    """
    day = now.astimezone(UTC).date()
    (frame,) = parts.keep(connection, day, [installation.letters.frame(kind.value)])
    letter = Planned(
        subscriber_id,
        kind,
        day,
        new_token(),
        pack(Selection(frame)),
        nth=consents.departures(connection, subscriber_id),
        preference_id=preference_id,
        slots=slots or None,
    )
    deliveries.enqueue(connection, letter, now=now, expires_at=now + NOTICE_LIVES)
