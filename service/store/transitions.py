"""The ledger's transitions: letters moved from one status to another, and what goes with that."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, insert, select, update
from sqlmodel import col

from service.domain.deliveries import Kind
from service.domain.policy import TRANSITIONS, Result, Status
from service.store import clocks, tables

_DELIVERY = tables.table(tables.Delivery)


def move(before: Status, after: Status, **values: Any) -> Any:
    """Return an UPDATE of deliveries from one status to another that the design allows."""
    assert after in TRANSITIONS[before], f"{before} does not become {after}"
    return update(_DELIVERY).where(_DELIVERY.c.status == before).values(status=after, **values)


def expire(connection: Connection, now: datetime) -> int:
    """Expire the queued letters whose time is over; return how many.

    The papers of a digest of which no body was ever sent are offered again.
    """
    expired = list(
        connection.scalars(
            move(Status.QUEUED, Status.EXPIRED, settled_at=now, worker_id=None)
            .where(
                _DELIVERY.c.id.in_(
                    # One that a worker begins right now is not waited for: it may wait for us.
                    select(_DELIVERY.c.id)
                    .where(_DELIVERY.c.status == Status.QUEUED, _DELIVERY.c.expires_at <= now)
                    .with_for_update(skip_locked=True)
                )
            )
            .returning(_DELIVERY.c.id)
        )
    )
    if expired:
        return_papers(connection, _DELIVERY.c.id.in_(expired))
    return len(expired)


def resend_uncertain(connection: Connection) -> int:
    """Queue every uncertain letter again, byte for byte the same; return how many."""
    count: int = connection.execute(move(Status.UNCERTAIN, Status.QUEUED)).rowcount
    return count


def log_attempts(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Keep tries that did not end in acceptance."""
    if rows:
        connection.execute(insert(tables.Attempt), rows)


def return_papers(connection: Connection, which: Any) -> None:
    """Offer the papers of digests again, save of those that were ever uncertain, which may have
    been read, or that a later digest stands beside, which would come twice.
    """
    attempt = tables.Attempt
    uncertain = exists().where(
        col(attempt.delivery_id) == _DELIVERY.c.id, col(attempt.result) == Result.UNCERTAIN
    )
    later = _DELIVERY.alias("later")
    outlived = exists().where(
        later.c.subscriber_id == _DELIVERY.c.subscriber_id,
        later.c.kind == Kind.DIGEST,
        later.c.id > _DELIVERY.c.id,
        later.c.status.in_((Status.QUEUED, Status.SENDING, Status.UNCERTAIN, Status.SENT)),
    )
    rows = connection.execute(
        select(_DELIVERY.c.subscriber_id, _DELIVERY.c.seq_from).where(
            which, _DELIVERY.c.kind == Kind.DIGEST, ~uncertain, ~outlived
        )
    )
    clocks.put_back(connection, dict(rows.all()))
