"""One transaction for all in this process who wait for the same turn to write."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

Result = TypeVar("Result")


class Together:
    """Shares transactions: who waits for a turn takes along whoever else has come by then.

    So however long a turn takes to come, and however many wait, all of them wait for one turn.
    """

    def __init__(self, write: Callable[[], AbstractContextManager[Connection]]) -> None:
        """`write` waits for a turn and gives a transaction, committed at its end."""
        self._write = write
        self._lock = threading.Lock()
        self._waiting: list[_Errand[Any]] = []

    def write(self, apply: Callable[[Connection], Result]) -> Result:
        """Return what `apply` returns, once that is committed; any thread may ask.

        Raises what `apply` raises, having undone just that, or why the transaction failed.
        """
        errand = _Errand(apply)
        with self._lock:
            self._waiting.append(errand)
            first = len(self._waiting) == 1
        if first:
            self._go()
        return errand.outcome()

    def _go(self) -> None:
        errands: list[_Errand[Any]] = []
        trouble: BaseException | None = None
        try:
            with self._write() as connection:
                errands = self._take()
                if len(errands) == 1:
                    errands[0].run(connection)
                else:
                    for errand in errands:
                        errand.run_apart(connection)
        except BaseException as error:
            trouble = error
            errands = errands or self._take()
        for errand in errands:
            errand.end(trouble)

    def _take(self) -> "list[_Errand[Any]]":
        with self._lock:
            errands, self._waiting = self._waiting, []
        return errands


class _Errand(Generic[Result]):
    """What one of those who wait wants written, and what came of it."""

    def __init__(self, apply: Callable[[Connection], Result]) -> None:
        self._apply = apply
        self._ended = threading.Event()
        self._result: Result | None = None
        self._error: BaseException | None = None

    def run(self, connection: Connection) -> None:
        self._result = self._apply(connection)

    def run_apart(self, connection: Connection) -> None:
        """Run, and where that fails undo it; raise where all of the transaction is undone, as
        SQLite does when the disk is full or fails.
        """
        savepoint = connection.begin_nested()
        try:
            self.run(connection)
            savepoint.commit()
        except Exception as error:
            self._error = error
            try:
                savepoint.rollback()
            except DBAPIError:
                raise error from None

    def end(self, trouble: BaseException | None) -> None:
        self._error = self._error or trouble
        self._ended.set()

    def outcome(self) -> Result:
        self._ended.wait()
        if self._error is not None:
            raise self._error
        return cast(Result, self._result)
