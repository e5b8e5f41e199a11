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

    def wanted(self) -> bool:
        """Say whether another waits while we write."""


class FreeForAll:
    """PostgreSQL lets writers write side by side."""

    def take(self, turn: Turn) -> AbstractContextManager[None]:
        return nullcontext()

    def wanted(self) -> bool:
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
            lock = self._locks.take("turn", wait=False) or self._queue()
            try:
                yield
            finally:
                lock.release()
        finally:
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def wanted(self) -> bool:
        with self._changed:
            if self._waiting:
                return True
        nobody = self._locks.take("queue", wait=False)
        if nobody is not None:
            nobody.release()
        return nobody is None

    def _queue(self) -> FileLock:
        """Wait for the turn of another process, for it to see."""
        queue = self._locks.take("queue", shared=True)
        try:
            lock = self._locks.take("turn")
        finally:
            if queue is not None:
                queue.release()
        assert lock is not None
        return lock
