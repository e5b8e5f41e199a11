"""The database: how to open it, read it, and write to it in turn."""

import itertools
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from pydantic_core import from_json
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL

from service.store.as_json import as_json
from service.store.locks import AdvisoryLocks, FileLocks
from service.store.together import Together
from service.store.turns import FreeForAll, OneAtATime, Turn, Turns

# Begins a transaction as a writer; SQLite must know before the first statement.
_WRITING = "paperround_writing"

# Nobody else can write to SQLite meanwhile; PostgreSQL keeps the rows locked that were written.
SQLITE_CHUNK_SECONDS, POSTGRESQL_CHUNK_SECONDS = 0.04, 0.2
FIRST_CHUNK = 100
LARGEST_CHUNK = 4000

Item = TypeVar("Item")
Result = TypeVar("Result")


class StoreError(Exception):
    """The database cannot be used as it is; the message says what to do."""


class Pace:
    """How many items one short transaction takes, as those before it showed, and when."""

    def __init__(
        self,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._seconds = seconds
        self.clock = clock
        self._sleep = sleep
        self._not_before = clock()
        self.size = FIRST_CHUNK

    def wait(self) -> None:
        if (early := self._not_before - self.clock()) > 0:
            self._sleep(early)

    def learn(self, count: int, began: float, *, pause: bool) -> None:
        """Learn from a transaction of that many items that just ended; with `pause`, the next one
        is to wait as long.
        """
        ended = self.clock()
        took = ended - began
        fit = int(count * self._seconds / max(took, 1e-6))
        # A few that were left over say little, unless even they took too long.
        if count == self.size or fit < count:
            self.size = min(max(fit, 10), LARGEST_CHUNK)
        self._not_before = ended + took if pause else ended


class Database:
    """One database, and the locks kept with it."""

    def __init__(self, url: URL) -> None:
        """Prepare the database at `url`; nothing is opened yet.

        Raises StoreError when the folder of an embedded database does not exist, or the driver of
        PostgreSQL is not installed.
        """
        self.embedded: Path | None = None
        self.locks: FileLocks | AdvisoryLocks
        self._turns: Turns
        if url.get_backend_name() == "sqlite":
            self.embedded = Path(url.database or "").absolute()
            if not self.embedded.parent.is_dir():
                raise StoreError(f"there is no folder {self.embedded.parent} for the database")
            self.engine = create_engine(
                url,
                connect_args={"timeout": 30},
                hide_parameters=True,
                json_serializer=as_json,
                json_deserializer=from_json,
            )
            self._reading = self.engine
            event.listen(self.engine, "connect", _set_up_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
            self.locks = FileLocks(self.embedded.with_name(self.embedded.name + "-locks"))
            self._turns = OneAtATime(self.locks)
            self._together: Together | None = Together(self.write)
        else:
            if find_spec("psycopg") is None:
                raise StoreError("PostgreSQL needs: pip install 'paperround[postgres]'")
            self.engine = create_engine(
                url,
                pool_pre_ping=True,
                hide_parameters=True,
                json_serializer=as_json,
                json_deserializer=from_json,
                connect_args={
                    "connect_timeout": 10,
                    # The server notices a dead worker's connection, and so frees its lock, soon.
                    "options": "-c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5"
                    " -c tcp_keepalives_count=3",
                },
            )
            event.listen(self.engine, "connect", _set_up_postgresql)
            # By default each statement would see a newer state than the one before it.
            self._reading = self.engine.execution_options(isolation_level="REPEATABLE READ")
            self.locks = AdvisoryLocks(self.engine)
            self._turns = FreeForAll()
            # They need not wait for a turn, and would wait for each other's rows the longer.
            self._together = None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the database."""
        with self._reading.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self, turn: Turn = Turn.WEB) -> Iterator[Connection]:
        """Give a connection whose transaction commits at the end, or undoes all on an error."""
        with self._turns.take(turn), self.engine.connect() as connection:
            writer = connection.execution_options(**{_WRITING: True})
            with writer.begin():
                yield writer

    def write_together(self, apply: Callable[[Connection], Result]) -> Result:
        """Apply in a transaction, and return or raise what `apply` does, when that is on disk.

        On SQLite it is shared with all who wait for their turn at that moment, so that they wait
        for one turn however many they are; what `apply` does must fit beside such others.
        """
        if self._together is not None:
            return self._together.write(apply)
        with self.write() as connection:
            return apply(connection)

    def pace(self) -> Pace:
        """Return the pace at which many items are to be written here."""
        return Pace(POSTGRESQL_CHUNK_SECONDS if self.embedded is None else SQLITE_CHUNK_SECONDS)

    def write_in_chunks(
        self,
        items: Iterable[Item],
        apply: Callable[[Connection, Sequence[Item]], Result],
        pace: Pace | None = None,
    ) -> Iterator[Result]:
        """Apply the items in short transactions, in order, and yield each one's result.

        Each is short, as its `pace` says, which may be kept from call to call. On SQLite others
        get their turns between them. The ledger has more to write as soon as its step is
        done: when it waits at a transaction's end, as long a pause follows. Items that are made
        on demand are made in it.
        """
        remaining, pace = iter(items), pace or self.pace()
        while chunk := list(itertools.islice(remaining, pace.size)):
            pace.wait()
            with self.write(Turn.BULK) as connection:
                began = pace.clock()
                result = apply(connection, chunk)
                ledger_waits = self._turns.ledger_waits()
            pace.learn(len(chunk), began, pause=ledger_waits)
            yield result

    def turn(self, turn: Turn) -> AbstractContextManager[None]:
        """Give the turn to write, to whoever begins a transaction without `write`."""
        return self._turns.take(turn)

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Hold the lock of that name, so that one process at a time does the work within."""
        lock = self.locks.take(name)
        assert lock is not None
        try:
            yield
        finally:
            lock.release()

    def close(self) -> None:
        self.engine.dispose()


def _set_up_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # Python's own BEGIN is deferred: two writers would then lose updates or deadlock.
    connection.isolation_level = None
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "busy_timeout = 30000",
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _set_up_postgresql(connection: Any, _record: Any) -> None:
    # Its driver is an extra, which an installation on SQLite may do without.
    from service.store.arrays import take_arrays

    take_arrays(connection)


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get(_WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
