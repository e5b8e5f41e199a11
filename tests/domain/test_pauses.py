"""Pauses end on the day that was meant."""

from datetime import date

import pytest

from service.domain.pauses import PauseError, Span, end_of, parse_end

FRIDAY = date(2026, 8, 21)


@pytest.mark.parametrize(
    ("span", "today", "end"),
    [
        (Span.WEEK, FRIDAY, date(2026, 8, 28)),
        (Span.WEEK, date(2026, 12, 28), date(2027, 1, 4)),
        (Span.MONTH, FRIDAY, date(2026, 9, 21)),
        (Span.MONTH, date(2026, 12, 31), date(2027, 1, 31)),
        (Span.MONTH, date(2027, 1, 31), date(2027, 2, 28)),
        (Span.MONTH, date(2028, 1, 30), date(2028, 2, 29)),
    ],
)
def test_a_week_and_a_month_end_where_a_calendar_has_them(
    span: Span, today: date, end: date
) -> None:
    assert end_of(span, today) == end


@pytest.mark.parametrize("text", ["2026-08-22", " 2027-08-22 "])
def test_a_day_from_tomorrow_on_within_a_year_is_taken(text: str) -> None:
    assert parse_end(text, FRIDAY) == date.fromisoformat(text.strip())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-08-21", "is not after today"),
        ("2025-01-01", "is not after today"),
        ("2027-08-23", "more than a year away"),
        ("9999-12-31", "more than a year away"),
        ("2026-02-30", "write it as YYYY-MM-DD, for instance 2026-08-28"),
        ("2026-W35-1", "is not a date"),
        ("20260828", "is not a date"),
        ("", "is not a date"),
        ("٢٠٢٦-٠٨-٢٨", "is not a date"),
    ],
)
def test_other_ends_are_refused_with_the_reason(text: str, words: str) -> None:
    with pytest.raises(PauseError, match=words):
        parse_end(text, FRIDAY)
