"""Sending for the tests: readers with a letter in the queue, and what the books then say."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event
from typing import Any

from peers.newsroom import FRIDAY_NOON, at_work, publish
from peers.smtp import Peer
from sqlalchemy import func, select

from service import pipeline
from service.binding import Binder
from service.delivering import Delivered
from service.domain.deliveries import Claim
from service.domain.readers import Preferences
from service.installation import Installation
from service.mail.sender import Sender, Tally
from service.mail.smtp import Parcel, Timeouts
from service.store import parts, subscribers, tables, wanted

QUICK = Timeouts(connect=2, greeting=2, command=2, data=2, block=2, dot=2)
_DELIVERY = tables.table(tables.Delivery)
_SUBSCRIBER = tables.table(tables.Subscriber)
_ATTEMPT = tables.table(tables.Attempt)


def address(name: str) -> str:
    return f"{name.lower()}@example.org"


def queue_letters(
    installation: Installation, *names: str, at: datetime = FRIDAY_NOON, others: int = 0
) -> None:
    """Plan a digest for each named reader, and for the others that there are already."""
    publish(installation, at, "Bees that count", "Proofs by touch", "Slow light")
    enlist(installation, *names)
    made = pipeline.plan(installation, at, everyone=True)
    assert made.planned == len(names) + others


def enlist(installation: Installation, *names: str) -> None:
    """Add active readers, all in one transaction."""
    with installation.database.write() as connection:
        for name in names:
            subscriber_id = subscribers.add(
                connection,
                email=address(name),
                address=address(name),
                now=FRIDAY_NOON,
            )
            assert subscriber_id is not None
            wanted.set_preferences(connection, subscriber_id, Preferences(), FRIDAY_NOON)
            subscribers.activate(connection, subscriber_id, floor=0, now=FRIDAY_NOON, source="test")


def crowd(count: int) -> list[str]:
    return [f"reader{number}" for number in range(1, count + 1)]


def deliver(
    installation: Installation, *, after: timedelta = timedelta(0), stop: Event | None = None
) -> Delivered:
    """Deliver some time after FRIDAY_NOON."""
    return pipeline.deliver(installation, lambda: FRIDAY_NOON + after, stop or Event())


def binder_of(installation: Installation) -> Binder:
    """Return what binds letters with the links of the key in use."""

    def load(part_ids: Iterable[int]) -> dict[int, bytes]:
        with installation.database.read() as connection:
            return parts.bodies_of(connection, part_ids)

    return Binder(
        installation.house, installation.signer, lambda _: installation.keys.current, load
    )


def sender(installation: Installation, timeouts: Timeouts = QUICK) -> Sender:
    """Return a sender for letters of this installation, with time-outs of its own."""
    binder = binder_of(installation)

    def wrap(claims: list[Claim]) -> dict[int, Parcel]:
        return binder.wrap(claims)

    return Sender(
        installation.route,
        wrap,
        connections=installation.connections,
        now=lambda: FRIDAY_NOON,
        chance=lambda: 0.0,
        timeouts=timeouts,
    )


def letter(installation: Installation, name: str) -> Any:
    """Return the row of a reader's letter."""
    with installation.database.read() as connection:
        query = select(_DELIVERY).join(_SUBSCRIBER).where(_SUBSCRIBER.c.email == address(name))
        return connection.execute(query).one()


def by_status(installation: Installation, status: str) -> list[str]:
    """Return the recipients of the letters of one status."""
    with installation.database.read() as connection:
        query = select(_SUBSCRIBER.c.email).join(_DELIVERY).where(_DELIVERY.c.status == status)
        return list(connection.scalars(query))


def charged(installation: Installation) -> int:
    """Return how many tries the books hold against readers."""
    with installation.database.read() as connection:
        tries = connection.scalar(select(func.sum(_DELIVERY.c.attempts))) or 0
        logged = connection.scalar(select(func.count()).select_from(_ATTEMPT)) or 0
    return int(tries) + int(logged)


def uncertain_tries(installation: Installation) -> list[tuple[str, int]]:
    """Return the recipient and the worker of each try that is on record as uncertain."""
    with installation.database.read() as connection:
        rows = connection.execute(
            select(_SUBSCRIBER.c.email, _ATTEMPT.c.worker_id)
            .join(_DELIVERY, _DELIVERY.c.id == _ATTEMPT.c.delivery_id)
            .join(_SUBSCRIBER)
            .where(_ATTEMPT.c.result == "uncertain")
        )
        return [(recipient, worker_id) for recipient, worker_id in rows]


@contextmanager
def planned(
    open_with: Callable[..., Installation], *names: str, connections: int = 1, **options: str
) -> Iterator[tuple[Installation, Peer]]:
    """Give an installation with a letter queued for each name, and the server it goes to."""
    with Peer() as peer:
        chosen = {"smtp_url": peer.url, "smtp_connections": connections} | options
        installation = open_with(**chosen)
        queue_letters(installation, *names)
        yield installation, peer


def quick_run(installation: Installation, timeouts: Timeouts = QUICK) -> Tally:
    """Send with time-outs of this test's own."""
    with at_work(installation, FRIDAY_NOON) as ledger:
        return asyncio.run(sender(installation, timeouts).run(ledger, Event()))
