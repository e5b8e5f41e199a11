"""The ledger at work: claim, begin, settle, each a conditional UPDATE that only one can win."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, exists, insert, or_, select, update
from sqlmodel import col

from service.domain.deliveries import Claim, Kind, Settlement
from service.domain.limits import Limits
from service.domain.policy import TRANSITIONS, Result, Status
from service.domain.readers import Consent, Preferences
from service.domain.selection import unpack
from service.store import clocks, tables, wanted
from service.store.engine import Database, StoreError
from service.store.gate import Gate
from service.store.locks import Lock
from service.store.queue import Queue
from service.store.turns import Turn

_DELIVERY = tables.table(tables.Delivery)
_SUBSCRIBER = tables.table(tables.Subscriber)
_PREFERENCE = tables.table(tables.Preference)


class LostSeat(StoreError):
    """This worker's lock is gone: others may take it for dead, so it must not send."""


def move(before: Status, after: Status, **values: Any) -> Any:
    """Return an UPDATE of deliveries from one status to another that the design allows."""
    assert after in TRANSITIONS[before], f"{before} does not become {after}"
    return update(_DELIVERY).where(_DELIVERY.c.status == before).values(status=after, **values)


class Ledger:
    """What one worker does with the ledger. `claim` and `step` may run side by side.

    `watch` sees the outcomes of each step within its transaction; `gate` keeps claims within
    limits, if there are any. `note` is told of the last letter of each step that was begun, once
    that is committed.
    """

    def __init__(
        self,
        database: Database,
        worker_id: int,
        lock: Lock,
        watch: Callable[[Connection, Sequence[Settlement]], None] = lambda *_: None,
        gate: Gate | None = None,
        note: Callable[[Claim], None] = lambda claim: None,
    ) -> None:
        self._database = database
        self._worker_id = worker_id
        self._lock = lock
        self._watch = watch
        self._gate = gate or Gate(Limits())
        self._queue = Queue(self._gate)
        self._note = note

    def claim(self, limit: int, now: datetime) -> list[Claim]:
        """Mark up to `limit` letters as this worker's, the most urgent first; what is held, or
        over a limit, stays.

        A letter that is back in the queue, but whose reader left while it was out, is cancelled.
        """
        more = True
        while more:
            with self._database.write(Turn.LEDGER) as connection:
                taken = self._queue.take(connection, limit, now)
                rows = self._mark(connection, taken.ids, now) if taken.ids else []
            if rows:
                return [_claim(row) for row in rows]
            more = taken.more
        return []

    def _mark(self, connection: Connection, ids: Sequence[int], now: datetime) -> Sequence[Any]:
        connection.execute(
            move(Status.QUEUED, Status.CANCELLED, settled_at=now).where(
                _DELIVERY.c.id.in_(ids), _unwanted()
            )
        )
        mine = (_DELIVERY.c.id.in_(ids), _DELIVERY.c.status == Status.QUEUED)
        connection.execute(update(_DELIVERY).where(*mine).values(worker_id=self._worker_id))
        return connection.execute(_claims().where(*mine)).all()

    def step(self, settlements: Sequence[Settlement], begins: Sequence[Claim]) -> set[int]:
        """Record outcomes and begin letters, in one durable transaction.

        Returns the delivery ids that were begun; one that was cancelled, superseded or taken
        away meanwhile is not among them and must not be sent. Raises LostSeat, recording
        nothing, when this worker's lock is gone.
        """
        if begins and not self._lock.held():
            raise LostSeat(
                "this sender lost its lock, as when the database ends its connection; it stopped, "
                "and the next run goes on"
            )
        with self._database.write(Turn.LEDGER) as connection:
            for settlement in settlements:
                self._settle(connection, settlement)
            self._watch(connection, settlements)
            self._gate.see(connection, settlements)
            begun = [claim for claim in begins if self._begin(connection, claim)]
        if begun:
            self._note(begun[-1])
        return {claim.delivery_id for claim in begun}

    def _begin(self, connection: Connection, claim: Claim) -> bool:
        return bool(
            connection.execute(
                self._mine(move(Status.QUEUED, Status.SENDING), claim, claim.attempts).values(
                    attempts=_DELIVERY.c.attempts + 1
                )
            ).rowcount
        )

    def _settle(self, connection: Connection, settlement: Settlement) -> None:
        claim, outcome, decision = settlement.claim, settlement.outcome, settlement.decision
        if outcome.concerns_route and not settlement.begun:
            self._postpone(connection, settlement)
            return
        # A letter that was refused before its body passes through `sending` all the same: it
        # counts as one try.
        if not settlement.begun and not self._begin(connection, claim):
            return
        values: dict[str, Any] = {
            "worker_id": None,
            "reply_code": outcome.code,
            "reply": outcome.text,
        }
        if decision.next_attempt_at is not None:
            values["next_attempt_at"] = decision.next_attempt_at
        if decision.status in (Status.SENT, Status.FAILED):
            values["settled_at"] = settlement.at
        statement = self._mine(
            move(Status.SENDING, decision.status, **values), claim, claim.attempts + 1
        )
        if not connection.execute(statement).rowcount or decision.status is Status.SENT:
            return
        log_attempts(
            connection,
            [
                {
                    "delivery_id": claim.delivery_id,
                    "number": claim.attempts + 1,
                    "at": settlement.at,
                    "result": outcome.result,
                    "stage": outcome.stage,
                    "code": outcome.code,
                    "reply": outcome.text,
                    "worker_id": self._worker_id,
                }
            ],
        )
        if decision.status is Status.FAILED and not settlement.begun:
            return_papers(connection, _DELIVERY.c.id == claim.delivery_id)

    def _postpone(self, connection: Connection, settlement: Settlement) -> None:
        """Give back a letter that the route's trouble kept from going; it is charged nothing."""
        values: dict[str, Any] = {"worker_id": None}
        if settlement.decision.next_attempt_at is not None:
            values["next_attempt_at"] = settlement.decision.next_attempt_at
        claim = settlement.claim
        connection.execute(
            self._mine(update(_DELIVERY), claim, claim.attempts)
            .where(_DELIVERY.c.status == Status.QUEUED)
            .values(**values)
        )

    def _mine(self, statement: Any, claim: Claim, attempts: int) -> Any:
        return statement.where(
            _DELIVERY.c.id == claim.delivery_id,
            _DELIVERY.c.worker_id == self._worker_id,
            _DELIVERY.c.attempts == attempts,
        )


