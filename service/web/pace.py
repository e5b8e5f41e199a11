"""How much one network may ask of the pages at a time, counted in this process alone."""

import threading
from datetime import datetime, timedelta

from service.domain.allowances import Allowance, TooMany

# As many networks are kept in mind; then those that have their whole allowance again are not.
_MANY = 10_000


class Pace:
    """Spends an allowance by network. Any thread may ask."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._lock = threading.Lock()
        self._free_at: dict[str, float] = {}

    def spend(self, network: str | None, count: int, now: datetime) -> None:
        """Use so many of what a network may ask for; None asks without end, as a house's own
        clients do. Raises TooMany, having used nothing.
        """
        if network is None or not self._allowance.count:
            return
        at, latest = now.timestamp(), now.timestamp() + self._allowance.time.total_seconds()
        with self._lock:
            if len(self._free_at) >= _MANY:
                self._free_at = {who: free for who, free in self._free_at.items() if free > at}
            after = max(self._free_at.get(network, at), at) + count * self._allowance.step
            # A float adds up to a little more.
            if after > latest + self._allowance.step / 1000:
                raise TooMany(timedelta(seconds=max(1.0, after - latest)))
            self._free_at[network] = after
