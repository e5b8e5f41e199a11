"""Silence is not mistaken for failure: readers are told when papers were last checked for them."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from peers.newsroom import REFUSED, publish, subscribe, take_out
from peers.preferences import preferences_path
from peers.reader import Clock, deliver

from service import pipeline
from service.demo.catcher import Catcher
from service.domain.filters import Filters
from service.installation import Installation

ADA = "ada@example.org"


@pytest.fixture(autouse=True)
def seven_in_berlin(clock: Clock) -> None:
    clock.time = datetime(2026, 8, 21, 5, tzinfo=UTC)


def look(pages: httpx.Client, house: Installation) -> str:
    page = pages.get(preferences_path(house, ADA)).text
    return page.split("</h1>")[1].split("<p>")[1].split("</p>")[0]


def test_before_the_first_plan_ada_is_told_that_it_is_still_to_come(
    pages: httpx.Client, house: Installation, clock: Clock
) -> None:
    subscribe(house, ADA, "maps", at=clock(), timezone="Europe/Berlin")
    assert look(pages, house) == "No papers have been checked for you yet."


def test_a_morning_without_a_match_is_told_with_the_papers_looked_at(
    pages: httpx.Client, house: Installation, clock: Clock
) -> None:
    subscribe(house, ADA, "maps", at=clock(), timezone="Europe/Berlin")
    publish(house, clock(), *(f"Tea {number}" for number in range(43)))
    pipeline.plan(house, clock())
    assert look(pages, house) == "Last checked this morning at 07:00: 0 of 43 new papers matched."
    clock.time += timedelta(days=1)
    assert look(pages, house) == "Last checked yesterday at 07:00: 0 of 43 new papers matched."
    pipeline.plan(house, clock())
    assert look(pages, house) == "Last checked this morning at 07:00: no new paper had come."
    clock.time += timedelta(days=3)
    assert "on Saturday 22 August at 07:00" in look(pages, house)


def test_papers_that_were_muted_are_told_as_such(
    pages: httpx.Client, house: Installation, clock: Clock
) -> None:
    subscribe(house, ADA, "maps", at=clock(), filters=Filters(("survey",)))
    publish(house, clock(), "A Survey of Maps")
    pipeline.plan(house, clock(), everyone=True)
    assert look(pages, house) == (
        "Last checked this morning at 05:00, 1 new paper: all new papers that matched were muted."
    )


def test_of_a_letter_ada_is_told_where_it_is(
    pages: httpx.Client, house: Installation, clock: Clock
) -> None:
    subscribe(house, ADA, "maps", at=clock(), timezone="Europe/Berlin")
    publish(house, clock(), "Maps of Rivers", "Tea")
    pipeline.plan(house, clock())
    matched = "Last checked this morning at 07:00: 1 of 2 new papers matched"
    assert look(pages, house) == f"{matched}; the letter is on its way."
    take_out(house, clock(), REFUSED)
    assert look(pages, house) == f"{matched}, but your mail server did not take the letter."


def test_without_topics_no_paper_is_said_to_match(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    subscribe(house, ADA, at=clock(), timezone="Europe/Berlin")
    publish(house, clock(), "Maps of Rivers", "Tea")
    pipeline.plan(house, clock())
    deliver(house, clock, catcher)
    assert look(pages, house) == "Last checked this morning at 07:00: 2 new papers."
