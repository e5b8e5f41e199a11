"""What becomes of a letter after each try: the whole table."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.policy import (
    LONGEST_DELAY,
    TRANSITIONS,
    Decision,
    Outcome,
    Result,
    Stage,
    Status,
    decide,
    judge,
    retry_delay,
)

NOW = datetime(2026, 8, 21, 7, tzinfo=UTC)


def minutes(count: float) -> datetime:
    return NOW + timedelta(minutes=count)


@pytest.mark.parametrize(
    ("result", "attempts", "decision"),
    [
        (Result.ACCEPTED, 1, Decision(Status.SENT)),
        (Result.ACCEPTED, 9, Decision(Status.SENT)),
        (Result.REFUSED, 1, Decision(Status.FAILED)),
        (Result.REFUSED, 9, Decision(Status.FAILED)),
        (Result.DEFERRED, 1, Decision(Status.QUEUED, minutes(5))),
        (Result.DEFERRED, 2, Decision(Status.QUEUED, minutes(10))),
        (Result.DEFERRED, 3, Decision(Status.QUEUED, minutes(20))),
        (Result.DEFERRED, 4, Decision(Status.QUEUED, minutes(40))),
        (Result.DEFERRED, 5, Decision(Status.QUEUED, minutes(80))),
        (Result.DEFERRED, 6, Decision(Status.QUEUED, minutes(120))),
        (Result.DEFERRED, 7, Decision(Status.QUEUED, minutes(120))),
        (Result.DEFERRED, 10_000, Decision(Status.QUEUED, minutes(120))),
    ],
)
def test_each_result_has_its_decision(result: Result, attempts: int, decision: Decision) -> None:
    outcome = Outcome(result, Stage.BODY)
    assert decide(outcome, attempts=attempts, now=NOW, jitter=0.0) == decision


@pytest.mark.parametrize("attempts", [1, 3, 100])
def test_silence_after_the_dot_is_uncertain_however_often(attempts: int) -> None:
    outcome = Outcome(Result.UNCERTAIN, Stage.BODY)
    assert decide(outcome, attempts=attempts, now=NOW, jitter=0.5).status is Status.UNCERTAIN


@given(st.sampled_from(Result), st.integers(1, 200), st.floats(0, 1, exclude_max=True))
def test_every_decision_is_a_transition_that_the_table_allows(
    result: Result, attempts: int, jitter: float
) -> None:
    decision = decide(Outcome(result, Stage.BODY), attempts=attempts, now=NOW, jitter=jitter)
    assert decision.status in TRANSITIONS[Status.SENDING]


@given(st.integers(1, 200), st.floats(0, 1, exclude_max=True))
def test_jitter_lengthens_a_delay_by_a_fifth_at_most(attempts: int, jitter: float) -> None:
    shortest, delay = retry_delay(attempts, 0.0), retry_delay(attempts, jitter)
    assert shortest <= delay <= shortest * 1.2
    assert shortest <= retry_delay(attempts + 1, 0.0) <= LONGEST_DELAY


@pytest.mark.parametrize(
    ("code", "stage", "result"),
    [
        (250, Stage.BODY, Result.ACCEPTED),
        (251, Stage.RCPT, Result.ACCEPTED),
        (354, Stage.DATA, Result.DEFERRED),
        (421, Stage.CONNECT, Result.DEFERRED),
        (450, Stage.RCPT, Result.DEFERRED),
        (451, Stage.BODY, Result.DEFERRED),
        (452, Stage.BODY, Result.DEFERRED),
        (500, Stage.GREETING, Result.REFUSED),
        (535, Stage.AUTH, Result.REFUSED),
        (550, Stage.RCPT, Result.REFUSED),
        (552, Stage.RCPT, Result.DEFERRED),
        (552, Stage.BODY, Result.REFUSED),
        (552, Stage.MAIL, Result.REFUSED),
        (554, Stage.BODY, Result.REFUSED),
        (600, Stage.BODY, Result.DEFERRED),
        (199, Stage.BODY, Result.DEFERRED),
    ],
)
def test_a_reply_is_judged_by_its_first_digit(code: int, stage: Stage, result: Result) -> None:
    assert judge(code, stage, "words") == Outcome(result, stage, code, "words")


def test_replies_to_the_recipient_or_the_dot_concern_the_reader_and_all_others_the_route() -> None:
    readers = {Stage.RCPT, Stage.DATA, Stage.BODY}
    for stage in Stage:
        for code in (450, 550, 554):
            assert judge(code, stage).concerns_route is (stage not in readers), (stage, code)
        assert judge(421, stage).concerns_route, "421 closes the whole channel"
        assert not judge(250, stage).concerns_route
        silence = Outcome(Result.DEFERRED, stage)
        assert silence.concerns_route is (stage is not Stage.BODY), "silence before the body"
        assert not Outcome(Result.REFUSED, stage).concerns_route, "not offered at all"


def test_what_is_settled_stays_settled() -> None:
    for final in (Status.SENT, Status.FAILED, Status.EXPIRED, Status.CANCELLED):
        assert TRANSITIONS[final] == frozenset()
    assert set(TRANSITIONS) == set(Status)
    reachable = {Status.QUEUED}.union(*TRANSITIONS.values())
    assert reachable == set(Status)
    assert Status.SENT not in TRANSITIONS[Status.QUEUED], "nothing is sent without a begin"
