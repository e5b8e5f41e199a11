"""Why letters are still in the queue."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from service.domain.limits import Limits
from service.domain.policy import Status
from service.store import holds, tables
from service.store.gate import Gate

_DELIVERY = tables.table(tables.Delivery)
_SUBSCRIBER = tables.table(tables.Subscriber)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The letters in the queue, each counted once.

    `with_sender` are at hand of a sender at work, or of one that died; `held` are kept back by an
    admin or the breaker, all or by domain; `later` were tried and are due from `later_from` on;
    `limited` wait for their turn within the limits; the next run takes those that are `due`.
    """

    with_sender: int = 0
    held: int = 0
    held_domains: dict[str, int]
    later: int = 0
    later_from: datetime | None = None
    limited: int = 0
    due: int = 0


def waiting(connection: Connection, limits: Limits, now: datetime) -> Waiting:
    """Count the queue by why its letters wait."""
    queued = _DELIVERY.c.status == Status.QUEUED
    with_sender = _count(connection, queued, _DELIVERY.c.worker_id.is_not(None))
    free = (queued, _DELIVERY.c.worker_id.is_(None))
    held = holds.in_force(connection)
    if held.everything:
        return Waiting(with_sender=with_sender, held=_count(connection, *free), held_domains={})
    soon = _DELIVERY.c.next_attempt_at <= now
    by_domain: dict[str, int] = {}
    if held.domains:
        by_domain = _by_domain(connection, *free, _SUBSCRIBER.c.domain.in_(held.domains))
        held_later = _by_domain(connection, *free, ~soon, _SUBSCRIBER.c.domain.in_(held.domains))
    else:
        held_later = {}
    later = _count(connection, *free, ~soon) - sum(held_later.values())
    first = connection.scalar(select(func.min(_DELIVERY.c.next_attempt_at)).where(*free, ~soon))
    due = _count(connection, *free, soon) - sum(by_domain.values()) + sum(held_later.values())
    open_now = _open_now(connection, due, held.domains, limits, now, (*free, soon)) if due else 0
    return Waiting(
        with_sender=with_sender,
        held_domains=by_domain,
        later=later,
        later_from=first if later else None,
        limited=due - open_now,
        due=open_now,
    )


def _open_now(
    connection: Connection,
    due: int,
    held: tuple[str, ...],
    limits: Limits,
    now: datetime,
    which: tuple[Any, ...],
) -> int:
    """Return how many of the letters that are due and not held may go at once."""
    gate = Gate(limits)
    if gate.stands_open(connection):
        return due
    by_domain = _by_domain(connection, *which, _SUBSCRIBER.c.domain.not_in(held))
    rooms = gate.for_domains(connection, by_domain, now)
    over = sum(max(n - rooms.get(domain, n), 0) for domain, n in by_domain.items())
    for_all = gate.for_route(connection, now)
    return due - over if for_all is None else min(due - over, for_all)


def _count(connection: Connection, *which: Any) -> int:
    return connection.scalar(select(func.count()).select_from(_DELIVERY).where(*which)) or 0


def _by_domain(connection: Connection, *which: Any) -> dict[str, int]:
    query = (
        select(_SUBSCRIBER.c.domain, func.count())
        .join(_DELIVERY, _DELIVERY.c.subscriber_id == _SUBSCRIBER.c.id)
        .where(*which)
        .group_by(_SUBSCRIBER.c.domain)
    )
    return dict(connection.execute(query).all())
