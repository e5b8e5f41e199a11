"""What a letter would have been in the last days, counted and said."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.previews import Preview, Rate, letters_of
from service.domain.timetable import Cadence
from service.domain.topics import parse

MONDAY = date(2026, 8, 3)


def days(*counts: int) -> tuple[tuple[date, int], ...]:
    """Editions from Monday on, one a day; none on a day counted -1."""
    return tuple((MONDAY + timedelta(days=n), c) for n, c in enumerate(counts) if c >= 0)


def said(cadence: Cadence, *counts: int, topics: int = 1) -> str:
    rates = (Rate("maps", parse("maps"), sum(counts), len(counts)),) * topics
    came = days(*counts)
    return Preview(cadence, came, letters_of(came, cadence), rates, ()).sentence


@pytest.mark.parametrize(
    ("cadence", "counts", "sentence"),
    [
        (
            Cadence.DAILY,
            (5, 0, 4, 6),
            "You would have had a letter on 3 of the last 4 days, with 5 papers on average.",
        ),
        (
            Cadence.DAILY,
            (5, 5, 5),
            "You would have had a letter on each of the last 3 days, with 5 papers on average.",
        ),
        (Cadence.DAILY, (1,), "You would have had a letter on the last day, with 1 paper."),
        (
            Cadence.DAILY,
            (0, 1, 0),
            "You would have had a letter on 1 of the last 3 days, with 1 paper.",
        ),
        (Cadence.DAILY, (0, 0), "You would have had no letter in the last 30 days."),
        (Cadence.DAILY, (), "No papers have come yet, so there is nothing to look back on."),
        (
            Cadence.DAILY,
            (46, 46),
            "About 46 a day. You would see the 10 best; try words side by side, or NOT.",
        ),
        (
            # Saturday's and Sunday's papers come on Monday.
            Cadence.WEEKDAYS,
            (1, 1, 1, 1, 1, 4, 4, 1),
            "You would have had a letter on each of the last 6 weekdays, with 2 papers on average.",
        ),
        (
            Cadence.SUNDAYS,
            (1,) * 14,
            "You would have had a letter in each of the last 2 weeks, with 7 papers on average.",
        ),
        (
            Cadence.SUNDAYS,
            (1, 2),
            "You would have had a letter in the last week, with 3 papers.",
        ),
        (
            Cadence.SUNDAYS,
            (9,) * 7,
            "About 63 a week. You would see the 25 best; try words side by side, or NOT.",
        ),
    ],
)
def test_the_letters_that_would_have_come_are_said_in_a_sentence(
    cadence: Cadence, counts: tuple[int, ...], sentence: str
) -> None:
    assert said(cadence, *counts) == sentence


def test_without_a_topic_it_is_what_trends() -> None:
    assert said(Cadence.DAILY, 40, 30, topics=0) == (
        "Without a topic you would have had a letter on each of the last 2 days,"
        " with what trended most."
    )


@given(
    st.lists(st.integers(-1, 50), max_size=40).map(lambda counts: days(*counts)),
    st.sampled_from(Cadence),
)
def test_no_paper_of_a_letter_that_came_is_counted_twice_or_lost(
    came: tuple[tuple[date, int], ...], cadence: Cadence
) -> None:
    letters = letters_of(came, cadence)
    until = max((day for day, _ in came if cadence.meets(day)), default=None)
    if until is not None:
        past = sum(count for day, count in came if day <= until)
        assert past <= sum(letters) <= sum(count for _, count in came)
    if cadence is Cadence.DAILY:
        assert letters == tuple(count for _, count in came)


@pytest.mark.parametrize(
    ("found", "dates", "spoken"),
    [
        (35, 22, "1.6 a day"),
        (0, 22, "none lately"),
        (3, 22, "3 in 30 days"),
        (220, 22, "10 a day"),
        (218, 22, "9.9 a day"),
    ],
)
def test_a_topic_tells_how_often_it_finds_a_paper(found: int, dates: int, spoken: str) -> None:
    assert Rate("maps", parse("maps"), found, dates).spoken == spoken


def test_a_topic_that_finds_nothing_says_how_it_was_looked_for() -> None:
    near = Rate("state space", parse("state space"), 0, 9)
    assert near.nothing == "No paper in the last 30 days has the words “state space” side by side."
    exact = Rate('"state space"', parse('"state space"'), 0, 9)
    assert exact.nothing == 'No paper in the last 30 days was found by "state space".'
    lone = Rate("Brains", parse("neural OR neuron"), 0, 9)
    assert lone.nothing == "No paper in the last 30 days was found by “Brains”."
