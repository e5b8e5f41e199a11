"""A confirm link says yes to what its own letter names, and to nothing else."""

from datetime import timedelta

import httpx
from peers.letter import link_of, text_of
from peers.newsroom import publish
from peers.reader import Clock, deliver, path_of, sign_up

from service import pipeline
from service.demo.catcher import Catcher
from service.installation import Installation
from service.store import subscribers


def topics_of(house: Installation, email: str) -> list[str]:
    with house.database.read() as connection:
        found = subscribers.by_address(connection, email)
    assert found is not None
    return [wish.text for wish in found.wishes]


def test_a_stranger_who_asks_again_the_same_day_changes_nothing(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    sign_up(pages, "ada@example.org", "maps")
    (asking,) = deliver(house, clock, catcher)
    sign_up(pages, "ada@example.org", "casino bonus")
    assert deliver(house, clock, catcher) == []
    assert "maps" in text_of(asking)
    assert "You’re in" in pages.post(path_of(link_of(asking, "/confirm/"))).text
    assert topics_of(house, "ada@example.org") == ["maps"]


def test_asking_anew_on_another_day_ends_the_older_link(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    sign_up(pages, "ada@example.org", "maps")
    (first,) = deliver(house, clock, catcher)
    clock.time += timedelta(days=1)
    sign_up(pages, "ada@example.org", "rivers")
    (second,) = deliver(house, clock, catcher)
    assert pages.post(path_of(link_of(first, "/confirm/"))).status_code == 404
    assert "You’re in" in pages.post(path_of(link_of(second, "/confirm/"))).text
    assert topics_of(house, "ada@example.org") == ["rivers"]


def test_who_comes_back_gets_the_papers_of_the_letter_that_leaving_cancelled(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    sign_up(pages, "ada@example.org", "maps")
    (asking,) = deliver(house, clock, catcher)
    pages.post(path_of(link_of(asking, "/confirm/")))
    publish(house, clock(), "Maps of Rivers")
    assert pipeline.plan(house, clock(), everyone=True).planned == 1
    with house.database.read() as connection:
        ada = subscribers.by_address(connection, "ada@example.org")
    assert ada is not None
    left = pages.post(f"/u/{ada.unsubscribe_token}")
    assert 'action="/undo/' in left.text, "the page offers to undo"
    (goodbye,) = deliver(house, clock, catcher)
    pages.post(path_of(link_of(goodbye, "/undo/")))
    clock.time += timedelta(days=1)
    assert pipeline.plan(house, clock(), everyone=True).planned == 1
    (digest,) = deliver(house, clock, catcher)
    assert "Maps of Rivers" in text_of(digest)
