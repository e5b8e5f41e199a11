"""When a letter is due: the reader's own clock, through zones and clock changes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.timetable import (
    Cadence,
    TimetableError,
    digest_lives,
    due_date,
    first_letter,
    local_date,
    next_letter,
    parse_cadence,
    parse_hour,
    spoken_schedule,
    zone,
)

SEVEN = time(7)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "timezone", "send_at", "due"),
    [
        ("2026-08-21T06:59:59", "UTC", SEVEN, None),
        ("2026-08-21T07:00:00", "UTC", SEVEN, "2026-08-21"),
        ("2026-08-21T23:59:59", "UTC", SEVEN, "2026-08-21"),
        ("2026-08-22T00:00:00", "UTC", SEVEN, None),
        ("2026-08-21T00:00:00", "UTC", time(0), "2026-08-21"),
        ("2026-08-21T23:59:00", "UTC", time(23, 59), "2026-08-21"),
        # Ada in Berlin (summer: +2), Bob in New York (-4), Carol in Kolkata (+5:30).
        ("2026-08-21T04:59:00", "Europe/Berlin", SEVEN, None),
        ("2026-08-21T05:00:00", "Europe/Berlin", SEVEN, "2026-08-21"),
        ("2026-08-21T11:00:00", "America/New_York", SEVEN, "2026-08-21"),
        ("2026-08-21T03:30:00", "America/New_York", SEVEN, "2026-08-20"),
        ("2026-08-21T01:29:00", "Asia/Kolkata", SEVEN, None),
        ("2026-08-21T01:30:00", "Asia/Kolkata", SEVEN, "2026-08-21"),
        # Both sides of the date line: 26 hours apart.
        ("2026-08-21T10:30:00", "Pacific/Kiritimati", time(0, 30), "2026-08-22"),
        ("2026-08-21T10:30:00", "Etc/GMT+12", time(22, 30), "2026-08-20"),
        # Berlin, 29 March 2026: 02:00 to 03:00 does not exist.
        ("2026-03-29T00:59:59", "Europe/Berlin", time(2, 30), None),
        ("2026-03-29T01:00:00", "Europe/Berlin", time(2, 30), "2026-03-29"),
        # Berlin, 25 October 2026: 02:00 to 03:00 comes twice, one date.
        ("2026-10-25T00:29:00", "Europe/Berlin", time(2, 30), None),
        ("2026-10-25T00:30:00", "Europe/Berlin", time(2, 30), "2026-10-25"),
        ("2026-10-25T01:30:00", "Europe/Berlin", time(2, 30), "2026-10-25"),
        # Cairo, 24 April 2026: the clock skips midnight itself, and the date begins at 01:00.
        ("2026-04-23T22:00:00", "Africa/Cairo", time(0, 0), "2026-04-24"),
    ],
)
def test_a_letter_is_due_from_the_readers_hour_to_their_midnight(
    now: str, timezone: str, send_at: time, due: str | None
) -> None:
    expected = date.fromisoformat(due) if due else None
    assert due_date(utc(now), timezone, send_at, Cadence.DAILY) == expected


ZONES = st.sampled_from(sorted(available_timezones() - {"localtime"}))
CADENCES = st.sampled_from(Cadence)
HOURS = st.times().map(lambda t: t.replace(second=0, microsecond=0, tzinfo=None))


@given(ZONES, HOURS, st.dates(date(2000, 1, 1), date(2035, 12, 31)))
def test_whatever_the_zone_each_date_that_exists_is_due_in_one_piece(
    timezone: str, send_at: time, day: date
) -> None:
    """Ticks of five minutes over three days find each date due once, without a gap."""
    start = datetime.combine(day, time(0), UTC)
    found = [
        due_date(start + timedelta(minutes=5 * tick), timezone, send_at, Cadence.DAILY)
        for tick in range(864)
    ]
    pieces = [b for a, b in zip([None, *found], found, strict=False) if b is not None and a != b]
    dates = {local_date(start + timedelta(minutes=5 * tick), timezone) for tick in range(864)}
    if send_at <= time(23, 50):
        inner = sorted(dates)[1:-1]
        assert set(inner) <= set(pieces), "a date was skipped"
    for piece in set(pieces):
        # A clock put back behind the hour ends a piece and begins it anew, for the same date.
        assert pieces.count(piece) <= 2


@given(ZONES, HOURS, CADENCES, st.integers(946_684_800, 2_082_758_399))
def test_the_first_letter_comes_on_the_next_of_the_readers_days_whose_hour_is_to_come(
    timezone: str, send_at: time, cadence: Cadence, moment: int
) -> None:
    now = datetime.fromtimestamp(moment, UTC)
    today = local_date(now, timezone)
    first = first_letter(now, timezone, send_at, cadence)
    assert cadence.meets(first)
    to_come = cadence.meets(today) and due_date(now, timezone, send_at, cadence) is None
    assert first == (today if to_come else next_letter(today, cadence))


@given(CADENCES, st.dates(date(2000, 1, 1), date(2035, 12, 31)))
def test_between_a_letter_and_the_next_lies_none_of_the_readers_days(
    cadence: Cadence, day: date
) -> None:
    after = next_letter(day, cadence)
    assert day < after <= day + timedelta(days=7)
    assert cadence.meets(after)
    between = [day + timedelta(days=n) for n in range(1, (after - day).days)]
    assert not any(map(cadence.meets, between))
    assert digest_lives(day, cadence) == after - day


def test_a_week_has_the_days_that_a_cadence_is_named_for() -> None:
    monday = date(2026, 8, 17)
    met = {
        cadence: [n for n in range(7) if cadence.meets(monday + timedelta(days=n))]
        for cadence in Cadence
    }
    assert met.pop(Cadence.DAILY) == list(range(7))
    assert met.pop(Cadence.WEEKDAYS) == list(range(5))
    assert list(met.values()) == [[n] for n in range(7)]
    for cadence, (day,) in met.items():
        assert cadence == f"{monday + timedelta(days=day):%A}s".lower()


@pytest.mark.parametrize(
    ("cadence", "spoken", "offered", "adjective", "papers"),
    [
        ("daily", "daily", "Every day", "daily", 10),
        ("weekdays", "on weekdays", "Weekdays", "weekday", 10),
        ("Sundays", "on Sundays", "Weekly, on Sundays", "weekly", 25),
    ],
)
def test_a_cadence_is_read_and_said(
    cadence: str, spoken: str, offered: str, adjective: str, papers: int
) -> None:
    read = parse_cadence(f" {cadence} ")
    said = (read.spoken, read.offered, read.adjective, read.usual_papers)
    assert said == (spoken, offered, adjective, papers)


@pytest.mark.parametrize("text", ["", "weekly", "monday", "hourly", "mondays,fridays"])
def test_what_is_no_cadence_is_refused_with_those_there_are(text: str) -> None:
    with pytest.raises(TimetableError, match="is not a cadence; choose daily, weekdays"):
        parse_cadence(text)


@pytest.mark.parametrize("text", ["7:00", "07:00", " 07:00 ", "00:00", "23:59"])
def test_an_hour_is_read(text: str) -> None:
    assert f"{parse_hour(text):%H:%M}" == text.strip().zfill(5)


@pytest.mark.parametrize("text", ["", "7", "24:00", "07:60", "7am", "07:00:00", "-1:00", "٠٧:٠٠"])
def test_what_is_no_hour_is_refused_with_the_way_to_write_one(text: str) -> None:
    with pytest.raises(TimetableError, match="is not an hour; write it as HH:MM"):
        parse_hour(text)


@pytest.mark.parametrize(
    "name", ["", "Mars", "europe", "Europe", "../UTC", "/etc/passwd", "UTC\0", "Europe/Berlin "]
)
def test_what_is_no_zone_is_refused_with_the_way_to_write_one(name: str) -> None:
    with pytest.raises(TimetableError, match="is not a time zone; use a name like"):
        zone(name)


def test_a_schedule_is_spoken_as_a_reader_would() -> None:
    assert spoken_schedule("UTC", SEVEN, Cadence.DAILY) == "daily at 07:00, UTC"
    assert spoken_schedule("America/New_York", time(18, 5), Cadence.MONDAYS) == (
        "on Mondays at 18:05, New York time"
    )
    assert spoken_schedule("Europe/Berlin", SEVEN, Cadence.WEEKDAYS) == (
        "on weekdays at 07:00, Berlin time"
    )
