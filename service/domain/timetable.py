"""When a reader's letter is due: wall-clock hours on chosen days, in the reader's own zone."""

import re
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo


class TimetableError(ValueError):
    """An hour, a zone or a cadence that cannot be read; the message is for who typed it."""


class Cadence(StrEnum):
    """How often letters come: daily, on weekdays, or weekly on the day it is named for."""

    DAILY = "daily"
    WEEKDAYS = "weekdays"
    MONDAYS = "mondays"
    TUESDAYS = "tuesdays"
    WEDNESDAYS = "wednesdays"
    THURSDAYS = "thursdays"
    FRIDAYS = "fridays"
    SATURDAYS = "saturdays"
    SUNDAYS = "sundays"

    @property
    def weekday(self) -> int | None:
        """The day of a weekly letter, 0 for Monday; None where letters come more often."""
        return _WEEKLY.index(self) if self.weekly else None

    @property
    def weekly(self) -> bool:
        """Whether a letter tells of a whole week."""
        return self is not Cadence.DAILY and self is not Cadence.WEEKDAYS

    @property
    def adjective(self) -> str:
        """What kind of letter it makes: a daily, weekday or weekly one."""
        if self.weekly:
            return "weekly"
        return "daily" if self is Cadence.DAILY else "weekday"

    @property
    def spoken(self) -> str:
        """When letters come, as a reader would say it: 'daily', 'on weekdays', 'on Mondays'."""
        match self:
            case Cadence.DAILY:
                return "daily"
            case Cadence.WEEKDAYS:
                return "on weekdays"
            case weekly:
                return f"on {weekly.title()}"

    @property
    def offered(self) -> str:
        """The words it is chosen by: 'Every day', 'Weekdays', 'Weekly, on Mondays'."""
        match self:
            case Cadence.DAILY:
                return "Every day"
            case Cadence.WEEKDAYS:
                return "Weekdays"
            case weekly:
                return f"Weekly, {weekly.spoken}"

    @property
    def usual_papers(self) -> int:
        """The most papers of a letter whose reader names no number."""
        return 25 if self.weekly else 10

    def meets(self, day: date) -> bool:
        """Tell whether a letter may come on that day."""
        return self is Cadence.DAILY or (
            day.weekday() < 5 if self is Cadence.WEEKDAYS else day.weekday() == self.weekday
        )


_WEEKLY = tuple(Cadence)[2:]


def due_date(now: datetime, timezone: str, send_at: time, cadence: Cadence) -> date | None:
    """Return the local date whose letter is due at `now`, or None before the reader's hour and
    on a day that is not theirs.

    A letter is due from the reader's hour to local midnight. Wall-clock times are compared, so
    an hour that a clock change skips is due right after the gap, and one that it repeats is due
    once for its date (the ledger's key makes it one).
    """
    local = now.astimezone(zone(timezone))
    return local.date() if local.time() >= send_at and cadence.meets(local.date()) else None


@lru_cache(maxsize=1024)
def local_date(now: datetime, timezone: str) -> date:
    """Return the reader's own date at `now`."""
    return now.astimezone(zone(timezone)).date()


def first_letter(now: datetime, timezone: str, send_at: time, cadence: Cadence) -> date:
    """Return the local date on which the clock next strikes the reader's hour on their day."""
    local = now.astimezone(zone(timezone))
    today = local.date()
    if local.time() < send_at and cadence.meets(today):
        return today
    return next_letter(today, cadence)


@lru_cache(maxsize=1024)
@lru_cache(maxsize=1024)
def next_letter(day: date, cadence: Cadence) -> date:
    """Return the local date of the letter after that of `day`."""
    return next(later for n in range(1, 8) if cadence.meets(later := day + timedelta(days=n)))


def digest_lives(day: date, cadence: Cadence) -> timedelta:
    """Return how long the digest of `day` may wait: until the reader's next one, a day or more."""
    return next_letter(day, cadence) - day


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


def parse_cadence(text: str) -> Cadence:
    """Read a cadence by its name, in any case; raise TimetableError otherwise."""
    try:
        return Cadence(text.strip().lower())
    except ValueError:
        raise TimetableError(
            f"{text!r} is not a cadence; choose daily, weekdays, or for a weekly letter its day,"
            " mondays to sundays"
        ) from None


def spoken_zone(name: str) -> str:
    """Return a zone as a reader would say it: 'Berlin time' for Europe/Berlin."""
    return "UTC" if name == "UTC" else name.rpartition("/")[2].replace("_", " ") + " time"


@lru_cache(maxsize=1024)
def spoken_schedule(timezone: str, send_at: time, cadence: Cadence) -> str:
    """Return when letters come, as a reader would say it: 'daily at 07:00, Berlin time'."""
    return f"{cadence.spoken} at {send_at:%H:%M}, {spoken_zone(timezone)}"
