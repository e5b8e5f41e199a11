"""Named sources: what they are, when they are asked, and when a day of theirs is missing."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from service.domain.sources import (
    Condition,
    Polled,
    SourceError,
    condition,
    next_poll,
    parse_sources,
)

FRIDAY = datetime(2026, 8, 21, 13, tzinfo=UTC)


def test_sources_are_named_side_by_side() -> None:
    sources = parse_sources(
        "hf-daily, arxiv:cs.CL+stat.ML@05:30,feed:https://a.example/x,y\njson:http://b.example/@z"
    )
    assert [source.name for source in sources] == [
        "hf-daily",
        "arxiv:cs.CL+stat.ML",
        "feed:https://a.example/x,y",
        "json:http://b.example/@z",
    ]
    assert [source.complete_at for source in sources] == [time(12), time(5, 30), None, None]
    assert parse_sources("") == ()


@pytest.mark.parametrize(
    "text",
    ["arxiv", "arxiv:cs.CL/../x", "hf-daily:x", "feed:a.example", "feed:file:///etc/passwd",
     "json:https://", "feed:https://user:pass@a.example/", "rss:https://a.example",
     "hf-daily@25:00"],
)  # fmt: skip
def test_a_text_that_names_no_source_is_refused(text: str) -> None:
    with pytest.raises(SourceError, match="neither hf-daily, arxiv:CATEGORY"):
        parse_sources(text)


def test_no_key_stands_in_a_name_or_an_error() -> None:
    one, other = parse_sources("feed:https://a.example/x?key=1 feed:https://a.example/x?key=2")
    assert one.name != other.name
    assert "key" not in one.name
    assert one.target == "https://a.example/x?key=1"
    with pytest.raises(SourceError, match="holds 'feed:https://…', which"):
        parse_sources("feed:https://ada:secret@a.example/")


def test_a_source_is_named_once() -> None:
    with pytest.raises(SourceError, match="names hf-daily twice"):
        parse_sources("hf-daily hf-daily@08:00")


def test_daily_papers_are_asked_for_today_and_yesterday() -> None:
    [source] = parse_sources("hf-daily")
    assert source.addresses(date(2026, 8, 21)) == (
        ("https://huggingface.co/api/daily_papers?date=2026-08-20", date(2026, 8, 20)),
        ("https://huggingface.co/api/daily_papers?date=2026-08-21", date(2026, 8, 21)),
    )
    assert source.file_name(date(2026, 8, 21), "ab" * 32) == "hf-daily_2026-08-21_abababababab.json"


def test_files_of_two_feeds_of_one_host_are_told_apart() -> None:
    one, other = parse_sources("feed:https://a.example/1 feed:https://a.example/2")
    assert one.slug.startswith("feed-a.example-")
    assert one.slug != other.slug


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (FRIDAY, date(2026, 8, 21)),
        (FRIDAY.replace(hour=11), date(2026, 8, 20)),
        (FRIDAY + timedelta(days=2), date(2026, 8, 21)),
        (FRIDAY + timedelta(days=3, hours=-2), date(2026, 8, 21)),
        (FRIDAY + timedelta(days=3), date(2026, 8, 24)),
    ],
)
def test_the_last_complete_day_is_a_working_day_that_is_over(now: datetime, day: date) -> None:
    [source] = parse_sources("hf-daily")
    assert source.last_complete_day(now) == day


@pytest.mark.parametrize(
    ("failures", "retry_after", "minutes"),
    [
        (0, None, 60),
        (1, None, 1),
        (3, None, 4),
        (99, None, 60),
        (1, timedelta(minutes=7), 7),
        (1, timedelta(days=9), 24 * 60),
        (3, timedelta(seconds=5), 4),
    ],
)
def test_a_failing_source_is_asked_sooner_but_ever_later(
    failures: int, retry_after: timedelta | None, minutes: int
) -> None:
    asked = next_poll(FRIDAY, timedelta(hours=1), failures, retry_after)
    assert asked == FRIDAY + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("name", "polled", "failures", "papers", "expected"),
    [
        ("hf-daily", False, 0, None, Condition.UNASKED),
        ("hf-daily", True, 0, None, Condition.LATE),
        ("hf-daily", True, 0, 0, Condition.EMPTY),
        ("hf-daily", True, 0, 17, Condition.FINE),
        ("hf-daily", True, 2, None, Condition.FAILING),
        ("hf-daily", True, 2, 17, Condition.FAILING),
        ("feed:https://a.example/", True, 0, None, Condition.FINE),
        ("feed:https://a.example/", True, 0, 0, Condition.EMPTY),
        ("feed:https://a.example/@09:00", True, 0, None, Condition.LATE),
    ],
)
def test_a_missing_day_is_never_taken_for_one_without_papers(
    name: str, polled: bool, failures: int, papers: int | None, expected: Condition
) -> None:
    [source] = parse_sources(name)
    record = Polled(polled_at=FRIDAY, failures=failures, validators={}) if polled else None
    assert condition(source, record, papers) is expected
