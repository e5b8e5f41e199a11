"""Refusals: whom they suppress, when they are too many, and which are of us, not of a reader."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, literal_column, select

from service.domain.breaker import Breaker
from service.domain.deliveries import Settlement
from service.domain.policy import Result, Status
from service.domain.readers import address_hash
from service.domain.replies import Fault, enhanced_code, fault
from service.store import holds, subscribers, suppressions, tables

# How many of the latest tries that failed are looked through for policy rejections.
_TRIES_LOOKED_AT = 5000

WAY_OUT = (
    "See `paperround deliveries list --status failed`. Where the server was wrong, `paperround "
    "suppressions remove --awaiting`; where the addresses are gone, `paperround suppressions "
    "confirm --all`. Then `paperround resume`"
)

_DELIVERY = tables.table(tables.Delivery)
_SUBSCRIBER = tables.table(tables.Subscriber)
_ATTEMPT = tables.table(tables.Attempt)


class Watch:
    """Watches the outcomes of one run as they are recorded, in the same transaction.

    `tripped` holds the breaker's words once it has halted the run; `suppressed` counts whom the
    run suppressed, `policy` the letters refused for what we are, and `policy_reply` is the last
    such reply.
    """

    def __init__(self, breaker: Breaker) -> None:
        self._breaker = breaker
        self.tripped: str | None = None
        self.suppressed = 0
        self.policy = 0
        self.policy_reply = ""

    def is_set(self) -> bool:
        """Say whether the breaker has halted the run."""
        return self.tripped is not None

    def see(self, connection: Connection, settlements: Sequence[Settlement]) -> bool:
        """Suppress whom these outcomes say to; where refusals are too many, hold all letters
        and suppress nobody of late. Returns whether the run may go on.
        """
        refusals = [(s, blamed) for s in settlements if (blamed := fault(s.outcome)) is not None]
        if not refusals:
            return not self.is_set()
        for settlement, blamed in refusals:
            if blamed is Fault.POLICY:
                self.policy += 1
                self.policy_reply = f"{settlement.outcome.code} {settlement.outcome.text}"
            elif blamed is Fault.ADDRESS:
                self.suppressed += _suppress(connection, settlement)
        last = _last_letters(connection, self._breaker.letters)
        if self._breaker.trips(refused=last.refused, letters=last.letters):
            self.tripped = self._trip(connection, last, refusals[-1][0])
        return not self.is_set()

    def _trip(self, connection: Connection, last: "_Last", settlement: Settlement) -> str:
        assert last.first_refused_at is not None
        awaiting = suppressions.doubt(connection, last.first_refused_at)
        self.suppressed = 0
        said = f"{settlement.outcome.code} {enhanced_code(settlement.outcome.text) or ''}".strip()
        words = (
            f"{last.refused:,} of the last {last.letters:,} letters were refused, lastly with "
            f"{said}; nobody was suppressed for it, {awaiting:,} await your word. {WAY_OUT}"
        )
        holds.place(connection, holds.BREAKER, words, settlement.at)
        return words


@dataclass(frozen=True, slots=True)
class _Last:
    letters: int
    refused: int
    first_refused_at: datetime | None


def _last_letters(connection: Connection, limit: int) -> _Last:
    """Count the last letters that were accepted or refused since an admin lifted the breaker."""
    query = (
        select(_DELIVERY.c.status, _DELIVERY.c.settled_at)
        # As a literal: SQLite uses a partial index only for words it can read.
        .where(literal_column("status IN ('sent', 'failed')"))
        # A letter that failed without a reply was refused by no server.
        .where(_DELIVERY.c.reply_code.is_not(None))
        .order_by(_DELIVERY.c.settled_at.desc())
        .limit(limit)
    )
    lifted = holds.lifted_at(connection, holds.BREAKER)
    if lifted is not None:
        query = query.where(_DELIVERY.c.settled_at > lifted)
    rows = connection.execute(query).all()
    refused_at = [row.settled_at for row in rows if row.status == Status.FAILED]
    return _Last(len(rows), len(refused_at), min(refused_at, default=None))


def _suppress(connection: Connection, settlement: Settlement) -> bool:
    """Suppress the reader a letter was for, and cancel what else they have in the queue."""
    subscriber_id = settlement.claim.subscriber_id
    reader = connection.execute(
        select(_SUBSCRIBER.c.email, _SUBSCRIBER.c.address).where(_SUBSCRIBER.c.id == subscriber_id)
    ).one()
    # Some letters go elsewhere, and a reader's address may have changed since this one was claimed.
    if reader.address is None or reader.email != settlement.claim.recipient:
        return False
    outcome = settlement.outcome
    # No more than codes: a server's words often quote the address, which is to be forgotten.
    detail = f"{outcome.code} {enhanced_code(outcome.text)}"
    hashed = address_hash(reader.address)
    suppressions.add(connection, hashed, suppressions.REFUSED, settlement.at, detail)
    subscribers.cancel_queued(connection, subscriber_id, settlement.at)
    return True


@dataclass(frozen=True, slots=True)
class PolicyRefusals:
    """Letters refused of late for what we are (5.7.x), and what was said last."""

    count: int
    last_at: datetime | None
    last_reply: str | None


def for_policy(connection: Connection, now: datetime) -> PolicyRefusals:
    """Return the policy rejections of the last 24 hours."""
    latest = select(_ATTEMPT).order_by(_ATTEMPT.c.id.desc()).limit(_TRIES_LOOKED_AT).subquery()
    of_us = (
        latest.c.result == Result.REFUSED,
        latest.c.reply.like("5.7.%"),
        latest.c.at > now - timedelta(hours=24),
    )
    count = connection.scalar(select(func.count()).select_from(latest).where(*of_us)) or 0
    last = connection.execute(
        select(latest.c.at, latest.c.code, latest.c.reply)
        .where(*of_us)
        .order_by(latest.c.id.desc())
        .limit(1)
    ).first()
    if last is None:
        return PolicyRefusals(0, None, None)
    return PolicyRefusals(count, last.at, f"{last.code} {last.reply}")
