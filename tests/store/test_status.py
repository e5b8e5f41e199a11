"""The status table of the ledger: what each operation does to a letter, from each status."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from peers import newsroom
from peers.ledgers import Ledgers
from peers.newsroom import FRIDAY_NOON
from sqlalchemy import Connection

from service import pipeline
from service.domain.policy import TRANSITIONS, Outcome, Status
from service.domain.readers import Consent
from service.installation import Installation
from service.store import letters, subscribers, transitions, workers

LATER = FRIDAY_NOON + timedelta(days=2)

# The table of the design, word for word.
DESIGN = {
    "queued": {"sending", "cancelled", "expired"},
    "sending": {"sent", "queued", "failed", "uncertain"},
    "uncertain": {"queued"},
    "sent": set(),
    "failed": set(),
    "expired": set(),
    "cancelled": set(),
}


def test_the_code_knows_the_status_table_of_the_design() -> None:
    assert {before: set(after) for before, after in TRANSITIONS.items()} == DESIGN
    assert set(Status) == set(DESIGN)


def test_a_move_that_the_table_does_not_have_is_never_written() -> None:
    for before in Status:
        for after in Status:
            if after in TRANSITIONS[before]:
                transitions.move(before, after)
            else:
                with pytest.raises(AssertionError, match="does not become"):
                    transitions.move(before, after)


@pytest.fixture
def ledgers(installation: Installation) -> Iterator[Ledgers]:
    made = Ledgers(installation)
    yield made
    workers.stand_up(installation.database, made.seat, FRIDAY_NOON)


Operation = Callable[[Ledgers], object]


def writing(work: Callable[[Connection], object]) -> Operation:
    def operate(ledgers: Ledgers) -> None:
        with ledgers.installation.database.write() as connection:
            work(connection)

    return operate


def for_each_reader(work: Callable[[Connection, int], object]) -> Operation:
    def operate(ledgers: Ledgers) -> None:
        for reader in ledgers.readers.values():
            with ledgers.installation.database.write() as connection:
                work(connection, reader)

    return operate


def writing_of_each(work: Callable[[Connection, list[int]], object]) -> Operation:
    def operate(ledgers: Ledgers) -> None:
        with ledgers.installation.database.write() as connection:
            work(connection, [claim.delivery_id for claim in ledgers.claims.values()])

    return operate


def settle(outcome: Outcome, *, begun: bool) -> Operation:
    def operate(ledgers: Ledgers) -> None:
        for claim in ledgers.claims.values():
            # A body that was begun counts as a try; the claim remembers the tries before it.
            ledgers.put(claim, attempts=claim.attempts + begun)
            done = newsroom.settlement(claim, outcome, FRIDAY_NOON, begun=begun)
            ledgers.ledger.step([done], [])

    return operate


def begin(ledgers: Ledgers) -> None:
    begun = ledgers.ledger.step([], list(ledgers.claims.values()))
    assert begun == {ledgers.claims[Status.QUEUED].delivery_id}


def worker_dies(ledgers: Ledgers) -> None:
    ledgers.seat.lock.release()
    assert workers.bury_dead(ledgers.installation.database, FRIDAY_NOON) == 1


def everyone_leaves(ledgers: Ledgers) -> None:
    for reader in ledgers.readers.values():
        newsroom.leave(ledgers.installation, reader, FRIDAY_NOON)


def plan_the_next_day(ledgers: Ledgers) -> None:
    newsroom.publish(ledgers.installation, FRIDAY_NOON, "Robots again")
    pipeline.plan(ledgers.installation, FRIDAY_NOON + timedelta(days=1))


Q, S, U = Status.QUEUED, Status.SENDING, Status.UNCERTAIN
OPERATIONS: dict[str, tuple[Operation, dict[Status, Status]]] = {
    "begin": (begin, {Q: S}),
    "accepted": (settle(newsroom.ACCEPTED, begun=True), {S: Status.SENT}),
    "deferred after the body": (settle(newsroom.DEFERRED_AFTER_BODY, begun=True), {S: Q}),
    "refused after the body": (
        settle(newsroom.REFUSED_AFTER_BODY, begun=True),
        {S: Status.FAILED},
    ),
    "lost after the dot": (settle(newsroom.LOST, begun=True), {S: U}),
    "deferred at RCPT": (settle(newsroom.DEFERRED, begun=False), {}),
    "refused at RCPT": (settle(newsroom.REFUSED, begun=False), {Q: Status.FAILED}),
    "the route closes at RCPT": (settle(newsroom.CLOSED, begun=False), {}),
    "the worker dies": (worker_dies, {S: U}),
    "everyone unsubscribes": (everyone_leaves, {Q: Status.CANCELLED}),
    "everyone pauses": (
        for_each_reader(
            lambda connection, reader: subscribers.stop(
                connection, reader, Consent.PAUSED, now=FRIDAY_NOON, source="test"
            )
        ),
        {Q: Status.CANCELLED},
    ),
    "everyone is erased": (
        for_each_reader(
            lambda connection, reader: subscribers.erase(
                connection, reader, now=FRIDAY_NOON, source="test"
            )
        ),
        {Q: Status.CANCELLED},
    ),
    "expire in time": (writing(lambda connection: transitions.expire(connection, FRIDAY_NOON)), {}),
    "expire": (
        writing(lambda connection: transitions.expire(connection, LATER)),
        {Q: Status.EXPIRED},
    ),
    "resend what is uncertain": (writing(transitions.resend_uncertain), {U: Q}),
    "retry": (
        writing_of_each(lambda connection, ids: letters.retry(connection, ids, FRIDAY_NOON)),
        {U: Q},
    ),
    "retry what is out of time": (
        writing_of_each(lambda connection, ids: letters.retry(connection, ids, LATER)),
        {},
    ),
    "cancel": (
        writing_of_each(lambda connection, ids: letters.cancel(connection, ids, FRIDAY_NOON)),
        {Q: Status.CANCELLED},
    ),
    "plan the next day": (plan_the_next_day, {Q: Status.EXPIRED}),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_moves_letters_only_along_the_table(ledgers: Ledgers, name: str) -> None:
    operate, moves = OPERATIONS[name]
    before = {status: ledgers.row(status) for status in Status}
    operate(ledgers)
    assert {status: ledgers.row(status).status for status in Status} == {
        status: moves.get(status, status) for status in Status
    }
    for final in (Status.SENT, Status.FAILED, Status.EXPIRED, Status.CANCELLED):
        untouched = ("settled_at", "reply_code", "reply", "worker_id", "next_attempt_at", "token")
        for column in untouched:
            assert getattr(ledgers.row(final), column) == getattr(before[final], column)
    newsroom.statuses(ledgers.installation)
