"""The pages as time goes by, and the page of a paper."""

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from peers.dump import dump
from peers.letter import link_of
from peers.newsroom import publish
from peers.reader import Clock, deliver, path_of, sign_up

from service import consent
from service.demo.catcher import Catcher
from service.installation import Installation
from service.store import papers


def test_a_request_that_nobody_confirms_is_forgotten_after_72_hours(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    sign_up(pages, "ada@example.org")
    (asking,) = deliver(house, clock, catcher)
    start = path_of(link_of(asking, "/confirm/"))
    clock.time += timedelta(hours=71, minutes=59)
    assert pages.get(start).status_code == 200
    clock.time += timedelta(minutes=2)
    assert (pages.get(start).status_code, pages.post(start).status_code) == (410, 410)
    assert consent.forget_unconfirmed(house, clock()) == 1
    assert "ada@example.org" not in dump(house.database)


@pytest.mark.parametrize(
    ("asked_at", "send_at", "words"),
    [
        (datetime(2026, 8, 21, 12, tzinfo=UTC), "07:00", "within minutes"),
        (datetime(2026, 8, 21, 5, tzinfo=UTC), "07:00", "today at 07:00"),
    ],
)
def test_the_pages_say_when_the_first_letter_comes(
    pages: httpx.Client,
    house: Installation,
    clock: Clock,
    catcher: Catcher,
    asked_at: datetime,
    send_at: str,
    words: str,
) -> None:
    clock.time = asked_at
    sign_up(pages, "ada@example.org", send_at=send_at)
    (asking,) = deliver(house, clock, catcher)
    start = path_of(link_of(asking, "/confirm/"))
    assert words in pages.get(start).text
    assert words in pages.post(start).text


def test_the_page_of_a_paper_stands_at_its_key(
    pages: httpx.Client, house: Installation, clock: Clock
) -> None:
    publish(house, clock(), "Maps of Rivers")
    with house.database.read() as connection:
        (stored,) = papers.between(connection, 0, 1)
    answer = pages.get(f"/paper/{stored.key}")
    assert answer.status_code == 200
    assert "Maps of Rivers" in answer.text
    assert re.search(r'<a href="https://arxiv.org/search/[^"]+">', answer.text)
    for path in ("/paper/none", "/paper/", "/paper/%00", "/paper/" + "x" * 5000, "/paper/%ff"):
        assert pages.get(path).status_code == 404, path
