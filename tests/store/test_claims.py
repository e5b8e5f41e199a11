"""Claiming letters, and what is charged to whom when they come back."""

from collections.abc import Iterator
from datetime import UTC, timedelta

import pytest
from peers import newsroom
from peers.ledgers import Ledgers
from peers.newsroom import FRIDAY_NOON
from sqlalchemy.exc import IntegrityError

from service.domain.deliveries import Kind
from service.domain.policy import Outcome, Result, Stage, Status
from service.domain.readers import Consent
from service.installation import Installation
from service.store import subscribers, transitions, workers

LATER = FRIDAY_NOON + timedelta(hours=1)
Q, S, U = Status.QUEUED, Status.SENDING, Status.UNCERTAIN


@pytest.fixture
def ledgers(installation: Installation) -> Iterator[Ledgers]:
    made = Ledgers(installation)
    yield made
    workers.stand_up(installation.database, made.seat, FRIDAY_NOON)


def test_only_what_is_queued_and_free_is_ever_claimed(ledgers: Ledgers) -> None:
    assert ledgers.ledger.claim(10, LATER) == []
    workers.bury_dead(ledgers.installation.database, LATER)
    assert ledgers.ledger.claim(10, LATER) == [], "this worker lives, and holds what it claimed"
    ledgers.put(ledgers.claims[Q], worker_id=None)
    assert [c.delivery_id for c in ledgers.ledger.claim(10, LATER)] == [
        ledgers.claims[Q].delivery_id
    ]


def test_a_claim_says_when_and_for_whom_in_the_words_of_the_domain(ledgers: Ledgers) -> None:
    claim = ledgers.claims[Q]
    assert (claim.kind, claim.recipient) == (Kind.DIGEST, f"{Q}@example.org")
    assert (claim.local_date, claim.slots) == (FRIDAY_NOON.date(), {})
    assert (claim.planned_at, claim.planned_at.tzinfo) == (FRIDAY_NOON, UTC)
    assert (claim.asked_at, claim.asked_at and claim.asked_at.tzinfo) == (FRIDAY_NOON, UTC)
    with ledgers.installation.database.read() as connection:
        reader = subscribers.by_id(connection, claim.subscriber_id)
    assert reader is not None
    assert claim.preferences == reader.preferences
    assert claim.unsubscribe_token == reader.unsubscribe_token


def test_a_worker_that_stops_in_good_order_frees_its_claims(installation: Installation) -> None:
    made = Ledgers(installation)
    workers.stand_up(installation.database, made.seat, FRIDAY_NOON)
    assert (made.row(Q).status, made.row(Q).worker_id) == ("queued", None)
    assert (made.row(S).status, made.row(S).worker_id) == ("uncertain", None)


def test_a_letter_refused_before_its_body_counts_as_one_try_and_is_on_record(
    ledgers: Ledgers,
) -> None:
    refused = newsroom.settlement(ledgers.claims[Q], newsroom.REFUSED, FRIDAY_NOON, begun=False)
    ledgers.ledger.step([refused], [])
    row = ledgers.row(Q)
    assert (row.status, row.attempts, ledgers.tries_on_record()) == ("failed", 1, 1)
    assert (row.reply_code, row.reply) == (550, "5.1.1 Nobody here")
    assert row.settled_at == FRIDAY_NOON


def test_a_letter_deferred_before_its_body_waits_and_counts_as_one_try(ledgers: Ledgers) -> None:
    deferred = newsroom.settlement(ledgers.claims[Q], newsroom.DEFERRED, FRIDAY_NOON, begun=False)
    ledgers.ledger.step([deferred], [])
    row = ledgers.row(Q)
    assert (row.status, row.attempts, ledgers.tries_on_record()) == ("queued", 1, 1)
    assert row.worker_id is None
    assert row.next_attempt_at == FRIDAY_NOON + timedelta(minutes=5)


