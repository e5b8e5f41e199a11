"""The gate: how many letters may go now, and how many went of late, whoever sends them.

Who counts here first holds the counter CLAIMS, so that no two workers give the same letters away.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, func, select

from service.domain.deliveries import Settlement
from service.domain.limits import Limits, Pace
from service.domain.policy import Result
from service.domain.replies import asks_for_less
from service.store import counters, holds, tables
from service.store.dialect import upsert

_PACE = tables.table(tables.Pace)
_DELIVERY = tables.table(tables.Delivery)
_SUBSCRIBER = tables.table(tables.Subscriber)
_ROUTE = holds.scope_of(None)
_SLOWED = select(_PACE.c.scope).where(_PACE.c.slowed > 0)


class Gate:
    """Holds what is sent to the limits, and slows domains down that ask for less.

    `slowed` tells which domains did in this run, and how many letters a minute they now get.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.slowed: dict[str, int] = {}
        self._recovering: frozenset[str] = frozenset()

    @property
    def recovers(self) -> bool:
        """Whether letters that are accepted count, since a domain that asked for less recovers."""
        return bool(self._recovering)

    def stands_open(self, connection: Connection) -> bool:
        """Say whether nothing is limited, neither by the operator nor by a domain that asked."""
        self._recovering = frozenset(connection.scalars(_SLOWED))
        limits = self.limits
        limited = (limits.letters, limits.domain_letters, limits.domain_connections)
        return not self._recovering and all(limit is None for limit in limited)

    def for_route(self, connection: Connection, now: datetime) -> int | None:
        """Return how many letters may go now in all; None: any number."""
        if self.limits.letters is None:
            return None
        return _paces(connection, [_ROUTE])[_ROUTE].allowance(self.limits.letters, now)

    def for_domains(
        self, connection: Connection, domains: Collection[str], now: datetime
    ) -> dict[str, int]:
        """Return how many letters may go now to those of the domains that are limited."""
        rooms: dict[str, int] = {}
        scopes = {holds.scope_of(domain): domain for domain in domains}
        if self.limits.domain_letters is None:
            scopes = {s: d for s, d in scopes.items() if s in self._recovering}
        for scope, pace in _paces(connection, scopes).items():
            allowed = pace.allowance(self.limits.domain_letters, now)
            if allowed is not None:
                rooms[scopes[scope]] = allowed
        most = self.limits.domain_connections
        if most is not None and domains:
            out = _with_workers(connection)
            for domain in domains:
                free = max(most - out[domain], 0)
                rooms[domain] = min(rooms.get(domain, free), free)
        return rooms

    def count(self, connection: Connection, went: Mapping[str, int], now: datetime) -> None:
        """Count the letters that go now, by domain."""
        counts: dict[str, int] = {}
        if self.limits.letters is not None:
            counts[_ROUTE] = sum(went.values())
        for domain, letters in went.items():
            scope = holds.scope_of(domain)
            if domain and (self.limits.domain_letters is not None or scope in self._recovering):
                counts[scope] = letters
        paces = _paces(connection, counts)
        _save(connection, {s: paces[s].grant(letters, now) for s, letters in counts.items()})

    def see(self, connection: Connection, settlements: Sequence[Settlement]) -> None:
        """Slow the domains down that ask for less, and let those recover that accept again."""
        asking: dict[str, datetime] = {}
        accepted: Counter[str] = Counter()
        for settled in settlements:
            domain = settled.claim.domain
            if domain is None:
                continue
            if settled.outcome.result is Result.DEFERRED and asks_for_less(settled.outcome):
                asking[domain] = settled.at
            elif (
                self._recovering
                and settled.outcome.result is Result.ACCEPTED
                and holds.scope_of(domain) in self._recovering
            ):
                accepted[domain] += 1
        if not asking and not accepted:
            return
        counters.hold(connection, counters.CLAIMS)
        limit = self.limits.domain_letters
        scopes = {holds.scope_of(domain): domain for domain in {*asking, *accepted}}
        changed: dict[str, Pace] = {}
        for scope, pace in _paces(connection, scopes).items():
            domain = scopes[scope]
            if domain in asking:
                changed[scope] = pace.slow_down(limit, asking[domain])
                self.slowed[domain] = changed[scope].rate(limit) or 0
            else:
                changed[scope] = pace.speed_up(limit, accepted[domain])
        _save(connection, changed)
        self._recovering |= {scope for scope, pace in changed.items() if pace.slowed}


def tidy(connection: Connection, now: datetime) -> None:
    """Forget the pace of domains that neither get letters nor asked for less of late: it may name
    the domain of somebody who is forgotten otherwise.
    """
    scopes = connection.scalars(select(_PACE.c.scope).where(_PACE.c.scope != _ROUTE))
    idle = [s for s, pace in _paces(connection, list(scopes)).items() if pace.is_idle(now)]
    connection.execute(delete(_PACE).where(_PACE.c.scope.in_(idle)))


def slowed(connection: Connection, limits: Limits) -> dict[str, int]:
    """Return the domains that asked for less, and how many letters a minute they get."""
    scopes = list(connection.scalars(_SLOWED))
    prefix = holds.scope_of("")
    return {
        scope.removeprefix(prefix): pace.rate(limits.domain_letters) or 0
        for scope, pace in sorted(_paces(connection, scopes).items())
    }


def _with_workers(connection: Connection) -> Counter[str]:
    """Count the letters that workers have taken out of the queue, by domain."""
    query = (
        select(_SUBSCRIBER.c.domain, func.count())
        .join(_DELIVERY, _DELIVERY.c.subscriber_id == _SUBSCRIBER.c.id)
        .where(_DELIVERY.c.worker_id.is_not(None))
        .group_by(_SUBSCRIBER.c.domain)
    )
    return Counter(dict(connection.execute(query).all()))


def _paces(connection: Connection, scopes: Collection[str]) -> dict[str, Pace]:
    paces = dict.fromkeys(scopes, Pace())
    if scopes:
        query = select(_PACE).where(_PACE.c.scope.in_(list(scopes)))
        for row in connection.execute(query):
            granted = tuple((second, letters) for second, letters in row.granted)
            paces[row.scope] = Pace(granted, row.slowed, row.slowed_at, row.accepted)
    return paces


def _save(connection: Connection, paces: Mapping[str, Pace]) -> None:
    if not paces:
        return
    statement = upsert(connection, tables.Pace)
    names = ("granted", "slowed", "slowed_at", "accepted")
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["scope"],
            set_={name: getattr(statement.excluded, name) for name in names},
        ),
        [
            {
                "scope": scope,
                "granted": [list(pair) for pair in pace.granted],
                "slowed": pace.slowed,
                "slowed_at": pace.slowed_at and pace.slowed_at.astimezone(UTC),
                "accepted": pace.accepted,
            }
            for scope, pace in paces.items()
        ],
    )
