"""The ledger's fast path: the step in which every outcome is an acceptance, as nearly all are.

It costs little more than its statements, which go to the driver itself on a connection that is
kept.
"""

import sqlite3
from collections.abc import Sequence
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
    """One statement for all letters. Where it does not find each of them as it should be, nothing
    stands: to learn which were would cost every other step half as much again.
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
        time = self._time
        assert time is not None
        values: list[object] = []
        for each in accepted:
            claim, outcome = each.claim, each.outcome
            values += (claim.delivery_id, claim.attempts + 1, time(each.at))
            values += (outcome.code, outcome.text)
        for claim in begins:
            values += (claim.delivery_id, claim.attempts, None, None, None)
        letters = len(accepted) + len(begins)
        # Few lengths are few statements to prepare.
        rows = 1 << (letters - 1).bit_length()
        values += (None,) * (5 * (rows - letters))
        values.append(self._worker_id)
        sql = self._connection
        try:
            with self._database.turn(Turn.LEDGER):
                sql.execute("BEGIN IMMEDIATE")
                try:
                    whole = sql.execute(_changes(rows), values).rowcount == letters
                    sql.execute("COMMIT" if whole else "ROLLBACK")
                except BaseException:
                    sql.rollback()
                    raise
        except sqlite3.Error:
            return None
        return {claim.delivery_id for claim in begins} if whole else None

    def close(self) -> None:
        self._kept.close()


@cache
def _changes(rows: int) -> str:
    """Return the statement for so many letters, each by id, attempts, and time, code and reply of
    its acceptance: one without a time is begun, one without an id is none.
    """
    given = ", ".join(["(?, ?, ?, ?, ?)"] * rows)
    return (
        "UPDATE delivery SET status = iif(column3 IS NULL, 'sending', 'sent'),"
        " worker_id = iif(column3 IS NULL, worker_id, NULL),"
        " attempts = attempts + (column3 IS NULL), settled_at = column3,"
        " reply_code = iif(column3 IS NULL, reply_code, column4),"
        " reply = iif(column3 IS NULL, reply, column5)"
        f" FROM (VALUES {given}) WHERE id = column1 AND attempts = column2 AND worker_id = ?"
        " AND status = iif(column3 IS NULL, 'queued', 'sending')"
    )


class _OnPostgresql:
    """One statement, which is its own transaction, on the session that holds the worker's lock:
    where that is lost, the step is, too.
    """

    def __init__(self, worker_id: int, lock: AdvisoryLock) -> None:
        self._worker_id = worker_id
        self._lock = lock
        self._error: type[Exception] = lock.connection.dialect.loaded_dbapi.Error

    def step(self, accepted: Sequence[Settlement], begins: Sequence[Claim]) -> set[int] | None:
        values = {
            "worker": self._worker_id,
            "ids": [s.claim.delivery_id for s in accepted],
            "tries": [s.claim.attempts + 1 for s in accepted],
            "times": [s.at for s in accepted],
            "codes": [s.outcome.code for s in accepted],
            "replies": [s.outcome.text for s in accepted],
            "begin_ids": [claim.delivery_id for claim in begins],
            "begin_tries": [claim.attempts for claim in begins],
        }
        kept = self._lock.connection
        # The lock's session is gone where SQLAlchemy knows that it is.
        if kept.closed or kept.invalidated:
            return None
        driver = cast(DBAPIConnection, kept.connection.driver_connection)
        cursor = driver.cursor()
        try:
            cursor.execute(_STEP, values)
            return {row[0] for row in cursor.fetchall()}
        except self._error:
            return None

    def close(self) -> None:
        """The session is the lock's."""


_STEP = """
    WITH accepted AS (
        UPDATE delivery SET status = 'sent', worker_id = NULL, settled_at = given.at,
        reply_code = given.code, reply = given.reply
        FROM unnest(
            %(ids)s::bigint[], %(tries)s::int[], %(times)s::timestamptz[], %(codes)s::int[],
            %(replies)s::text[]
        ) AS given(id, attempts, at, code, reply)
        WHERE delivery.id = given.id AND delivery.attempts = given.attempts
        AND delivery.worker_id = %(worker)s AND delivery.status = 'sending'
    )
    UPDATE delivery SET status = 'sending', attempts = delivery.attempts + 1
    FROM unnest(%(begin_ids)s::bigint[], %(begin_tries)s::int[]) AS given(id, attempts)
    WHERE delivery.id = given.id AND delivery.attempts = given.attempts
    AND delivery.worker_id = %(worker)s AND delivery.status = 'queued'
    RETURNING delivery.id
"""
