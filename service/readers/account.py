"""A reader's account: the address, the letters so far, a copy of all that is kept, and its end.

Whoever holds a letter, perhaps forwarded, can change what letters bring. What is told or done here
needs a link that was mailed to the reader's own address within the last half hour.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from service.domain.deliveries import Kind
from service.domain.keys import KeyRing
from service.domain.links import LIVES, Purpose, granted, verify, web_name
from service.domain.policy import Status
from service.domain.readers import Consent, Subscriber, address_hash
from service.installation import Installation
from service.mail.address import parse_address
from service.mail.letter import Card
from service.mail.wording import subject
from service.readers import notices
from service.store import (
    consents,
    digests,
    parts,
    records,
    subscribers,
    suppressions,
)

# Gives the reader in question, held for the transaction, or None.
Find = Callable[[Connection], Subscriber | None]

LINKS_A_DAY = 3
LETTERS_SHOWN = 30


@dataclass(frozen=True, slots=True)
class PastLetter:
    """A digest of the past: its subject and the name of its web copy are None where its parts are
    not kept any more.
    """

    day: date
    status: Status
    papers: int
    subject: str | None
    web: str | None


def send_link(installation: Installation, find: Find, now: datetime) -> Subscriber | None:
    """Mail the link to a reader's account to their address, at most three times a day.

    One who left may ask too, since what they had is kept. Returns the reader, None if erased.
    Raises what `find` does.
    """
    with installation.database.write() as connection:
        reader = find(connection)
        if reader is None or reader.email is None or reader.preference_id is None:
            return None
        if reader.status is not Consent.PENDING and not suppressions.holds(
            connection, address_hash(parse_address(reader.email).normal)
        ):
            notices.queue(
                installation,
                connection,
                Kind.ACCOUNT,
                reader.subscriber_id,
                reader.preference_id,
                {},
                now,
                most=LINKS_A_DAY,
            )
        return reader


def lapsed(installation: Installation, token: str) -> Find:
    """Return what finds the reader whose account a link opens, or opened until it expired.

    Raises BadLink.
    """
    grant = granted(installation.keys, Purpose.ACCOUNT, token)
    return lambda connection: subscribers.by_id(connection, grant.made_for, hold=True)


def holder(installation: Installation, token: str, now: datetime) -> Subscriber | None:
    """Return whose account a link opens; None if it is erased, or was moved since to an address
    that the link was not mailed to. Raises BadLink or ExpiredLink.
    """
    with installation.database.read() as connection:
        return held_by(connection, installation.keys, token, now)


def minutes_left(installation: Installation, token: str, now: datetime) -> int:
    """Return for how many more minutes, at least one, a link to an account works.

    Raises BadLink or ExpiredLink.
    """
    grant = verify(installation.keys, Purpose.ACCOUNT, token, now)
    left = (LIVES[Purpose.ACCOUNT] or timedelta()) - (now - grant.issued_at)
    return max(1, round(left / timedelta(minutes=1)))


def letters(installation: Installation, reader: Subscriber) -> list[PastLetter]:
    """Return a reader's last digests, the newest first."""
    with installation.database.read() as connection:
        found = digests.newest(connection, reader.subscriber_id, LETTERS_SHOWN)
        first = {digest.selection.cards[0][0] for digest in found if digest.selection.cards}
        titles = {
            part: Card.unpack(body).said.title
            for part, body in parts.bodies_of(connection, first).items()
        }
    key = installation.keys.current
    past = []
    for digest in found:
        cards = digest.selection.cards
        title = titles.get(cards[0][0]) if cards else None
        past.append(
            PastLetter(
                digest.local_date,
                digest.status,
                len(cards),
                None if title is None else subject(title, len(cards)),
                None if title is None else web_name(key, digest.delivery_id),
            )
        )
    return past


def export(installation: Installation, token: str, now: datetime) -> Mapping[str, Any] | None:
    """Return all that is kept of the reader whose link this is, as JSON can hold it; None as for
    `holder`. Raises BadLink or ExpiredLink.
    """
    with installation.database.read() as connection:
        reader = held_by(connection, installation.keys, token, now)
        if reader is None:
            return None
        return {
            **records.of(connection, reader.subscriber_id),
            "papers": list(_papers(connection, reader.subscriber_id)),
        }


def erase(installation: Installation, token: str, now: datetime) -> bool:
    """Forget the reader whose link this is, for good; False where they are already, or as for
    `holder`. Raises BadLink or ExpiredLink.
    """
    with installation.database.write() as connection:
        reader = held_by(connection, installation.keys, token, now, hold=True)
        if reader is None:
            return False
        subscribers.erase(connection, reader.subscriber_id, now=now, source="account page")
    return True


def _papers(connection: Connection, subscriber_id: int) -> Iterator[dict[str, str]]:
    """Yield the papers of a reader's digests, as far as their parts are kept."""
    found = digests.newest(connection, subscriber_id)
    wanted = {part for digest in found for part, _ in digest.selection.cards}
    bodies = parts.bodies_of(connection, wanted)
    for digest in found:
        for part, _ in digest.selection.cards:
            if part in bodies:
                said = Card.unpack(bodies[part]).said
                day = digest.local_date.isoformat()
                yield {"letter": day, "title": said.title, "key": said.key}


def held_by(
    connection: Connection, keys: KeyRing, token: str, now: datetime, *, hold: bool = False
) -> Subscriber | None:
    """Return whose account a link opens, within a transaction, as `holder` does.

    `hold` keeps others from changing them meanwhile.
    """
    grant = verify(keys, Purpose.ACCOUNT, token, now)
    reader = subscribers.by_id(connection, grant.made_for, hold=hold)
    if reader is None or reader.email is None:
        return None
    moved_at = consents.last(connection, reader.subscriber_id, subscribers.MOVED)
    return None if moved_at is not None and moved_at > grant.issued_at else reader
