"""How fast letters may go, on the route and to each destination domain: pure.

A limit of N letters a minute holds for any 60 seconds, wherever they begin, and not more than a
fifth of it goes within ten.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

_MINUTE, _BURST = 60, 10
_BURST_SHARE = 5

# What a domain without a limit of its own is taken to stand, once it has asked for less.
UNHURRIED = 1920

# Letters that were on their way when a domain asked for less say so as well: that is one request.
_SETTLING = timedelta(seconds=10)

_REMEMBERED = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What all processes together may do; None: as they like.

    `letters` and `connections` are the route's, the others those of each destination domain.
    Letters are counted by the minute, connections at any moment.
    """

    letters: int | None = None
    connections: int | None = None
    domain_letters: int | None = None
    domain_connections: int | None = None


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the route, or a domain, was served of late.

    `granted` are the letters of the last minute by the second (Unix time). `slowed` counts how
    often the limit is halved, last at `slowed_at`; `accepted` letters came well since it changed.
    """

    granted: tuple[tuple[int, int], ...] = ()
    slowed: int = 0
    slowed_at: datetime | None = None
    accepted: int = 0

    def rate(self, limit: int | None) -> int | None:
        """Return how many letters a minute may go; None: any number."""
        if not self.slowed:
            return limit
        return max((limit or UNHURRIED) >> self.slowed, 1)

    def allowance(self, limit: int | None, now: datetime) -> int | None:
        """Return how many letters may go now; None: any number."""
        rate = self.rate(limit)
        if rate is None:
            return None
        burst = -(-rate // _BURST_SHARE)
        return max(min(rate - self._since(now, _MINUTE), burst - self._since(now, _BURST)), 0)

    def grant(self, letters: int, now: datetime) -> "Pace":
        """Count letters that go now."""
        second = int(now.timestamp())
        counted = {s: n for s, n in self.granted if abs(second - s) <= _MINUTE}
        counted[second] = counted.get(second, 0) + letters
        return replace(self, granted=tuple(sorted(counted.items())))

    def slow_down(self, limit: int | None, now: datetime) -> "Pace":
        """Halve the rate, since the domain answered that it wants no more now; never below one."""
        if self.slowed_at is not None and abs(now - self.slowed_at) < _SETTLING:
            return replace(self, accepted=0)
        deeper = self.slowed + (1 if (limit or UNHURRIED) >> self.slowed > 1 else 0)
        return replace(self, slowed=deeper, slowed_at=now, accepted=0)

    def speed_up(self, limit: int | None, accepted: int) -> "Pace":
        """Take one halving back once the domain has accepted as much as a minute allows."""
        rate = self.rate(limit)
        if not self.slowed or rate is None:
            return self
        if self.accepted + accepted < rate:
            return replace(self, accepted=self.accepted + accepted)
        left = self.slowed - 1
        return replace(self, slowed=left, accepted=0, slowed_at=self.slowed_at if left else None)

    def is_idle(self, now: datetime) -> bool:
        """Say whether nothing is lost by forgetting it: no letter went in the last minutes, and
        a request for less is a week old.
        """
        recent = self.slowed_at is not None and now - self.slowed_at < _REMEMBERED
        return not recent and not any(now.timestamp() - s <= 2 * _MINUTE for s, _ in self.granted)

    def _since(self, now: datetime, seconds: int) -> int:
        # A whole second more, since one is counted from its beginning. What another machine's
        # clock puts a little ahead counts; a clock that was set back does not stop the post.
        second = int(now.timestamp())
        return sum(n for s, n in self.granted if -_MINUTE <= second - s <= seconds)
