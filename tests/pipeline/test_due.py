"""When readers are due: wall-clock hours in their own zones, once for each of their dates."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from peers.newsroom import FRIDAY_NOON, digests, publish, subscribe, take_out

from service import pipeline
from service.domain.readers import Preferences
from service.domain.timetable import Cadence
from service.installation import Installation
from service.mail.address import parse_address
from service.readers import preferences
from service.store import transitions

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def days(installation: Installation, reader: int) -> list[date]:
    return [digest.day for digest in digests(installation, reader)]


def tick(installation: Installation, first: str, last: str, minutes: int = 30) -> list[datetime]:
    """Plan and send at every tick, a new paper before each; return when letters were planned."""
    planned = []
    now = utc(first)
    while now <= utc(last):
        publish(installation, now, f"Robots of {now:%d %H:%M}")
        if pipeline.plan(installation, now).planned:
            planned.append(now)
        take_out(installation, now)
        now += timedelta(minutes=minutes)
    return planned


def test_a_reader_is_due_from_their_own_hour_on(installation: Installation) -> None:
    publish(installation, FRIDAY_NOON, "Robots")
    ada = subscribe(
        installation,
        "ada@example.org",
        "robots",
        timezone="America/New_York",
        send_at=time(9, 30),
    )
    hour = utc("2026-08-21 13:30")
    assert pipeline.plan(installation, hour - MINUTE).due == 0
    assert pipeline.plan(installation, hour).planned == 1
    assert days(installation, ada) == [date(2026, 8, 21)]


def test_a_reader_is_due_until_their_own_midnight(installation: Installation) -> None:
    publish(installation, FRIDAY_NOON, "Robots")
    subscribe(
        installation, "ada@example.org", "robots", timezone="Asia/Tokyo", send_at=time(23, 50)
    )
    midnight = utc("2026-08-21 15:00")
    assert pipeline.plan(installation, midnight).due == 0
    assert pipeline.plan(installation, midnight - MINUTE).planned == 1


def test_everyone_is_due_before_their_hour_when_asked_so(installation: Installation) -> None:
    publish(installation, FRIDAY_NOON, "Robots")
    ada = subscribe(installation, "ada@example.org", "robots", send_at=time(23))
    assert pipeline.plan(installation, FRIDAY_NOON).due == 0
    assert pipeline.plan(installation, FRIDAY_NOON, everyone=True).planned == 1
    take_out(installation, FRIDAY_NOON)
    publish(installation, FRIDAY_NOON, "More robots")
    assert pipeline.plan(installation, utc("2026-08-21 23:30")).due == 0, "she had today's letter"
    assert len(digests(installation, ada)) == 1


@pytest.mark.parametrize(
    ("hour", "ticks", "letters"),
    [
        # 02:00 becomes 03:00 in Berlin on 29 March 2026, at 01:00 UTC.
        (time(2, 30), ("2026-03-28 23:00", "2026-03-29 04:00"), ["2026-03-29 01:00"]),
        (time(3, 0), ("2026-03-28 23:00", "2026-03-29 04:00"), ["2026-03-29 01:00"]),
        (time(1, 30), ("2026-03-28 23:00", "2026-03-29 04:00"), ["2026-03-29 00:30"]),
        # 03:00 becomes 02:00 on 25 October 2026, at 01:00 UTC: 02:30 comes twice.
        (time(2, 30), ("2026-10-24 22:00", "2026-10-25 04:00"), ["2026-10-25 00:30"]),
        (time(2, 0), ("2026-10-24 22:00", "2026-10-25 04:00"), ["2026-10-25 00:00"]),
        (time(3, 0), ("2026-10-24 22:00", "2026-10-25 04:00"), ["2026-10-25 02:00"]),
    ],
)
def test_a_changed_clock_neither_drops_nor_doubles_a_letter(
    installation: Installation, hour: time, ticks: tuple[str, str], letters: list[str]
) -> None:
    ada = subscribe(
        installation,
        "ada@example.org",
        "robots",
        at=utc(ticks[0]),
        timezone="Europe/Berlin",
        send_at=hour,
    )
    assert tick(installation, *ticks) == [utc(letter) for letter in letters]
    assert pipeline.plan(installation, utc(ticks[1]) + timedelta(hours=15)).due == 0
    assert len(digests(installation, ada)) == 1


def test_the_date_line_lies_between_two_readers_of_one_moment(installation: Installation) -> None:
    moment = utc("2026-08-21 10:30")
    publish(installation, moment, "Robots")
    east = subscribe(
        installation, "ada@example.org", "robots", timezone="Pacific/Kiritimati", send_at=time(0)
    )
    west = subscribe(
        installation, "bob@example.org", "robots", timezone="Pacific/Pago_Pago", send_at=time(0)
    )
    assert pipeline.plan(installation, moment).planned == 2
    assert days(installation, east) == [date(2026, 8, 22)]
    assert days(installation, west) == [date(2026, 8, 20)]


def test_over_three_days_every_reader_gets_one_letter_a_day_of_their_own(
    installation: Installation,
) -> None:
    zones = ("UTC", "Asia/Kathmandu", "Pacific/Auckland", "America/St_Johns", "Pacific/Kiritimati")
    start = utc("2026-08-18 00:00")
    readers = {
        zone: subscribe(installation, f"reader{n}@example.org", "robots", at=start, timezone=zone)
        for n, zone in enumerate(zones)
    }
    tick(installation, "2026-08-18 00:00", "2026-08-20 23:00", minutes=180)
    for zone, reader in readers.items():
        got = days(installation, reader)
        assert len(got) == len(set(got)), zone
        assert got == [got[0] + n * DAY for n in range(len(got))], zone
        assert len(got) >= 3, zone
        seen = [title for digest in digests(installation, reader) for title in digest.titles]
        assert len(seen) == len(set(seen)), zone


def a_week_of_robots(installation: Installation) -> list[int]:
    """Publish a paper and plan at noon of each day from Monday to Sunday; count the letters."""
    planned = []
    for n in range(7):
        now = utc("2026-08-17 12:00") + n * DAY
        publish(installation, now, f"Robots of {now:%A}")
        planned.append(pipeline.plan(installation, now).planned)
        take_out(installation, now)
    return planned


def test_readers_get_letters_on_their_own_days_and_all_papers_of_the_days_between(
    installation: Installation,
) -> None:
    start = utc("2026-08-15 00:00")
    daily, weekdays, weekly = (
        subscribe(installation, f"{cadence}@example.org", "robots", at=start, cadence=cadence)
        for cadence in (Cadence.DAILY, Cadence.WEEKDAYS, Cadence.SUNDAYS)
    )
    assert a_week_of_robots(installation) == [2, 2, 2, 2, 2, 1, 2]
    assert days(installation, daily) == [date(2026, 8, 17) + n * DAY for n in range(7)]
    assert days(installation, weekdays) == [date(2026, 8, 17) + n * DAY for n in range(5)]
    assert days(installation, weekly) == [date(2026, 8, 23)]
    (week,) = digests(installation, weekly)
    assert len(week.titles) == 7
    publish(installation, utc("2026-08-24 06:00"), "Robots of the next Monday")
    pipeline.plan(installation, utc("2026-08-24 12:00"))
    assert set(digests(installation, weekdays)[-1].titles) == {
        "Robots of Saturday", "Robots of Sunday", "Robots of the next Monday"
    }  # fmt: skip


def test_one_moment_means_different_days_on_both_sides_of_the_date_line(
    installation: Installation,
) -> None:
    moment = utc("2026-08-21 10:30")
    publish(installation, moment, "Robots")
    readers = {
        (zone, cadence): subscribe(
            installation,
            f"{cadence}{len(zone)}@example.org",
            "robots",
            timezone=zone,
            send_at=time(0),
            cadence=cadence,
        )
        for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago")
        for cadence in (Cadence.THURSDAYS, Cadence.SATURDAYS, Cadence.WEEKDAYS)
    }
    pipeline.plan(installation, moment)
    assert [key for key, reader in readers.items() if digests(installation, reader)] == [
        ("Pacific/Kiritimati", Cadence.SATURDAYS),
        ("Pacific/Pago_Pago", Cadence.THURSDAYS),
        ("Pacific/Pago_Pago", Cadence.WEEKDAYS),
    ]


def test_asked_for_everyone_a_plan_still_keeps_to_their_days(installation: Installation) -> None:
    publish(installation, FRIDAY_NOON, "Robots")
    ada = subscribe(installation, "ada@example.org", "robots", cadence=Cadence.MONDAYS)
    bob = subscribe(
        installation, "bob@example.org", "robots", cadence=Cadence.FRIDAYS, send_at=time(23)
    )
    assert pipeline.plan(installation, FRIDAY_NOON, everyone=True).planned == 1
    assert (days(installation, ada), days(installation, bob)) == ([], [FRIDAY_NOON.date()])


def test_a_digest_waits_until_the_readers_next_one(installation: Installation) -> None:
    publish(installation, FRIDAY_NOON, "Robots")
    for cadence in (Cadence.DAILY, Cadence.WEEKDAYS, Cadence.FRIDAYS):
        subscribe(installation, f"{cadence}@example.org", "robots", cadence=cadence)
    pipeline.plan(installation, FRIDAY_NOON)
    expired = []
    for n in (1, 3, 7):
        with installation.database.write() as connection:
            expired.append(transitions.expire(connection, FRIDAY_NOON + n * DAY - MINUTE))
            expired.append(transitions.expire(connection, FRIDAY_NOON + n * DAY))
    assert expired == [0, 1, 0, 1, 0, 1]


def test_a_new_cadence_holds_from_the_next_plan_on(installation: Installation) -> None:
    ada = subscribe(installation, "ada@example.org", "robots", cadence=Cadence.MONDAYS)
    publish(installation, FRIDAY_NOON, "Robots")
    assert pipeline.plan(installation, FRIDAY_NOON).due == 0
    preferences.change(
        installation,
        parse_address("ada@example.org"),
        lambda reader: replace(reader, preferences=Preferences(cadence=Cadence.WEEKDAYS)),
        FRIDAY_NOON,
    )
    assert pipeline.plan(installation, FRIDAY_NOON).planned == 1
    assert days(installation, ada) == [FRIDAY_NOON.date()]
