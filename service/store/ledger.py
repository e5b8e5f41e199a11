"""The ledger at work: claim, begin, settle, each a conditional UPDATE that only one can win."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, update

from service.domain.deliveries import Claim, Settlement
from service.domain.limits import Limits
from service.domain.policy import TRANSITIONS, Result, Status
from service.store import claims, tables, transitions
from service.store.bulk import bound, given, mark_of, update_many
from service.store.engine import Database, StoreError
from service.store.fast_path import fast_path
from service.store.gate import Gate
from service.store.locks import Lock
from service.store.queue import Queue
from service.store.turns import Turn

_DELIVERY = tables.table(tables.Delivery)


class LostSeat(StoreError):
    """This worker's lock is gone: others may take it for dead, so it must not send."""


class Ledger:
    """What one worker does with the ledger.

    `watch` sees the outcomes of each step within its transaction, and says whether letters may
    still be begun; `gate` keeps claims within limits, if there are any. `note` is told of the last
    letter of each step that was begun, once that is committed.
    """

    def __init__(
        self,
        database: Database,
        worker_id: int,
        lock: Lock,
        watch: Callable[[Connection, Sequence[Settlement]], bool] = lambda *_: True,
        gate: Gate | None = None,
        note: Callable[[Claim], None] = lambda claim: None,
    ) -> None:
        self._database = database
        self._worker_id = worker_id
        self._lock = lock
        self._watch = watch
        self._gate = gate or Gate(Limits())
        self._queue = Queue(self._gate)
        self._reader = claims.ClaimReader(database.engine.dialect)
        self._note = note
        self._fast_path = fast_path(database, worker_id, lock)
        self._may_begin = True

    def claim(self, limit: int, now: datetime) -> list[Claim]:
        """Mark up to `limit` letters as this worker's, the most urgent first; what is held, or
        over a limit, stays.

        A letter that is back in the queue, but whose reader left while it was out, is cancelled.
        """
        more = True
        while more:
            with self._database.write(Turn.LEDGER) as connection:
                taken = self._queue.take(connection, limit, now)
                letters = self._mark(connection, taken.letters, now)
            if letters:
                return self._reader.read(letters)
            more = taken.more
        return []

    def _mark(self, connection: Connection, letters: Sequence[Any], now: datetime) -> list[Any]:
        """Make letters this worker's, but cancel what nobody wants any more; return the others."""
        wanted = [row for row in letters if row.wanted]
        mine = {"worker_id": self._worker_id}
        update_many(connection, _DELIVERY, "id", [row.id for row in wanted], mine)
        if unwanted := [row.id for row in letters if not row.wanted]:
            cancel = transitions.move(Status.QUEUED, Status.CANCELLED, settled_at=now)
            connection.execute(cancel.where(_DELIVERY.c.id.in_(unwanted)))
        return wanted

    def step(self, settlements: Sequence[Settlement], begins: Sequence[Claim]) -> set[int]:
        """Record outcomes and begin letters, in one durable transaction.

        Returns the delivery ids that were begun; one that was cancelled, superseded or taken
        away meanwhile is not among them and must not be sent, and none is where refusals are too
        many. Raises LostSeat, recording nothing, when this worker's lock is gone.
        """
        begun = self._fast_path.step(settlements, begins) if self._plain(settlements) else None
        if begun is None:
            begun = self._step(settlements, begins)
        if begun:
            self._note(next(c for c in reversed(begins) if c.delivery_id in begun))
        return begun

    def close(self) -> None:
        """Give back what was kept for steps."""
        self._fast_path.close()

    def _plain(self, settlements: Sequence[Settlement]) -> bool:
        """Say whether all went well, so that neither the watch nor the gate needs to see it."""
        return (
            self._may_begin
            and not self._gate.recovers
            and all(s.outcome.result is Result.ACCEPTED and s.begun for s in settlements)
        )

    def _step(self, settlements: Sequence[Settlement], begins: Sequence[Claim]) -> set[int]:
        if begins and not self._lock.held():
            raise LostSeat(
                "this sender lost its lock, as when the database ends its connection; it stopped, "
                "and the next run goes on"
            )
        with self._database.write(Turn.LEDGER) as connection:
            self._settle(connection, settlements)
            self._may_begin = self._watch(connection, settlements)
            self._gate.see(connection, settlements)
            return self._begin(connection, begins) if self._may_begin else set()

    def _begin(self, connection: Connection, begun: Sequence[Claim]) -> set[int]:
        """Move letters that are still this worker's from queued to sending; return which were."""
        rows = [(claim.delivery_id, claim.attempts) for claim in begun]
        changes = "status = 'sending', attempts = delivery.attempts + 1"
        return self._change(connection, Status.QUEUED, changes, ("id", "attempts"), rows)

    def _settle(self, connection: Connection, settlements: Sequence[Settlement]) -> None:
        known: list[Settlement] = []
        early: list[Settlement] = []
        for settlement in settlements:
            if settlement.begun:
                known.append(settlement)
            elif settlement.outcome.concerns_route:
                self._postpone(connection, settlement)
            else:
                early.append(settlement)
        settled = self._change(
            connection,
            Status.SENDING,
            _OUTCOME,
            _SETTLED,
            [_settled(connection, settlement) for settlement in known],
        )
        # A letter that was refused before its body passes through `sending` all the same: it
        # counts as one try. Changing a row twice would make PostgreSQL lock its subscriber, for
        # whom somebody who is erasing them waits.
        settled |= self._change(
            connection,
            Status.QUEUED,
            f"{_OUTCOME}, attempts = delivery.attempts + 1",
            _SETTLED,
            [_settled(connection, settlement) for settlement in early],
        )
        known += early
        failed = [
            settlement
            for settlement in known
            if settlement.decision.status is not Status.SENT
            and settlement.claim.delivery_id in settled
        ]
        transitions.log_attempts(connection, [self._try(settlement) for settlement in failed])
        unsent = [
            settlement.claim.delivery_id
            for settlement in failed
            if settlement.decision.status is Status.FAILED and not settlement.begun
        ]
        if unsent:
            transitions.return_papers(connection, _DELIVERY.c.id.in_(unsent))

    def _change(
        self,
        connection: Connection,
        before: Status,
        changes: str,
        columns: Sequence[str],
        rows: Sequence[tuple[Any, ...]],
    ) -> set[int]:
        """Change the letters given by id and attempts, all in one statement, where they are this
        worker's and of that status; return the ids of those.
        """
        if not rows:
            return set()
        head, values = given(connection, _DELIVERY, columns, rows)
        mark = mark_of(connection)
        found = connection.exec_driver_sql(
            f"{head} UPDATE delivery SET {changes} FROM given WHERE delivery.id = given.id"
            f" AND delivery.attempts = given.attempts AND delivery.worker_id = {mark}"
            f" AND delivery.status = {mark} RETURNING delivery.id",
            (*values, self._worker_id, before.value),
        )
        return set(found.scalars())

    def _try(self, settlement: Settlement) -> dict[str, Any]:
        claim, outcome = settlement.claim, settlement.outcome
        return {
            "delivery_id": claim.delivery_id,
            "number": claim.attempts + 1,
            "at": settlement.at,
            "result": outcome.result,
            "stage": outcome.stage,
            "code": outcome.code,
            "reply": outcome.text,
            "worker_id": self._worker_id,
        }

    def _postpone(self, connection: Connection, settlement: Settlement) -> None:
        """Give back a letter that the route's trouble kept from going; it is charged nothing."""
        claim = settlement.claim
        connection.execute(
            update(_DELIVERY)
            .where(
                _DELIVERY.c.id == claim.delivery_id,
                _DELIVERY.c.worker_id == self._worker_id,
                _DELIVERY.c.attempts == claim.attempts,
                _DELIVERY.c.status == Status.QUEUED,
            )
            .values(worker_id=None, next_attempt_at=settlement.decision.next_attempt_at)
        )


_OUTCOME = (
    "status = given.status, worker_id = NULL, reply_code = given.reply_code,"
    " reply = given.reply, settled_at = given.settled_at,"
    " next_attempt_at = coalesce(given.next_attempt_at, delivery.next_attempt_at)"
)
_SETTLED = (
    *("id", "attempts", "status"),
    *("next_attempt_at", "settled_at", "reply_code", "reply"),
)


def _settled(connection: Connection, settlement: Settlement) -> tuple[Any, ...]:
    """Return the values of _SETTLED, as the driver takes them."""
    decision, outcome = settlement.decision, settlement.outcome
    assert decision.status in TRANSITIONS[Status.SENDING], decision
    final = decision.status in (Status.SENT, Status.FAILED)
    times = {
        "next_attempt_at": decision.next_attempt_at,
        "settled_at": settlement.at if final else None,
    }
    return (
        settlement.claim.delivery_id,
        settlement.claim.attempts + settlement.begun,
        decision.status.value,
        *bound(connection, _DELIVERY, times).values(),
        outcome.code,
        outcome.text,
    )
