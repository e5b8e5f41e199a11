"""A ledger with a letter in every status."""

from collections.abc import Sequence
from typing import Any

from peers import newsroom
from peers.newsroom import FRIDAY_NOON
from sqlalchemy import select, update

from service import pipeline
from service.domain.deliveries import Claim
from service.domain.policy import Status
from service.installation import Installation
from service.store import tables, workers
from service.store.ledger import Ledger

DELIVERY = tables.table(tables.Delivery)


class Ledgers:
    """Seven readers with a letter each, one in every status, and the worker who claimed them."""

    def __init__(self, installation: Installation, statuses: Sequence[Status] = tuple(Status)):
        self.installation = installation
        newsroom.publish(installation, FRIDAY_NOON, "Robots")
        self.readers = {
            status: newsroom.subscribe(installation, f"{status}@example.org", "robots")
            for status in statuses
        }
        pipeline.plan(installation, FRIDAY_NOON)
        self.seat = workers.sit_down(installation.database, "test", FRIDAY_NOON)
        self.ledger = Ledger(installation.database, self.seat.worker_id, self.seat.lock)
        claims = {c.subscriber_id: c for c in self.ledger.claim(10, FRIDAY_NOON)}
        self.claims = {status: claims[reader] for status, reader in self.readers.items()}
        for status, claim in self.claims.items():
            held = status in (Status.QUEUED, Status.SENDING)
            self.put(claim, status=status, worker_id=self.seat.worker_id if held else None)

    def put(self, claim: Claim, **values: Any) -> None:
        with self.installation.database.write() as connection:
            connection.execute(
                update(DELIVERY).where(DELIVERY.c.id == claim.delivery_id).values(**values)
            )

    def row(self, status: Status) -> Any:
        """Return what became of the letter that was in that status."""
        with self.installation.database.read() as connection:
            return connection.execute(
                select(DELIVERY).where(DELIVERY.c.id == self.claims[status].delivery_id)
            ).one()

    def tries_on_record(self) -> int:
        with self.installation.database.read() as connection:
            return len(connection.execute(select(tables.table(tables.Attempt))).all())
