"""Moves: a reader's letters go to another address once whoever reads there has said yes."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from service.domain.deliveries import Kind
from service.domain.links import Purpose, verify
from service.domain.readers import Subscriber, address_hash, masked
from service.installation import Installation
from service.mail.address import Address, parse_address
from service.readers import account, notices, strangers
from service.readers.preferences import CHANGEABLE
from service.store import consents, moves, subscribers, suppressions

LETTERS_A_DAY = 3


def ask(
    installation: Installation,
    token: str,
    address: Address,
    now: datetime,
    *,
    network: str | None,
) -> Subscriber | None:
    """Mail a letter to a new address that asks to send the reader's letters there from now on.

    None goes to an address that letters come to already, or must never go to: whose address it is
    may be none of the reader's business. Returns the reader, None where the link opens no account
    any more. Raises BadLink, ExpiredLink or TooMany, the
    latter for the client's `network` too.
    """
    with installation.database.write() as connection:
        reader = account.held_by(connection, installation.keys, token, now, hold=True)
        if reader is None or reader.email is None or reader.preference_id is None:
            return None
        strangers.admit(installation, connection, address, network, now)
        if reader.status in CHANGEABLE and _free(connection, address):
            _write(installation, connection, Kind.ADDRESS, reader, address.shown, reader.email, now)
        return reader


@dataclass(frozen=True, slots=True)
class Move:
    """A reader and the address their letters are to go to; `done` once they do."""

    reader: Subscriber
    address: Address
    done: bool


def asked_by(installation: Installation, token: str, now: datetime) -> Move | None:
    """Return what the link in a letter to a new address would do; None where it does nothing any
    more. Raises BadLink or ExpiredLink.
    """
    with installation.database.read() as connection:
        return _asked(connection, installation, token, now)


def move(installation: Installation, token: str, now: datetime) -> Move | None:
    """Send a reader's letters to the address that the link came to, and tell the one before.

    Doing so twice changes nothing. Returns None where the link does nothing any more: another
    address was asked for since, letters go to this one already, or nobody is there. Raises BadLink
    or ExpiredLink.
    """
    with installation.database.write() as connection:
        asked = _asked(connection, installation, token, now, hold=True)
        if asked is None or asked.done:
            return asked
        reader, address = asked.reader, asked.address
        assert reader.email is not None
        before = subscribers.by_address(connection, address.normal, hold=True)
        if before is not None:
            # They left, or never said yes; who reads there says now what is to come there.
            subscribers.erase(connection, before.subscriber_id, now=now, source="address moved to")
        subscribers.move(
            connection,
            reader.subscriber_id,
            email=address.shown,
            address=address.normal,
            now=now,
            source="address link",
        )
        if not _suppressed(connection, reader.email):
            _write(installation, connection, Kind.MOVED, reader, reader.email, address.shown, now)
        return asked


def _asked(
    connection: Connection,
    installation: Installation,
    token: str,
    now: datetime,
    *,
    hold: bool = False,
) -> Move | None:
    grant = verify(installation.keys, Purpose.ADDRESS, token, now, installation.lives)
    asked = moves.asked(connection, grant.made_for)
    if asked is None:
        return None
    reader = subscribers.by_id(connection, asked.subscriber_id, hold=hold)
    if reader is None or reader.status not in CHANGEABLE:
        return None
    address = parse_address(asked.address)
    if reader.email == address.shown:
        return Move(reader, address, done=True)
    moved_at = consents.last(connection, reader.subscriber_id, subscribers.MOVED)
    if moved_at is not None and moved_at >= asked.at:
        return None
    return Move(reader, address, done=False) if _free(connection, address) else None


def _write(
    installation: Installation,
    connection: Connection,
    kind: Kind,
    reader: Subscriber,
    to: str,
    elsewhere: str,
    now: datetime,
) -> None:
    """Queue a letter to one of a reader's two addresses that hints at the other."""
    assert reader.preference_id is not None
    notices.queue(
        installation,
        connection,
        kind,
        reader.subscriber_id,
        reader.preference_id,
        {"elsewhere": masked(elsewhere)},
        now,
        recipient=to,
        most=LETTERS_A_DAY,
    )


def _free(connection: Connection, address: Address) -> bool:
    """Say whether a reader's letters may go to an address."""
    known = subscribers.by_address(connection, address.normal)
    taken = known is not None and known.status in CHANGEABLE
    return not taken and not suppressions.holds(connection, address_hash(address.normal))


def _suppressed(connection: Connection, email: str) -> bool:
    return suppressions.holds(connection, address_hash(parse_address(email).normal))
