"""A confirm link that came too late offers a new one, and works once for what it names."""

from datetime import timedelta

import httpx
import pytest
from conftest import OpenWith
from peers.dump import dump
from peers.letter import link_of, text_of
from peers.newsroom import leave
from peers.pages import open_pages
from peers.preferences import kept
from peers.reader import Clock, deliver, path_of, sign_up

from service.demo.catcher import Catcher
from service.installation import Installation
from service.readers import consent

ADA = "ada@example.org"


@pytest.fixture
def late(pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher) -> str:
    """The path of Ada's confirm link, which has expired."""
    sign_up(pages, ADA, "maps", "tea")
    (asking,) = deliver(house, clock, catcher)
    clock.time += timedelta(hours=73)
    return path_of(link_of(asking, "/confirm/"))


def test_ada_comes_too_late_and_has_a_new_link_sent_for_what_she_wanted(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, late: str
) -> None:
    before = dump(house.database)
    page = pages.get(late)
    assert (page.status_code, pages.post(late).status_code) == (410, 410)
    assert "Links to confirm last 72 hours." in page.text
    assert f'<form method="post" action="{late}/renew"><button>Send me a new one' in page.text
    assert dump(house.database) == before

    for _ in range(3):
        assert "Look in your inbox." in pages.post(f"{late}/renew").text
    (again,) = deliver(house, clock, catcher)
    assert "maps and tea" in text_of(again)
    assert "You’re in" in pages.post(path_of(link_of(again, "/confirm/"))).text
    assert [wish.text for wish in kept(house, ADA).wishes] == ["maps", "tea"]
    assert "Your letters come already." in pages.post(f"{late}/renew").text


def test_a_new_link_keeps_the_request_as_long_as_the_first_one_did(
    pages: httpx.Client, house: Installation, clock: Clock, late: str
) -> None:
    clock.time += timedelta(days=3)
    pages.post(f"{late}/renew")
    clock.time += timedelta(days=6)
    assert consent.forget_unconfirmed(house, clock()) == 0
    clock.time += timedelta(days=2)
    assert consent.forget_unconfirmed(house, clock()) == 1


def test_a_request_that_is_gone_or_was_withdrawn_sends_nothing(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, late: str
) -> None:
    leave(house, kept(house, ADA).subscriber_id, clock())
    withdrawn = pages.post(f"{late}/renew")
    clock.time += timedelta(days=7)
    consent.forget_unconfirmed(house, clock())
    gone = pages.post(f"{late}/renew")
    for answer in (withdrawn, gone):
        assert answer.status_code == 410
        assert "That request is not kept any more." in answer.text
    assert deliver(house, clock, catcher) == []
    assert pages.post(f"{late}x/renew").status_code == 404


def test_how_long_a_link_confirms_is_the_operators_choice_and_told_where_it_matters(
    open_with: OpenWith, clock: Clock, catcher: Catcher
) -> None:
    house = open_with(smtp_url="smtp://{}:{}".format(*catcher.address), confirm_hours=24)
    with open_pages(house, clock) as pages:
        sign_up(pages, ADA, "maps")
        (asking,) = deliver(house, clock, catcher)
        assert "the request is deleted after 5 days." in " ".join(text_of(asking).split())
        link = path_of(link_of(asking, "/confirm/"))
        clock.time += timedelta(hours=24)
        assert pages.get(link).status_code == 200
        clock.time += timedelta(seconds=1)
        page = pages.post(link)
        assert page.status_code == 410
        assert "Links to confirm last 24 hours." in page.text
        clock.time += timedelta(days=3)
        assert consent.forget_unconfirmed(house, clock()) == 0
        clock.time += timedelta(days=1)
        assert consent.forget_unconfirmed(house, clock()) == 1
