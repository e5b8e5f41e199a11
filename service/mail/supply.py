"""Letters at hand for the connections of a run, made ahead of need."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from service.domain.deliveries import Claim
from service.mail.smtp import Parcel


class Item(NamedTuple):
    """A claim, and the letter it came to."""

    claim: Claim
    parcel: Parcel


class Supply:
    """Gives out letters one by one, the most urgent first; `fetch` brings a few more until it has
    none.

    While fewer than `ahead` are at hand, the next are fetched as soon as every connection that is
    ready had its turn.
    """

    def __init__(self, fetch: Callable[[], Sequence[Item]], ahead: int) -> None:
        self._fetch = fetch
        self._ahead = ahead
        self._items: deque[Item] = deque()
        self._soon: asyncio.Handle | None = None
        self._dry = False
        self._error: Exception | None = None

    def at_hand(self) -> Item | None:
        """Return the next letter; None when there is none any more, or none could be fetched."""
        if not self._items:
            self._refill()
        item = self._items.popleft() if self._items else None
        if self._soon is None and self._wanting:
            self._soon = asyncio.get_running_loop().call_soon(self._refill)
        return item

    def next(self) -> Item | None:
        """Return the next letter; None when there is none any more. Raises what `fetch` raised."""
        item = self.at_hand()
        if item is None and self._error is not None:
            raise self._error
        return item

    def put_back(self, item: Item) -> None:
        """Take back a letter that was not tried, to be the next."""
        self._items.appendleft(item)

    def close(self) -> None:
        """Fetch nothing any more."""
        if self._soon is not None:
            self._soon.cancel()

    @property
    def _wanting(self) -> bool:
        return len(self._items) < self._ahead and not self._dry and self._error is None

    def _refill(self) -> None:
        self._soon = None
        if self._wanting:
            try:
                fetched = self._fetch()
            except Exception as error:
                # A connection may have a body to send first: it is told when it asks for more.
                self._error = error
            else:
                self._items += fetched
                self._dry = not fetched
