"""The ledger's fast path: the step in which every outcome is an acceptance, as nearly all are.

It costs little more than its one statement, which goes to the driver itself on a connection that
is kept.
"""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Protocol, cast

from sqlalchemy.engine.interfaces import DBAPIConnection

from service.domain.deliveries import Claim, Settlement
from service.store import tables
from service.store.engine import Database
from service.store.locks import AdvisoryLock, Lock
from service.store.turns import Turn

_DELIVERY = tables.table(tables.Delivery)


class FastPath(Protocol):
    def step(self, accepted: Sequence[Settlement], begins: Sequence[Claim]) -> set[int] | None:
        """Record letters that were accepted after they were begun, and begin others, durably.

        Returns the delivery ids that were begun, as the ledger's step does; None where it could
        not be done, and nothing of it stands or this worker's seat is lost.
        """

    def close(self) -> None: ...


def fast_path(database: Database, worker_id: int, lock: Lock) -> FastPath:
    """Return the fast path of the worker who holds the lock."""
    if isinstance(lock, AdvisoryLock):
        return _OnPostgresql(worker_id, lock)
    return _OnSqlite(database, worker_id, lock)


class _OnSqlite:
    """Where the statement does not find each letter as it should be, nothing stands: to learn which
    were would cost every other step half as much again.
    """

    def __init__(self, database: Database, worker_id: int, lock: Lock) -> None:
        self._database = database
        self._worker_id = worker_id
        self._lock = lock
        self._kept = database.engine.raw_connection()
        self._connection = cast(sqlite3.Connection, self._kept.driver_connection)
        settled_at = _DELIVERY.c.settled_at.type.dialect_impl(database.engine.dialect)
        self._time = settled_at.bind_processor(database.engine.dialect)

    def step(self, accepted: Sequence[Settlement], begins: Sequence[Claim]) -> set[int] | None:
        if not self._lock.held():
            return None
        assert self._time is not None
        letters = len(accepted) + len(begins)
        values = _values(accepted, begins, self._time)
        statement = _statement(len(values) // _COLUMNS, "?", ("?",) * _COLUMNS)
        sql = self._connection
        try:
            with self._database.turn(Turn.LEDGER):
                sql.execute("BEGIN IMMEDIATE")
                try:
                    changed = sql.execute(statement, (*values, self._worker_id)).rowcount
                    sql.execute("COMMIT" if changed == letters else "ROLLBACK")
                except BaseException:
                    sql.rollback()
                    raise
        except sqlite3.Error:
            return None
        return {claim.delivery_id for claim in begins} if changed == letters else None

    def close(self) -> None:
        self._kept.close()


class _OnPostgresql:
    """The statement is its own transaction, on the session that holds the worker's lock: where that
    is lost, the step is, too.
    """

    def __init__(self, worker_id: int, lock: AdvisoryLock) -> None:
        self._worker_id = worker_id
        self._lock = lock
        self._error: type[Exception] = lock.connection.dialect.loaded_dbapi.Error
        # To plan it takes as long as to do it, and no values make another plan better.
        lock.connection.exec_driver_sql("SET plan_cache_mode = force_generic_plan")

    def step(self, accepted: Sequence[Settlement], begins: Sequence[Claim]) -> set[int] | None:
        kept = self._lock.connection
        # The lock's session is gone where SQLAlchemy knows that it is.
        if kept.closed or kept.invalidated:
            return None
        values = _values(accepted, begins, lambda at: at)
        statement = _statement(len(values) // _COLUMNS, "%s", _TYPED)
        cursor = cast(DBAPIConnection, kept.connection.driver_connection).cursor()
        try:
            cursor.execute(f"{statement} RETURNING id", (*values, self._worker_id))
            changed = set(cursor.fetchall())
        except self._error:
            return None
        return {claim.delivery_id for claim in begins if (claim.delivery_id,) in changed}

    def close(self) -> None:
        """The session is the lock's."""


def _values(
    accepted: Sequence[Settlement], begins: Sequence[Claim], time: Callable[[datetime], object]
) -> list[object]:
    """Return the values of `_statement`: a letter that is begun has no time."""
    values: list[object] = []
    for claim, outcome, _, at, _ in accepted:
        values += (claim.delivery_id, claim.attempts + 1, time(at), outcome.code, outcome.text)
    for claim in begins:
        values += (claim.delivery_id, claim.attempts, None, None, None)
    letters = len(accepted) + len(begins)
    # Few lengths are few statements to prepare.
    rows = 1 << (letters - 1).bit_length()
    values += [None] * (_COLUMNS * (rows - letters))
    return values


@cache
def _statement(rows: int, mark: str, first: Sequence[str]) -> str:
    """Return the statement for so many letters, each by id, attempts, and the time, code and reply
    of its acceptance, and for the worker behind them. `first` are the marks of the first letter.
    """
    # With `worker_id` alone, PostgreSQL would look through all that the worker has claimed, by its
    # index, instead of finding letters by their ids.
    others = f", ({', '.join([mark] * _COLUMNS)})" * (rows - 1)
    return (
        "UPDATE delivery SET status = CASE WHEN column3 IS NULL THEN 'sending' ELSE 'sent' END,"
        " worker_id = CASE WHEN column3 IS NULL THEN worker_id END,"
        " attempts = attempts + CASE WHEN column3 IS NULL THEN 1 ELSE 0 END,"
        " settled_at = column3,"
        " reply_code = CASE WHEN column3 IS NULL THEN reply_code ELSE column4 END,"
        " reply = CASE WHEN column3 IS NULL THEN reply ELSE column5 END"
        f" FROM (VALUES ({', '.join(first)}){others}) AS given"
        f" WHERE id = column1 AND attempts = column2 AND worker_id + 0 = {mark}"
        " AND status = CASE WHEN column3 IS NULL THEN 'queued' ELSE 'sending' END"
    )


_COLUMNS = 5
# PostgreSQL takes the types of all rows from the first one's.
_TYPED = ("%s::bigint", "%s::int", "%s::timestamptz", "%s::int", "%s::text")
