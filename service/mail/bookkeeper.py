"""The bridge from many connections to one ledger: requests made together commit together."""

import asyncio
import queue
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from service.domain.deliveries import Claim, Settlement


class Ledger(Protocol):
    """What a sender needs of the ledger. It is called from one thread only."""

    def claim(self, limit: int, now: datetime) -> list[Claim]:
        """Mark up to `limit` letters that are due as this worker's."""

    def step(self, settlements: Sequence[Settlement], begins: Sequence[Claim]) -> set[int]:
        """Record outcomes and begin letters durably; return the delivery ids begun."""


_Request = tuple[Settlement | Claim, "asyncio.Future[bool]"]


class Bookkeeper:
    """Runs the ledger in a thread of its own.

    While one transaction commits, the requests of all connections gather for the next: the
    slower the disk, the larger the groups. An error of the ledger reaches everyone who waits, and
    every later caller: nothing is sent unrecorded. The outcomes it kept from the books are tried
    once more at the end, since what is not on record may be sent twice.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._error: BaseException | None = None
        self._unrecorded: list[Settlement] = []
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()

    async def begin(self, claim: Claim) -> bool:
        """Record that the body is about to go out; False when the letter must not be sent."""
        return await self._ask(claim)

    def settle(self, settlement: Settlement) -> "asyncio.Future[bool]":
        """Record an outcome. The future is done when it is on disk; one need not wait for it,
        since what is asked later is never recorded earlier.
        """
        return self._ask(settlement)

    async def close(self) -> None:
        """Record all that was asked, then end the thread. Raises what the ledger raised."""
        self._requests.put(None)
        await asyncio.to_thread(self._thread.join)
        if self._error is not None:
            raise self._error

    def _ask(self, what: Settlement | Claim) -> "asyncio.Future[bool]":
        future: asyncio.Future[bool] = self._loop.create_future()
        # A settlement's future may never be awaited; its error comes again when the books close.
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._requests.put((what, future))
        return future

    def _run(self) -> None:
        while True:
            requests, last = self._gather()
            if requests:
                self._record(requests)
            if last:
                break
        if self._unrecorded:
            # Whoever waited has heard of the error; if it persists, these stay uncertain.
            with suppress(Exception):
                self._ledger.step(self._unrecorded, ())

    def _gather(self) -> tuple[list[_Request], bool]:
        requests: list[_Request] = []
        request = self._requests.get()
        while request is not None:
            requests.append(request)
            try:
                request = self._requests.get_nowait()
            except queue.Empty:
                return requests, False
        return requests, True

    def _record(self, requests: list[_Request]) -> None:
        settlements = [what for what, _ in requests if isinstance(what, Settlement)]
        begins = [what for what, _ in requests if isinstance(what, Claim)]
        error = self._error
        begun: set[int] = set()
        if error is None:
            try:
                begun = self._ledger.step(settlements, begins)
            except BaseException as failure:
                self._error = error = failure
        if error is not None:
            self._unrecorded += settlements
        self._loop.call_soon_threadsafe(_answer, requests, begun, error)


def _answer(requests: list[_Request], begun: set[int], error: BaseException | None) -> None:
    for what, future in requests:
        if future.done():
            continue
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(isinstance(what, Settlement) or what.delivery_id in begun)