def test_trouble_of_the_route_charges_nobody(ledgers: Ledgers) -> None:
    trouble = Outcome(Result.DEFERRED, Stage.CONNECT, None, "connection refused")
    ledgers.ledger.step(
        [newsroom.settlement(ledgers.claims[Q], trouble, FRIDAY_NOON, begun=False)], []
    )
    row = ledgers.row(Q)
    assert (row.status, row.attempts, row.worker_id) == ("queued", 0, None)
    assert ledgers.tries_on_record() == 0


def test_a_stale_claim_neither_begins_nor_settles(ledgers: Ledgers) -> None:
    claim = ledgers.claims[Q]
    with newsroom.at_work(ledgers.installation, FRIDAY_NOON) as other:
        ledgers.put(claim, worker_id=None)
        assert other.claim(1, FRIDAY_NOON) == [claim]
        assert ledgers.ledger.step([], [claim]) == set(), "another worker has it"
    ledgers.put(claim, worker_id=ledgers.seat.worker_id, attempts=1)
    assert ledgers.ledger.step([], [claim]) == set(), "it was tried since"
    assert ledgers.row(Q).status == "queued"
    ledgers.put(claim, status="sending", attempts=5)
    done = newsroom.settlement(claim, newsroom.ACCEPTED, FRIDAY_NOON, begun=True)
    ledgers.ledger.step([done], [])
    assert ledgers.row(Q).status == "sending", "the outcome is of an older try"


def test_two_workers_never_claim_the_same_letter(installation: Installation) -> None:
    made = Ledgers(installation)
    for status, claim in made.claims.items():
        made.put(claim, status=Q, worker_id=None)
        assert made.row(status).status == "queued"
    with newsroom.at_work(installation, FRIDAY_NOON) as other:
        five, rest = other.claim(5, FRIDAY_NOON), made.ledger.claim(10, FRIDAY_NOON)
        assert [len(five), len(rest)] == [5, 2]
        assert {c.delivery_id for c in five}.isdisjoint(c.delivery_id for c in rest)
    workers.stand_up(installation.database, made.seat, FRIDAY_NOON)


def test_the_database_itself_refuses_a_status_it_does_not_know(ledgers: Ledgers) -> None:
    with pytest.raises(IntegrityError):
        ledgers.put(ledgers.claims[Q], status="delivered")


def test_a_letter_back_in_the_queue_does_not_go_to_one_who_left_meanwhile(
    ledgers: Ledgers,
) -> None:
    claim = ledgers.claims[Q]
    ledgers.ledger.step([], [claim])
    newsroom.leave(ledgers.installation, claim.subscriber_id, FRIDAY_NOON)
    later = newsroom.settlement(claim, newsroom.DEFERRED_AFTER_BODY, FRIDAY_NOON, begun=True)
    ledgers.ledger.step([later], [])
    assert [claim.kind for claim in ledgers.ledger.claim(10, LATER)] == ["goodbye"]
    assert ledgers.row(Q).status == "cancelled"
    newsroom.statuses(ledgers.installation)


def test_an_uncertain_letter_is_not_resent_to_one_who_was_erased(ledgers: Ledgers) -> None:
    claim = ledgers.claims[U]
    with ledgers.installation.database.write() as connection:
        subscribers.erase(connection, claim.subscriber_id, now=FRIDAY_NOON, source="test")
        transitions.resend_uncertain(connection)
    assert ledgers.ledger.claim(10, LATER) == []
    assert ledgers.row(U).status == "cancelled"
    newsroom.statuses(ledgers.installation)


def test_letters_to_those_who_left_do_not_hide_the_letters_behind_them(ledgers: Ledgers) -> None:
    for claim in ledgers.claims.values():
        ledgers.put(claim, status=Q, worker_id=None)
    first = ledgers.claims[Status.QUEUED].subscriber_id
    with ledgers.installation.database.write() as connection:
        subscribers.set_status(connection, first, Consent.UNSUBSCRIBED)
    (next_one,) = ledgers.ledger.claim(1, LATER)
    assert next_one.subscriber_id != first
