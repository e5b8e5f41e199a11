"""The pages as time goes by, and the page of a paper."""

import re
from datetime import UTC, datetime, timedelta

import httpx
from peers.dump import dump
from peers.letter import link_of, text_of, unsubscribe_link
from peers.newsroom import at_work, publish, subscribe
from peers.reader import Clock, deliver, path_of, sign_up

from service import pipeline
from service.demo.catcher import Catcher
from service.installation import Installation
from service.readers import consent
from service.store import papers, subscribers


def test_a_request_that_nobody_confirms_is_forgotten_after_a_week(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    sign_up(pages, "ada@example.org")
    (asking,) = deliver(house, clock, catcher)
    start = path_of(link_of(asking, "/confirm/"))
    clock.time += timedelta(hours=71, minutes=59)
    assert pages.get(start).status_code == 200
    clock.time += timedelta(minutes=2)
    assert (pages.get(start).status_code, pages.post(start).status_code) == (410, 410)
    assert consent.forget_unconfirmed(house, clock()) == 0
    clock.time += timedelta(days=4)
    assert consent.forget_unconfirmed(house, clock()) == 1
    assert "ada@example.org" not in dump(house.database)


def confirmed(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, *topics: str
) -> str:
    """Sign Ada up and press her button; return the page that follows."""
    sign_up(pages, "ada@example.org", *topics)
    (asking,) = deliver(house, clock, catcher)
    start = path_of(link_of(asking, "/confirm/"))
    assert "at once, with the best of the last days" in pages.get(start).text
    answer = pages.post(start)
    assert answer.status_code == 200
    return answer.text


def test_who_says_yes_gets_the_best_of_the_last_days_at_once_and_nothing_twice(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    publish(house, clock() - timedelta(days=5), "Maps of Old")
    publish(house, clock() - timedelta(days=2), "Maps of Rivers", "Cooking for Robots")
    clock.time = datetime(2026, 8, 21, 5, tzinfo=UTC)  # before her hour
    page = confirmed(pages, house, clock, catcher, "maps")
    assert "Your first letter is on its way." in page
    assert "daily at 07:00, UTC" in page

    (first,) = deliver(house, clock, catcher)
    assert first.headers()["Subject"] == "Your first papers: Maps of Rivers"
    assert "Maps of Old" not in text_of(first)
    clock.time += timedelta(hours=3)
    publish(house, clock(), "Maps of Seas")
    assert pipeline.plan(house, clock()).planned == 0, "one letter a day"
    clock.time += timedelta(days=1)
    assert pipeline.plan(house, clock()).planned == 1
    (second,) = deliver(house, clock, catcher)
    assert second.headers()["Subject"] == "Maps of Seas"
    assert pages.get(path_of(link_of(first, "/d/"))).status_code == 200


def test_who_says_yes_when_nothing_matches_is_told_so_and_gets_the_first_paper_that_does(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    publish(house, clock() - timedelta(days=2), "Cooking for Robots")
    confirmed(pages, house, clock, catcher, "maps", "tea")
    (word,) = deliver(house, clock, catcher)
    assert word.headers()["Subject"] == "Your Paperround letter is set up"
    assert "No paper of the last days was about maps or tea." in text_of(word)
    assert pipeline.plan(house, clock()).due == 0
    publish(house, clock(), "Maps of Seas")
    assert pipeline.plan(house, clock()).planned == 1, "today's letter is still hers to have"
    (digest,) = deliver(house, clock, catcher)
    assert digest.headers()["Subject"] == "Maps of Seas"


def test_a_first_letter_goes_before_the_digests_that_wait(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    for name in ("bob", "carol"):
        subscribe(house, f"{name}@example.org", at=clock())
    publish(house, clock(), "Maps of Rivers")
    sign_up(pages, "ada@example.org")
    (asking,) = deliver(house, clock, catcher)
    pipeline.plan(house, clock())
    pages.post(path_of(link_of(asking, "/confirm/")))
    with at_work(house, clock()) as ledger:
        claims = ledger.claim(1, clock())
    assert [claim.recipient for claim in claims] == ["ada@example.org"]


def test_saying_yes_twice_or_coming_back_brings_no_second_welcome(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    sign_up(pages, "ada@example.org", "maps")
    (asking,) = deliver(house, clock, catcher)
    start = path_of(link_of(asking, "/confirm/"))
    for _ in range(3):
        assert pages.post(start).status_code == 200
    (word,) = deliver(house, clock, catcher)
    pages.post(path_of(unsubscribe_link(word)))
    (goodbye,) = deliver(house, clock, catcher)
    undo = path_of(link_of(goodbye, "/undo/"))
    assert "within minutes if papers match" in pages.get(undo).text
    assert pages.post(undo).status_code == 200
    assert deliver(house, clock, catcher) == []


def test_who_leaves_before_the_welcome_has_gone_out_gets_none(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    confirmed(pages, house, clock, catcher, "maps")
    with house.database.read() as connection:
        ada = subscribers.by_address(connection, "ada@example.org")
    assert ada is not None
    pages.post(f"/u/{ada.unsubscribe_token}")
    (goodbye,) = deliver(house, clock, catcher)
    assert goodbye.headers()["Subject"] == "You're unsubscribed"


def test_an_undo_page_says_when_the_next_letter_comes(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    confirmed(pages, house, clock, catcher)
    (word,) = deliver(house, clock, catcher)
    pages.post(path_of(unsubscribe_link(word)))
    (goodbye,) = deliver(house, clock, catcher)
    clock.time = datetime(2026, 8, 22, 5, tzinfo=UTC)
    assert "today at 07:00" in pages.get(path_of(link_of(goodbye, "/undo/"))).text


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
