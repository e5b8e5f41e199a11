"""Turns at writing, for SQLite: its own busy handler lets one eager writer starve the rest."""

import heapq
import itertools
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import IntEnum
from typing import Protocol

from service.store.locks import FileLock, FileLocks


class Turn(IntEnum):
    """Who writes first when several wait in one process."""

    LEDGER = 0
    WEB = 1
    BULK = 2


class Turns(Protocol):
    def take(self, turn: Turn) -> AbstractContextManager[None]: ...

    def ledger_waits(self) -> bool:
        """Say whether the ledger waits while we write."""


class FreeForAll:
    """PostgreSQL lets writers write side by side."""

    def take(self, turn: Turn) -> AbstractContextManager[None]:
        return nullcontext()

    def ledger_waits(self) -> bool:
        return False


class OneAtATime:
    """One writer in this process, the most urgent first, and one process at a time (flock)."""

    def __init__(self, locks: FileLocks) -> None:
        self._locks = locks
        self._changed = threading.Condition()
        self._waiting: list[tuple[Turn, int]] = []
        self._busy = False
        self._tickets = itertools.count()

    @contextmanager
    def take(self, turn: Turn) -> Iterator[None]:
        place = (turn, next(self._tickets))
        with self._changed:
            heapq.heappush(self._waiting, place)
            self._changed.wait_for(lambda: not self._busy and self._waiting[0] == place)
            heapq.heappop(self._waiting)
            self._busy = True
        try:
            lock = self._among_processes(turn)
            try:
                yield
            finally:
                lock.release()
        finally:
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def ledger_waits(self) -> bool:
        with self._changed:
            if self._waiting and self._waiting[0][0] is Turn.LEDGER:
                return True
        nobody = self._locks.take("ledger", wait=False)
        if nobody is not None:
            nobody.release()
        return nobody is None

    def _among_processes(self, turn: Turn) -> FileLock:
        """Wait for the turn of other processes; a ledger that waits is there for them to see.

        Bulk work stands in the queue even if the turn is free: who waits is woken only after the
        lock was given back, and by then the next chunk would have taken it again.
        """
        if turn is not Turn.BULK and (free := self._locks.take("turn", wait=False)):
            return free
        with (
            self._held("ledger", shared=True) if turn is Turn.LEDGER else nullcontext(),
            self._held("queue"),
        ):
            lock = self._locks.take("turn")
        assert lock is not None
        return lock

    @contextmanager
    def _held(self, name: str, *, shared: bool = False) -> Iterator[None]:
        lock = self._locks.take(name, shared=shared)
        assert lock is not None
        try:
            yield
        finally:
            lock.release()
