"""The bridge from many connections to one ledger: what is asked together commits together."""

import asyncio
import queue
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple, Protocol

from service.domain.deliveries import Claim, Settlement


class Ledger(Protocol):
    """What a sender needs of the ledger: `claim` in one thread, `step` in another."""

    def claim(self, limit: int, now: datetime) -> list[Claim]:
        """Mark up to `limit` letters that are due as this worker's."""

    def step(self, settlements: Sequence[Settlement], begins: Sequence[Claim]) -> set[int]:
        """Record outcomes and begin letters durably; return the delivery ids begun."""


class _Entry(NamedTuple):
    """What one connection asks for at a time, recorded in one step."""

    settlement: Settlement | None
    begin: Claim | None
    answer: "asyncio.Future[bool]"


class Bookkeeper:
    """Runs the ledger in a thread of its own.

    While one transaction commits, the entries of all connections gather for the next: the
    slower the disk, the larger the groups. An error of the ledger reaches everyone who waits, and
    every later caller: nothing is sent unrecorded. The outcomes it kept from the books are tried
    once more at the end, since what is not on record may be sent twice.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._entries: queue.SimpleQueue[_Entry | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._error: BaseException | None = None
        self._unrecorded: list[Settlement] = []
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()

    def begin(self, claim: Claim, after: Settlement | None = None) -> "asyncio.Future[bool]":
        """Record that the body is about to go out, and the outcome that came before it, in one
        step. The future is done when that is on disk: False when the letter must not be sent.
        """
        return self._ask(after, claim)

    def settle(self, settlement: Settlement) -> "asyncio.Future[bool]":
        """Record an outcome. The future is done when it is on disk; one need not wait for it,
        since what is asked later is never recorded earlier.
        """
        return self._ask(settlement, None)

    async def close(self) -> None:
        """Record all that was asked, then end the thread. Raises what the ledger raised."""
        self._entries.put(None)
        await asyncio.to_thread(self._thread.join)
        if self._error is not None:
            raise self._error

    def _ask(self, settlement: Settlement | None, begin: Claim | None) -> "asyncio.Future[bool]":
        answer: asyncio.Future[bool] = self._loop.create_future()
        # Nobody may ever wait for it; its error comes again when the books close.
        answer.add_done_callback(_heard)
        self._entries.put(_Entry(settlement, begin, answer))
        return answer

    def _run(self) -> None:
        while True:
            entries, last = self._gather()
            if entries:
                self._record(entries)
            if last:
                break
        if self._unrecorded:
            # Whoever waited has heard of the error; if it persists, these stay uncertain.
            with suppress(Exception):
                self._ledger.step(self._unrecorded, ())

    def _gather(self) -> tuple[list[_Entry], bool]:
        entries: list[_Entry] = []
        entry = self._entries.get()
        while entry is not None:
            entries.append(entry)
            try:
                entry = self._entries.get_nowait()
            except queue.Empty:
                return entries, False
        return entries, True

    def _record(self, entries: list[_Entry]) -> None:
        settlements = [entry.settlement for entry in entries if entry.settlement is not None]
        begins = [entry.begin for entry in entries if entry.begin is not None]
        error = self._error
        begun: set[int] = set()
        if error is None:
            try:
                begun = self._ledger.step(settlements, begins)
            except BaseException as failure:
                self._error = error = failure
        if error is not None:
            self._unrecorded += settlements
        self._loop.call_soon_threadsafe(_answer, entries, begun, error)


def _answer(entries: list[_Entry], begun: set[int], error: BaseException | None) -> None:
    for entry in entries:
        if entry.answer.done():
            continue
        if error is not None:
            entry.answer.set_exception(error)
        else:
            entry.answer.set_result(entry.begin is None or entry.begin.delivery_id in begun)


def _heard(answer: "asyncio.Future[bool]") -> None:
    if not answer.cancelled():
        answer.exception()
