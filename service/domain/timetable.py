"""When a reader's letter is due: wall-clock hours in the reader's own zone."""

import re
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


class TimetableError(ValueError):
    """An hour or a zone that cannot be read; the message is for the person who typed it."""


def due_date(now: datetime, timezone: str, send_at: time) -> date | None:
    """Return the local date whose letter is due at `now`, or None before the reader's hour.

    A letter is due from the reader's hour to local midnight. Wall-clock times are compared, so
    an hour that a clock change skips is due right after the gap, and one that it repeats is due
    once for its date (the ledger's key makes it one).
    """
    local = now.astimezone(zone(timezone))
    return local.date() if local.time() >= send_at else None


def local_date(now: datetime, timezone: str) -> date:
    """Return the reader's own date at `now`."""
    return now.astimezone(zone(timezone)).date()


def first_letter(now: datetime, timezone: str, send_at: time) -> date:
    """Return the local date of the next time the clock strikes the reader's hour."""
    local = now.astimezone(zone(timezone))
    return local.date() if local.time() < send_at else local.date() + timedelta(days=1)


def next_letter(day: date) -> date:
    """Return the local date of the letter after that of `day`."""
    return day + timedelta(days=1)


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """Return the IANA time zone of that name; raise TimetableError when there is none."""
    try:
        return ZoneInfo(name)
    # ZoneInfo raises ValueError for odd paths and OSError for the name of a folder.
    except (KeyError, ValueError, OSError):
        raise TimetableError(
            f"{name!r} is not a time zone; use a name like Europe/Berlin or UTC"
        ) from None


def parse_hour(text: str) -> time:
    """Read HH:MM, 00:00 to 23:59; raise TimetableError otherwise."""
    if re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", text.strip(), re.ASCII):
        hour, _, minute = text.strip().partition(":")
        return time(int(hour), int(minute))
    raise TimetableError(f"{text!r} is not an hour; write it as HH:MM, for instance 07:00")


def spoken_zone(name: str) -> str:
    """Return a zone as a reader would say it: 'Berlin time' for Europe/Berlin."""
    return "UTC" if name == "UTC" else name.rpartition("/")[2].replace("_", " ") + " time"


def spoken_schedule(timezone: str, send_at: time) -> str:
    """Return when letters come, as a reader would say it: 'daily at 07:00, Berlin time'."""
    return f"daily at {send_at:%H:%M}, {spoken_zone(timezone)}"
