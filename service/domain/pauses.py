"""A pause: from when on a reader gets letters again."""

import calendar
import re
from datetime import date, timedelta
from enum import StrEnum

LONGEST = timedelta(days=366)


class PauseError(ValueError):
    """A pause that cannot be had; the message is for the person who asked for it."""


class Span(StrEnum):
    """The pauses that are offered by name."""

    WEEK = "week"
    MONTH = "month"


def end_of(span: Span, today: date) -> date:
    """Return the day on which letters come again, after a pause that begins today.

    A month ends on the same day of the next, or on that month's last.
    """
    if span is Span.WEEK:
        return today + timedelta(days=7)
    year, month = today.year + today.month // 12, today.month % 12 + 1
    return date(year, month, min(today.day, calendar.monthrange(year, month)[1]))


def parse_end(text: str, today: date) -> date:
    """Read YYYY-MM-DD, the day on which letters come again: after today, within a year.

    Raises PauseError.
    """
    words = text.strip()
    try:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", words, re.ASCII):
            raise ValueError
        day = date.fromisoformat(words)
    except ValueError:
        raise PauseError(
            f"{words!r} is not a date; write it as YYYY-MM-DD, for instance"
            f" {end_of(Span.WEEK, today)}"
        ) from None
    if day <= today:
        raise PauseError(f"{day} is not after today, {today}")
    if day > today + LONGEST:
        raise PauseError(f"{day} is more than a year away; unsubscribe instead, and come back then")
    return day
