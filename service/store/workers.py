"""Workers: who delivers, and what becomes of the letters of one that died."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update
from sqlmodel import col

from service.domain.policy import Result, Stage, Status
from service.store import counters, tables, transitions
from service.store.engine import Database
from service.store.locks import Lock
from service.store.turns import Turn

_WORKER = tables.table(tables.Worker)
_DELIVERY = tables.table(tables.Delivery)


@dataclass(frozen=True, slots=True)
class Seat:
    """A worker's number, the lock that says it lives, and how many connections it may have."""

    worker_id: int
    lock: Lock
    connections: int


def sit_down(
    database: Database,
    name: str,
    now: datetime,
    *,
    connections: int = 1,
    of_all: int | None = None,
) -> Seat | None:
    """Enlist a worker and take its lock; None where all connections are taken.

    It wants so many `connections`, of those `of_all` that all workers may have together, if there
    is a limit; the seat tells how many it gets.
    """
    while True:
        with database.write(Turn.LEDGER) as connection:
            if of_all is not None:
                counters.hold(connection, counters.CLAIMS)
                taken = connection.scalar(
                    select(func.sum(_WORKER.c.connections)).where(_WORKER.c.ended_at.is_(None))
                )
                connections = min(connections, of_all - int(taken or 0))
                if connections <= 0:
                    return None
            worker_id = connection.execute(
                insert(_WORKER).returning(_WORKER.c.id),
                {"name": name, "started_at": now, "connections": connections},
            ).scalar_one()
        lock = database.locks.take(_lock_name(worker_id), wait=False)
        # Between the two steps another worker may have taken the free lock and buried us.
        if lock is not None and not _ended(database, worker_id):
            return Seat(worker_id, lock, connections)
        if lock is not None:
            lock.release()


def stand_up(database: Database, seat: Seat, now: datetime) -> None:
    """End a worker in good order: what it had claimed and not begun is free again.

    Where the database fails it, the worker counts as dead from now on.
    """
    try:
        with database.write(Turn.LEDGER) as connection:
            _end(connection, seat.worker_id, now)
    finally:
        seat.lock.release()
    database.locks.forget(_lock_name(seat.worker_id))


def bury_dead(database: Database, now: datetime) -> int:
    """Find workers that died without a word; return how many letters that left uncertain.

    What they had claimed is free again; what they had begun is uncertain, since the server may
    have taken it.
    """
    with database.read() as connection:
        open_ids = list(
            connection.scalars(select(_WORKER.c.id).where(_WORKER.c.ended_at.is_(None)))
        )
    uncertain = 0
    for worker_id in open_ids:
        lock = database.locks.take(_lock_name(worker_id), wait=False)
        if lock is None:
            continue
        try:
            with database.write(Turn.LEDGER) as connection:
                uncertain += _end(connection, worker_id, now)
        finally:
            lock.release()
        database.locks.forget(_lock_name(worker_id))
    return uncertain


def _end(connection: Connection, worker_id: int, now: datetime) -> int:
    mine = _DELIVERY.c.worker_id == worker_id
    connection.execute(
        update(_DELIVERY).where(mine, _DELIVERY.c.status == Status.QUEUED).values(worker_id=None)
    )
    lost = connection.execute(
        update(_DELIVERY)
        .where(mine, _DELIVERY.c.status == Status.SENDING)
        .values(status=Status.UNCERTAIN, worker_id=None)
        .returning(_DELIVERY.c.id, _DELIVERY.c.attempts)
    ).all()
    transitions.log_attempts(
        connection,
        [
            {
                "delivery_id": delivery_id,
                "number": attempts,
                "at": now,
                "result": Result.UNCERTAIN,
                "stage": Stage.BODY,
                "reply": "the worker died while sending",
                "worker_id": worker_id,
            }
            for delivery_id, attempts in lost
        ],
    )
    connection.execute(
        update(_WORKER)
        .where(_WORKER.c.id == worker_id, col(tables.Worker.ended_at).is_(None))
        .values(ended_at=now)
    )
    return len(lost)


def _ended(database: Database, worker_id: int) -> bool:
    with database.read() as connection:
        ended = connection.scalar(select(_WORKER.c.ended_at).where(_WORKER.c.id == worker_id))
    return ended is not None


def _lock_name(worker_id: int) -> str:
    return f"worker-{worker_id}"
