from datetime import UTC, date, datetime

import pytest

from service.backtest import backtest
from service.domain.papers import Edition, Paper
from service.domain.topics import parse
from service.installation import Installation
from service.store import editions

NOW = datetime(2026, 8, 22, 5, tzinfo=UTC)
ROBOTS = Paper(title="Robots that plan", arxiv_id="2608.00001", upvotes=4)
ATLAS = Paper(title="An atlas", abstract="Drawn by robots.", arxiv_id="2608.00002", upvotes=90)
MAPS = Paper(title="Maps", abstract="Robots read a map.", arxiv_id="2608.00003", upvotes=2)
OLD = Paper(title="Old robots", arxiv_id="2607.00001")


def take_in(installation: Installation, day: date, *papers: Paper) -> None:
    edition = Edition(format="test", papers=papers, date=day)
    editions.store(
        installation.database, edition, sha256=f"{day}{len(papers)}", file=f"{day}.json", now=NOW
    )


@pytest.fixture
def taken_in(installation: Installation) -> Installation:
    take_in(installation, date(2026, 8, 21), ATLAS, ROBOTS)
    take_in(installation, date(2026, 8, 19), MAPS)
    take_in(installation, date(2026, 8, 20), Paper(title="Nothing of the kind"), MAPS)
    take_in(installation, date(2026, 7, 22), OLD)
    return installation


def titles(found: object) -> list[str]:
    assert isinstance(found, tuple)
    return [brought.stored.paper.title for brought in found]


def test_papers_are_counted_on_their_first_editions_date_and_stand_best_first(
    taken_in: Installation,
) -> None:
    with taken_in.database.read() as connection:
        tried = backtest(connection, parse("robots"), 30)
    assert tried.days == (
        (date(2026, 8, 19), 1),
        (date(2026, 8, 20), 0),
        (date(2026, 8, 21), 2),
    )
    assert titles(tried.brought) == ["Robots that plan", "An atlas", "Maps"]
    assert [brought.day.day for brought in tried.brought] == [21, 21, 19]
    assert [int(brought.score) for brought in tried.brought] == [3, 2, 2]
    scores = [brought.score for brought in tried.brought]
    assert scores == sorted(scores, reverse=True)
    assert tried.brought[0].verdict.terms() == ("robots",)
    assert tried.gained == tried.lost == ()
    assert tried.instead is None


def test_the_days_go_up_to_the_newest_edition_whatever_the_clock_says(
    taken_in: Installation,
) -> None:
    with taken_in.database.read() as connection:
        assert titles(backtest(connection, parse("robots"), 1).brought) == [
            "Robots that plan",
            "An atlas",
        ]
        assert titles(backtest(connection, parse("robots"), 31).brought)[-1] == "Maps"
        assert "Old robots" in titles(backtest(connection, parse("robots"), 31).brought)


def test_against_another_topic_the_gained_and_the_lost_papers_are_told(
    taken_in: Installation,
) -> None:
    with taken_in.database.read() as connection:
        tried = backtest(connection, parse("robots -maps"), 30, parse("robots -atlas"))
        same = backtest(connection, parse("robots"), 30, parse("robot"))
    assert titles(tried.gained) == ["An atlas"]
    assert titles(tried.lost) == ["Maps"]
    assert same.gained == same.lost == ()


def test_a_topic_that_brings_nothing_is_answered_with_the_least_wider_one_that_would(
    taken_in: Installation,
) -> None:
    with taken_in.database.read() as connection:
        tried = backtest(connection, parse('"robots map"'), 30)
        hopeless = backtest(connection, parse("zzz"), 30)
    assert tried.brought == ()
    assert [count for _, count in tried.days] == [0, 0, 0]
    assert tried.instead == parse("robots map")
    assert tried.would_find == 1
    assert hopeless.instead is None


def test_without_an_edition_there_are_no_days(installation: Installation) -> None:
    with installation.database.read() as connection:
        tried = backtest(connection, parse("robots"), 30)
    assert tried.days == tried.brought == ()
    assert tried.instead is None
