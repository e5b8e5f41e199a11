"""The bridge from many connections to one ledger: what is asked together commits together."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import NamedTuple, Protocol

from service.domain.deliveries import Claim, Settlement

_COMPANY_SECONDS = 0.001


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
    """Runs the ledger in a thread of its own, one step after another.

    While one transaction commits, the entries of all connections gather for the next: the slower
    the disk, the larger the groups. Where the disk is fast, a few entries wait a millisecond for
    company as long as more letters are out than they are: a step for five letters costs little
    more than for one.

    An error of the ledger reaches everyone who waits, and every later caller: nothing is sent
    unrecorded. The outcomes it kept from the books are tried once more at the end, since what is
    not on record may be sent twice.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, "ledger")
        self._entries: list[_Entry] = []
        self._letters_out = 0
        self._step: asyncio.Future[set[int]] | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._error: BaseException | None = None
        self._unrecorded: list[Settlement] = []

    def begin(self, claim: Claim, after: Settlement | None = None) -> "asyncio.Future[bool]":
        """Record that the body is about to go out, and the outcome that came before it, in one
        step. The future is done when that is on disk: False when the letter must not be sent.
        """
        return self._ask(after, claim)

    def settle(self, settlement: Settlement) -> "asyncio.Future[bool]":
        """Record an outcome. The future is done when it is on disk; one need not wait for it,
        since what is asked later is never recorded earlier.
        """
        answer = self._ask(settlement, None)
        # Nobody may ever wait for it; its error comes again when the books close.
        answer.add_done_callback(_heard)
        return answer

    async def close(self) -> None:
        """Record all that was asked, then end the thread. Raises what the ledger raised."""
        if self._step is None:
            self._start()
        while self._step is not None:
            await asyncio.wait([self._step])
        if self._unrecorded:
            # Whoever waited has heard of the error; if it persists, these stay uncertain.
            with suppress(Exception):
                await self._in_thread(self._unrecorded, ())
        self._thread.shutdown()
        if self._error is not None:
            raise self._error

    def _ask(self, settlement: Settlement | None, begin: Claim | None) -> "asyncio.Future[bool]":
        answer: asyncio.Future[bool] = self._loop.create_future()
        self._entries.append(_Entry(settlement, begin, answer))
        if settlement is not None and settlement.begun:
            self._letters_out -= 1
        self._go_on()
        return answer

    def _go_on(self) -> None:
        """Begin the next step, unless one is under way or company is worth waiting for."""
        if self._step is not None or not self._entries:
            return
        if len(self._entries) >= self._letters_out:
            self._start()
        elif self._alarm is None:
            self._alarm = self._loop.call_later(_COMPANY_SECONDS, self._start)

    def _start(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        entries, self._entries = self._entries, []
        if self._error is not None:
            self._answer(entries, set())
        elif entries:
            settlements = [entry.settlement for entry in entries if entry.settlement is not None]
            begins = [entry.begin for entry in entries if entry.begin is not None]
            self._step = self._in_thread(settlements, begins)
            self._step.add_done_callback(partial(self._recorded, entries))

    def _recorded(self, entries: list[_Entry], step: "asyncio.Future[set[int]]") -> None:
        self._step = None
        self._error = step.exception()
        self._answer(entries, set() if self._error else step.result())
        self._go_on()

    def _answer(self, entries: list[_Entry], begun: set[int]) -> None:
        self._letters_out += len(begun)
        for settlement, begin, answer in entries:
            if self._error is not None and settlement is not None:
                self._unrecorded.append(settlement)
            if answer.done():
                continue
            if self._error is not None:
                answer.set_exception(self._error)
            else:
                answer.set_result(begin is None or begin.delivery_id in begun)

    def _in_thread(
        self, settlements: Sequence[Settlement], begins: Sequence[Claim]
    ) -> "asyncio.Future[set[int]]":
        return self._loop.run_in_executor(self._thread, self._ledger.step, settlements, begins)


def _heard(answer: "asyncio.Future[bool]") -> None:
    if not answer.cancelled():
        answer.exception()