def expire(connection: Connection, now: datetime) -> int:
    """Expire the queued letters whose time is over; return how many.

    The papers of a digest of which no body was ever sent are offered again.
    """
    expired = list(
        connection.scalars(
            move(Status.QUEUED, Status.EXPIRED, settled_at=now, worker_id=None)
            .where(
                _DELIVERY.c.id.in_(
                    # One that a worker begins right now is not waited for: it may wait for us.
                    select(_DELIVERY.c.id)
                    .where(_DELIVERY.c.status == Status.QUEUED, _DELIVERY.c.expires_at <= now)
                    .with_for_update(skip_locked=True)
                )
            )
            .returning(_DELIVERY.c.id)
        )
    )
    if expired:
        return_papers(connection, _DELIVERY.c.id.in_(expired))
    return len(expired)


def resend_uncertain(connection: Connection) -> int:
    """Queue every uncertain letter again, byte for byte the same; return how many."""
    count: int = connection.execute(move(Status.UNCERTAIN, Status.QUEUED)).rowcount
    return count


def _unwanted() -> Any:
    """Return the condition under which a letter may no longer go to its reader."""
    kind, status = _DELIVERY.c.kind, _SUBSCRIBER.c.status
    wanted = exists().where(
        _SUBSCRIBER.c.id == _DELIVERY.c.subscriber_id,
        _SUBSCRIBER.c.email.is_not(None),
        or_(
            kind.in_((Kind.GOODBYE, Kind.MOVED)),
            and_(kind.in_((Kind.DIGEST, Kind.WELCOME)), status == Consent.ACTIVE),
            and_(
                kind.in_((Kind.PREFERENCES, Kind.ADDRESS)),
                status.in_((Consent.ACTIVE, Consent.PAUSED)),
            ),
            and_(kind == Kind.CONFIRM, status != Consent.UNSUBSCRIBED),
            and_(kind == Kind.ACCOUNT, status != Consent.PENDING),
        ),
    )
    return ~wanted


def log_attempts(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Keep tries that did not end in acceptance."""
    if rows:
        connection.execute(insert(tables.Attempt), rows)


def return_papers(connection: Connection, which: Any) -> None:
    """Offer the papers of digests again, save of those that were ever uncertain, which may have
    been read, or that a later digest stands beside, which would come twice.
    """
    attempt = tables.Attempt
    uncertain = exists().where(
        col(attempt.delivery_id) == _DELIVERY.c.id, col(attempt.result) == Result.UNCERTAIN
    )
    later = _DELIVERY.alias("later")
    outlived = exists().where(
        later.c.subscriber_id == _DELIVERY.c.subscriber_id,
        later.c.kind == Kind.DIGEST,
        later.c.id > _DELIVERY.c.id,
        later.c.status.in_((Status.QUEUED, Status.SENDING, Status.UNCERTAIN, Status.SENT)),
    )
    rows = connection.execute(
        select(_DELIVERY.c.subscriber_id, _DELIVERY.c.seq_from).where(
            which, _DELIVERY.c.kind == Kind.DIGEST, ~uncertain, ~outlived
        )
    )
    clocks.put_back(connection, dict(rows.all()))


def _claims() -> Any:
    return (
        select(
            _DELIVERY,
            _SUBSCRIBER.c.email,
            _SUBSCRIBER.c.domain,
            _SUBSCRIBER.c.confirmed_at,
            _SUBSCRIBER.c.unsubscribe_token,
            *wanted.LETTER_COLUMNS,
        )
        .join(_SUBSCRIBER, _SUBSCRIBER.c.id == _DELIVERY.c.subscriber_id)
        .outerjoin(_PREFERENCE, _PREFERENCE.c.id == _DELIVERY.c.preference_id)
        .order_by(_DELIVERY.c.priority, _DELIVERY.c.next_attempt_at, _DELIVERY.c.id)
    )


def _claim(row: Any) -> Claim:
    return Claim(
        delivery_id=row.id,
        subscriber_id=row.subscriber_id,
        kind=Kind(row.kind),
        token=row.token.hex(),
        recipient=row.recipient or row.email,
        domain=row.domain,
        preference_id=row.preference_id,
        preferences=Preferences() if row.timezone is None else wanted.letter_of(row),
        asked_at=row.confirmed_at,
        slots=row.slots or {},
        local_date=row.local_date,
        selection=unpack(row.selection),
        planned_at=row.planned_at,
        attempts=row.attempts,
        unsubscribe_token=row.unsubscribe_token,
    )
