"""Letters at hand for the connections of a run: fetched ahead of need, in a thread."""

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
    """Gives out letters one by one, the most urgent first; `fetch` brings more until it has none.

    The next are fetched while fewer than `ahead` are at hand, so that nobody waits for them. What
    `fetch` raised is raised to whoever waits for the next.
    """

    def __init__(self, fetch: Callable[[], Sequence[Item]], ahead: int) -> None:
        self._fetch = fetch
        self._ahead = ahead
        self._items: deque[Item] = deque()
        self._fetching: asyncio.Task[Sequence[Item]] | None = None
        self._dry = False

    def at_hand(self) -> Item | None:
        """Return the next letter if it is there already."""
        fetching = self._fetching
        if fetching is not None and fetching.done() and fetching.exception() is None:
            self._items += fetching.result()
            self._dry, self._fetching = not fetching.result(), None
        if len(self._items) < self._ahead and not self._dry and self._fetching is None:
            self._fetching = asyncio.create_task(asyncio.to_thread(self._fetch))
        return self._items.popleft() if self._items else None

    async def next(self) -> Item | None:
        """Return the next letter; None when there is none any more."""
        while (item := self.at_hand()) is None and (fetching := self._fetching) is not None:
            # Others wait for it, too: to be cancelled here must not cancel it.
            await asyncio.wait([fetching])
            fetching.result()
        return item

    def put_back(self, item: Item) -> None:
        """Take back a letter that was not tried, to be the next."""
        self._items.appendleft(item)

    async def close(self) -> None:
        """Return once nothing is fetched any more."""
        if self._fetching is not None:
            await asyncio.wait([self._fetching])
            self._fetching.exception()
