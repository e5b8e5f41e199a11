"""The bridge from many connections to one ledger: what is asked together commits together."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter
from typing import Protocol

from service.domain.deliveries import Claim, Settlement

_LEAST_COMPANY_SECONDS = 0.001


class Ledger(Protocol):
    """What a sender needs of the ledger."""

    def claim(self, limit: int, now: datetime) -> list[Claim]:
        """Mark up to `limit` letters that are due as this worker's."""

    def step(self, settlements: Sequence[Settlement], begins: Sequence[Claim]) -> set[int]:
        """Record outcomes and begin letters durably; return the delivery ids begun."""


@dataclass(slots=True)
class _Step:
    """What is recorded together; `done` gives the delivery ids begun."""

    done: asyncio.Future[set[int]]
    settlements: list[Settlement] = field(default_factory=list)
    begins: list[Claim] = field(default_factory=list)


class Bookkeeper:
    """Takes the ledger step by step, for all connections at once.

    A step for ten letters costs little more than for one, most of all where the disk is slow. So
    entries wait for company until every letter that is out is back, but no longer than the last
    step took, or a millisecond where that was less. A step is taken on the event loop: who sends
    waits for it anyway, and a thread of its own would wait for the interpreter longer than for the
    disk.

    An error of the ledger reaches everyone who waits, and every later caller: nothing is sent
    unrecorded. The outcomes it kept from the books are tried once more at the end, since what is
    not on record may be sent twice.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._loop = asyncio.get_running_loop()
        self._next: _Step | None = None
        self._letters_out = 0
        self._step_seconds = 0.0
        self._alarm: asyncio.Handle | None = None
        self._error: Exception | None = None
        self._unrecorded: list[Settlement] = []

    def begin(self, claim: Claim, after: Settlement | None = None) -> asyncio.Future[set[int]]:
        """Record that the body is about to go out, and the outcome that came before it, in one
        step. The future is done when that is on disk, with the ids of all letters of the step that
        may be sent.
        """
        return self._ask(after, claim)

    def settle(self, settlement: Settlement) -> asyncio.Future[set[int]]:
        """Record an outcome. The future is done when it is on disk; one need not wait for it,
        since what is asked later is never recorded earlier.
        """
        return self._ask(settlement, None)

    def close(self) -> None:
        """Record all that was asked. Raises what the ledger raised."""
        self._record()
        if self._unrecorded:
            # Whoever waited has heard of the error; if it persists, these stay uncertain.
            with suppress(Exception):
                self._ledger.step(self._unrecorded, ())
        if self._error is not None:
            raise self._error

    def _ask(self, settlement: Settlement | None, begin: Claim | None) -> asyncio.Future[set[int]]:
        if self._next is None:
            self._next = _Step(self._loop.create_future())
        step = self._next
        if settlement is not None:
            step.settlements.append(settlement)
            self._letters_out -= settlement.begun
        if begin is not None:
            step.begins.append(begin)
        if not self._letters_out:
            self._record()
        elif self._alarm is None:
            company = max(_LEAST_COMPANY_SECONDS, self._step_seconds)
            self._alarm = self._loop.call_later(company, self._ring)
        return step.done

    def _ring(self) -> None:
        # The loop looks at its clock before it goes on with letters whose replies it has read: they
        # are company, too.
        self._alarm = self._loop.call_soon(self._record)

    def _record(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        step, self._next = self._next, None
        if step is None:
            return
        begun: set[int] = set()
        if self._error is None:
            started = perf_counter()
            try:
                begun = self._ledger.step(step.settlements, step.begins)
            except Exception as error:
                self._error = error
            self._step_seconds = perf_counter() - started
            self._letters_out += len(begun)
        if self._error is not None:
            self._unrecorded += step.settlements
        if step.done.cancelled():
            return
        if self._error is None:
            step.done.set_result(begun)
        else:
            step.done.set_exception(self._error)
            # Maybe nobody waits for it; the error comes again when the books close.
            step.done.exception()
