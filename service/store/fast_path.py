"""The ledger's fast path: the step in which every outcome is an acceptance, as nearly all are.

It costs little more than its one statement, which goes to the driver itself on a connection that
is kept.
"""

import sqlite3
from collections.abc import Sequence
from functools import cache
from typing import Protocol, cast

from sqlalchemy.engine.interfaces import DBAPIConnection

from service.domain.deliveries import Claim, Settlement
from service.store import tables
from service.store.as_json import as_json
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
        # Few lengths are few statements to prepare.
        rows = 1 << (letters - 1).bit_length()
        values: list[object] = []
        for claim, outcome, _, at, _ in accepted:
            attempts = claim.attempts + 1
            values += (claim.delivery_id, attempts, self._time(at), outcome.code, outcome.text)
        for claim in begins:
            values += (claim.delivery_id, claim.attempts, None, None, None)
        values += [None] * (_COLUMNS * (rows - letters))
        sql = self._connection
        try:
            with self._database.turn(Turn.LEDGER):
                sql.execute("BEGIN IMMEDIATE")
                try:
                    changed = sql.execute(_on_sqlite(rows), (*values, self._worker_id)).rowcount
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
        # Of JSON it expects a hundred rows, for which it would look through all of a small table.
        lock.connection.exec_driver_sql("SET enable_seqscan = off")

    def step(self, accepted: Sequence[Settlement], begins: Sequence[Claim]) -> set[int] | None:
        kept = self._lock.connection
        # The lock's session is gone where SQLAlchemy knows that it is.
        if kept.closed or kept.invalidated:
            return None
        letters: list[dict[str, object]] = [
            {
                "id": claim.delivery_id,
                "attempts": claim.attempts + 1,
                "at": at,
                "code": outcome.code,
                "reply": outcome.text,
            }
            for claim, outcome, _, at, _ in accepted
        ]
        letters += [{"id": claim.delivery_id, "attempts": claim.attempts} for claim in begins]
        cursor = cast(DBAPIConnection, kept.connection.driver_connection).cursor()
        try:
            cursor.execute(_ON_POSTGRESQL, (as_json(letters), self._worker_id))
            changed = set(cursor.fetchall())
        except self._error:
            return None
        return {claim.delivery_id for claim in begins if (claim.delivery_id,) in changed}

    def close(self) -> None:
        """The session is the lock's."""


def _step(given: str, mark: str) -> str:
    """Return the statement for letters that are `given` by id and attempts, those that were
    accepted with the time, code and reply, and for a worker.
    """
    # With `worker_id` alone, PostgreSQL would look through all that the worker has claimed, by its
    # index, instead of finding letters by their ids.
    return (
        "UPDATE delivery SET status = CASE WHEN at IS NULL THEN 'sending' ELSE 'sent' END,"
        " worker_id = CASE WHEN at IS NULL THEN worker_id END,"
        " attempts = delivery.attempts + CASE WHEN at IS NULL THEN 1 ELSE 0 END,"
        " settled_at = at,"
        " reply_code = CASE WHEN at IS NULL THEN reply_code ELSE code END,"
        " reply = CASE WHEN at IS NULL THEN delivery.reply ELSE given.reply END"
        f" FROM {given}"
        " WHERE delivery.id = given.id AND delivery.attempts = given.attempts"
        f" AND worker_id + 0 = {mark}"
        " AND status = CASE WHEN at IS NULL THEN 'queued' ELSE 'sending' END"
    )


@cache
def _on_sqlite(letters: int) -> str:
    """Return the statement for so many letters, each by the values of its columns."""
    columns = ("id", "attempts", "at", "code", "reply")
    row = f"({', '.join('?' * _COLUMNS)})"
    named = ", ".join(f"column{n} AS {name}" for n, name in enumerate(columns, start=1))
    return _step(f"(SELECT {named} FROM (VALUES {', '.join([row] * letters)})) AS given", "?")


_COLUMNS = 5
_ON_POSTGRESQL = (
    _step(
        "json_to_recordset(%s::json)"
        " AS given(id bigint, attempts int, at timestamptz, code int, reply text)",
        "%s",
    )
    + " RETURNING delivery.id"
)
