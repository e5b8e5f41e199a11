"""Limits: what may go when, and how a domain is slowed down and let recover."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.limits import UNHURRIED, Pace

NOON = datetime(2026, 8, 21, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_without_a_limit_any_number_may_go() -> None:
    assert Pace().allowance(None, NOON) is None
    assert Pace().grant(1000, NOON).allowance(None, NOON) is None


def test_a_fifth_of_a_minutes_letters_goes_at_once_and_the_rest_as_the_minute_runs() -> None:
    pace = Pace()
    assert pace.allowance(100, NOON) == 20
    pace = pace.grant(20, NOON)
    assert [pace.allowance(100, after(s)) for s in (0, 9, 10, 11, 12)] == [0, 0, 0, 20, 20]


def test_one_letter_a_minute_is_one_letter_a_minute() -> None:
    pace = Pace().grant(1, NOON)
    assert [pace.allowance(1, after(s)) for s in (0, 59, 60, 61)] == [0, 0, 0, 1]


@given(
    limit=st.integers(1, 500),
    waits=st.lists(st.floats(0, 30), min_size=1, max_size=60),
    wants=st.integers(1, 500),
)
def test_no_sixty_seconds_ever_hold_more_letters_than_the_limit(
    limit: int, waits: list[float], wants: int
) -> None:
    pace, at, went = Pace(), 0.0, []
    for wait in waits:
        at += wait
        count = min(pace.allowance(limit, after(at)) or 0, wants)
        if count:
            pace = pace.grant(count, after(at))
            went.append((at, count))
    for start, _ in went:
        assert sum(n for at, n in went if start <= at < start + 60) <= limit
        assert sum(n for at, n in went if start <= at < start + 10) <= -(-limit // 5)
    assert len(pace.granted) <= 61


@given(limit=st.integers(1, 2000))
def test_a_queue_that_never_ends_gets_nearly_all_that_is_allowed(limit: int) -> None:
    pace, went = Pace(), 0
    for second in range(610):
        count = pace.allowance(limit, after(second)) or 0
        if count:
            pace, went = pace.grant(count, after(second)), went + count
    assert went >= 0.95 * 10 * limit - limit


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_clock_that_jumps_does_not_stop_the_post(hours: int) -> None:
    pace = Pace().grant(20, NOON)
    jumped = NOON + timedelta(hours=hours)
    assert pace.allowance(100, jumped) == 20
    assert pace.grant(1, jumped).granted == ((int(jumped.timestamp()), 1),)


def test_each_time_a_domain_asks_for_less_its_allowance_halves_down_to_one() -> None:
    pace, rates = Pace(), []
    for number in range(8):
        pace = pace.slow_down(60, after(number * 11))
        rates.append(pace.rate(60))
    assert rates == [30, 15, 7, 3, 1, 1, 1, 1]
    assert pace.slowed == 5, "nothing to take back that was not halved"


def test_letters_under_way_when_a_domain_asks_for_less_are_one_request() -> None:
    pace = Pace().slow_down(60, NOON).slow_down(60, after(1)).slow_down(60, after(9))
    assert pace.rate(60) == 30
    assert pace.slow_down(60, after(10)).rate(60) == 15


def test_a_domain_without_a_limit_gets_one_when_it_asks_for_less() -> None:
    assert Pace().slow_down(None, NOON).rate(None) == UNHURRIED // 2


def test_a_domain_recovers_step_by_step_as_it_accepts() -> None:
    pace = Pace().slow_down(60, NOON).slow_down(60, after(20))
    assert pace.rate(60) == 15
    pace = pace.speed_up(60, 14)
    assert pace.rate(60) == 15
    pace = pace.speed_up(60, 1)
    assert (pace.rate(60), pace.accepted) == (30, 0)
    pace = pace.speed_up(60, 100)
    assert (pace.rate(60), pace.slowed, pace.slowed_at) == (60, 0, None)
    assert pace.speed_up(60, 100) == pace


def test_asking_for_less_forgets_what_was_accepted_before() -> None:
    pace = Pace().slow_down(60, NOON).speed_up(60, 29).slow_down(60, after(5))
    assert pace.speed_up(60, 1).rate(60) == 30


@given(
    limit=st.none() | st.integers(1, 5000),
    events=st.lists(st.integers(0, 400) | st.none(), max_size=60),
)
def test_however_a_domain_answers_it_gets_a_letter_a_minute_and_never_more_than_its_limit(
    limit: int | None, events: list[int | None]
) -> None:
    pace = Pace()
    for number, accepted in enumerate(events):
        before = pace.rate(limit) or UNHURRIED
        if accepted is None:
            pace = pace.slow_down(limit, after(number * 60))
            assert (pace.rate(limit) or UNHURRIED) <= before
        else:
            pace = pace.speed_up(limit, accepted)
            assert (pace.rate(limit) or UNHURRIED) >= before
        assert 1 <= (pace.rate(limit) or UNHURRIED) <= (limit or UNHURRIED)
