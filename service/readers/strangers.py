"""Requests that anybody may make for any address: taken in at once, answered by letter soon after.

Whether an address is known shows in nothing: the same is written and said, in the same time, and
only the next tick looks who it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection

from service.domain.readers import Preferences, address_hash
from service.domain.wishes import Wish
from service.installation import Installation
from service.mail.address import Address, AddressError, parse_address
from service.readers import consent, preferences
from service.store import allowances, requests

AT_ONCE = 200
_SIGN_UP, _LINK = "sign_up", "preferences_link"

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SignUpRequest:
    """Letters asked for, as they were wanted."""

    email: str
    wishes: tuple[Wish, ...]
    preferences: Preferences
    source: str


_SAID = TypeAdapter(SignUpRequest)


def sign_up(
    installation: Installation,
    address: Address,
    wishes: Sequence[Wish],
    wanted: Preferences,
    now: datetime,
    *,
    source: str,
    network: str | None,
) -> None:
    """Take in a request for letters, from a client of that network. Raises TooMany."""
    asked = SignUpRequest(address.shown, tuple(wishes), wanted, source)
    _take(installation, _SIGN_UP, _SAID.dump_python(asked, mode="json"), address, network, now)


def link(
    installation: Installation, address: Address, now: datetime, *, network: str | None
) -> None:
    """Take in a request for the link to a reader's preferences. Raises TooMany."""
    _take(installation, _LINK, {"email": address.shown}, address, network, now)


def admit(
    installation: Installation,
    connection: Connection,
    address: Address,
    network: str | None,
    now: datetime,
) -> None:
    """Charge a request that sends a letter to an address to those who have a part in it.

    Raises TooMany; then the transaction must not be kept.
    """
    allowed = installation.allowances
    # Always in this order, so that no two wait for each other. Whoever is refused before has
    # used nothing of what all share.
    if network is not None:
        allowances.spend(connection, f"network:{network}", allowed.network, now)
    hashed = address_hash(address.normal)
    allowances.spend(connection, f"address:{hashed}", allowed.address, now)
    allowances.spend(connection, "everyone", allowed.everyone, now)


def answer(installation: Installation, now: datetime) -> int:
    """Do what was asked for; return how many requests that were.

    Broken off at any point, nothing is lost: what is done again changes nothing.
    """
    answered = 0
    while True:
        with installation.database.read() as connection:
            waiting = requests.oldest(connection, AT_ONCE)
        if not waiting:
            return answered
        for row in waiting:
            try:
                _answer(installation, row.kind, row.said, now)
            except (ValidationError, AddressError) as error:
                # As of a version that wrote them otherwise; their words may hold an address.
                _log.error("request_unreadable", kind=row.kind, reason=type(error).__name__)
        with installation.database.write() as connection:
            requests.remove(connection, [row.request_id for row in waiting])
        answered += len(waiting)


def _answer(installation: Installation, kind: str, said: Mapping[str, Any], now: datetime) -> None:
    if kind == _LINK:
        preferences.send_link(installation, parse_address(said["email"]), now)
        return
    asked = _SAID.validate_python(said)
    consent.sign_up(
        installation,
        parse_address(asked.email),
        asked.wishes,
        asked.preferences,
        now,
        source=asked.source,
    )


def _take(
    installation: Installation,
    kind: str,
    said: Mapping[str, Any],
    address: Address,
    network: str | None,
    now: datetime,
) -> None:
    def take(connection: Connection) -> None:
        admit(installation, connection, address, network, now)
        requests.add(connection, kind, said, now)

    installation.database.write_together(take)
