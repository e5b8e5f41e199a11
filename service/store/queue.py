"""The queue: which letters may go now, and why the others wait.

A letter whose domain is held or over its limit is put into the domain's lane when it is met at
the head of the queue. So each is passed once, however long it waits, and not by every claim.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    Select,
    bindparam,
    exists,
    func,
    select,
    text,
    update,
)

from service.domain.policy import Status
from service.store import claims, counters, holds, tables
from service.store.bulk import among
from service.store.gate import Gate
from service.store.holds import Holds

_DELIVERY = tables.table(tables.Delivery)
_SUBSCRIBER = tables.table(tables.Subscriber)

# As many letters are put into lanes in one transaction as leave others their turn.
_MOVED_AT_ONCE = 2000

_FREE = (_DELIVERY.c.status == Status.QUEUED, _DELIVERY.c.worker_id.is_(None))
_IN_NO_LANE = _DELIVERY.c.lane.is_(None)

# Each lane by the one before it: no letter within a lane is read.
_LANES = text(
    """
    WITH RECURSIVE found(lane) AS (
        SELECT min(lane) FROM delivery
        WHERE status = 'queued' AND worker_id IS NULL AND lane IS NOT NULL
        UNION ALL
        SELECT (
            SELECT min(lane) FROM delivery
            WHERE status = 'queued' AND worker_id IS NULL AND lane IS NOT NULL
            AND lane > found.lane
        ) FROM found WHERE found.lane IS NOT NULL
    )
    SELECT lane FROM found WHERE lane IS NOT NULL
    """
)


def _due(which: Any) -> Select[Any]:
    """Return a query for up to `most` such letters that may be taken `now`, in their order."""
    return (
        claims.LETTERS.where(*_FREE, which, _DELIVERY.c.next_attempt_at <= bindparam("now"))
        .order_by(_DELIVERY.c.priority, _DELIVERY.c.next_attempt_at, _DELIVERY.c.id)
        .limit(bindparam("most", type_=Integer()))
        .with_for_update(of=_DELIVERY, skip_locked=True)
    )


_HEAD = _due(_IN_NO_LANE)
_LANE = _due(_DELIVERY.c.lane == bindparam("lane"))


@dataclass(frozen=True, slots=True)
class Taken:
    """The rows of letters that may go now, for `claims.ClaimReader`; `more`: whether to ask once
    more, though they be none.
    """

    letters: Sequence[Any]
    more: bool


class Queue:
    """The letters that wait, the most urgent first, behind a gate."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def take(self, connection: Connection, limit: int, now: datetime) -> Taken:
        """Return up to `limit` letters that are due, not held, and within the limits; count them.

        Nothing marks them: the caller does, in the same transaction.
        """
        held = holds.in_force(connection)
        if held.everything:
            return Taken([], more=False)
        lanes = _lanes(connection)
        if self._gate.stands_open(connection) and not held.domains and not lanes:
            letters = connection.execute(_HEAD, {"now": now, "most": limit}).all()
            return Taken(letters, more=bool(letters))
        counters.hold(connection, counters.CLAIMS)
        allowed = self._gate.for_route(connection, now)
        if allowed is not None:
            limit = min(limit, allowed)
        if limit == 0:
            return Taken([], more=False)
        return self._choose(connection, held, lanes, limit, now)

    def ready(self, connection: Connection, now: datetime) -> bool:
        """Say whether some letter may go now."""
        held = holds.in_force(connection)
        if held.everything:
            return False
        self._gate.stands_open(connection)
        if self._gate.for_route(connection, now) == 0:
            return False
        lanes = [lane for lane in _lanes(connection) if lane not in held.domains]
        rooms = self._gate.for_domains(connection, lanes, now)
        return _any(connection, _IN_NO_LANE, now) or any(
            rooms.get(lane) != 0 and _any(connection, _DELIVERY.c.lane == lane, now)
            for lane in lanes
        )

    def waits_for_limits(self, connection: Connection, now: datetime) -> bool:
        """Say whether, after all that may go has gone, some letter only waits for its turn."""
        held = holds.in_force(connection)
        if held.everything:
            return False
        lanes = [lane for lane in _lanes(connection) if lane not in held.domains]
        return _any(connection, _IN_NO_LANE, now) or any(
            _any(connection, _DELIVERY.c.lane == lane, now) for lane in lanes
        )

    def _choose(
        self, connection: Connection, held: Holds, lanes: list[str], limit: int, now: datetime
    ) -> Taken:
        """Choose among the letters in lanes and those at the head of the queue, and put of the
        latter into lanes what may not go.
        """
        free = [lane for lane in lanes if lane not in held.domains]
        rooms = self._gate.for_domains(connection, free, now) | dict.fromkeys(held.domains, 0)
        waiting: list[Any] = []
        for lane in free:
            if count := min(limit, rooms.get(lane, limit)):
                waiting += connection.execute(_LANE, {"lane": lane, "now": now, "most": count})
        chosen: list[Any] = []
        moved = 0
        while not chosen and moved < _MOVED_AT_ONCE:
            head = connection.execute(_HEAD, {"now": now, "most": limit}).all()
            new = {row.domain for row in head if row.domain} - {*free, *rooms}
            rooms |= self._gate.for_domains(connection, new, now)
            chosen, aside = _sort_out([*waiting, *head], rooms, limit)
            _move(connection, aside)
            moved += len(aside)
            if not aside:
                break
        went = Counter(map(_domain, chosen))
        if went:
            self._gate.count(connection, went, now)
        return Taken(chosen, more=bool(chosen or moved))


def count_due(connection: Connection, now: datetime) -> int:
    """Return how many letters are due and not held, however long the limits let them wait."""
    held = holds.in_force(connection)
    if held.everything:
        return 0
    query = select(func.count()).where(*_FREE, _DELIVERY.c.next_attempt_at <= now)
    if not held.domains:
        return connection.scalar(query) or 0
    there = exists().where(
        _SUBSCRIBER.c.id == _DELIVERY.c.subscriber_id, _SUBSCRIBER.c.domain.in_(held.domains)
    )
    return connection.scalar(query.where(~there)) or 0


def _sort_out(rows: list[Any], rooms: dict[str, int], limit: int) -> tuple[list[Any], list[Any]]:
    """Return the rows that go, and those met on the way that belong into their domain's lane."""
    chosen: list[Any] = []
    aside: list[Any] = []
    rooms = dict(rooms)
    for row in sorted(rows, key=lambda row: (row.priority, row.next_attempt_at, row.id)):
        if len(chosen) == limit:
            break
        room = rooms.get(domain := _domain(row))
        if room == 0:
            if row.lane is None:
                aside.append(row)
            continue
        if room is not None:
            rooms[domain] = room - 1
        chosen.append(row)
    return chosen, aside


def _domain(row: Any) -> str:
    """Return the domain by which a letter counts: that of its lane, or its reader's, if any."""
    domain: str = row.lane or row.domain or ""
    return domain


def _move(connection: Connection, rows: list[Any]) -> None:
    by_domain: dict[str, list[int]] = {}
    for row in rows:
        by_domain.setdefault(row.domain, []).append(row.id)
    for domain, ids in by_domain.items():
        these = among(connection, _DELIVERY.c.id, ids)
        connection.execute(update(_DELIVERY).where(these).values(lane=domain))


def _lanes(connection: Connection) -> list[str]:
    return list(connection.scalars(_LANES))


def _any(connection: Connection, where: Any, now: datetime) -> bool:
    query = select(exists().where(*_FREE, where, _DELIVERY.c.next_attempt_at <= now))
    return connection.scalar(query) or False
