"""What only a link that was mailed just now may open: letters so far, data, the end of it."""

import html
from datetime import time, timedelta

import httpx
import pytest
from peers.account import account_path
from peers.dump import dump
from peers.letter import html_of, link_of, text_of, unsubscribe_link
from peers.newsroom import leave, publish, subscribe
from peers.preferences import kept, preferences_path, save
from peers.reader import Clock, deliver, path_of

from service import pipeline
from service.demo.catcher import Catcher
from service.domain.filters import Filters
from service.installation import Installation

ADA = "ada@example.org"


@pytest.fixture
def ada(pages: httpx.Client, house: Installation, clock: Clock) -> int:
    return subscribe(
        house,
        ADA,
        "Maps = maps OR charts",
        at=clock(),
        timezone="Europe/Berlin",
        send_at=time(7, 30),
        filters=Filters(("survey",), ("Yann LeCun",), 5),
        name="Ada",
    )


def test_ada_asks_for_the_link_at_her_preferences_and_looking_changes_nothing(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, ada: int
) -> None:
    shown = pages.get(preferences_path(house, ADA)).text
    assert "/account" in shown
    assert ADA not in shown
    path = account_path(pages, house, clock, catcher, ADA)
    before = dump(house.database)
    for address in (path, f"{path}/erase", f"{path}/export.json"):
        assert pages.head(address).status_code == pages.get(address).status_code == 200
    assert f"Letters come to <bdi>{ADA}</bdi>." in pages.get(path).text
    assert dump(house.database) == before


def test_the_letter_with_the_link_says_how_long_it_works_and_shows_nothing_else(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, ada: int
) -> None:
    pages.post(preferences_path(house, ADA) + "/account")
    (letter,) = deliver(house, clock, catcher)
    assert letter.headers()["Subject"] == "Your Paperround account"
    for body in (text_of(letter), html_of(letter)):
        assert "30 minutes" in " ".join(body.split())
        assert link_of(letter, "/account/") in html.unescape(body)
    assert "List-Unsubscribe" not in letter.headers()


def test_the_link_works_for_30_minutes_and_then_offers_a_new_one(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, ada: int
) -> None:
    path = account_path(pages, house, clock, catcher, ADA)
    clock.time += timedelta(minutes=29)
    assert "another minute" in pages.get(path).text
    clock.time += timedelta(minutes=1)
    assert pages.get(path).status_code == 200
    clock.time += timedelta(seconds=1)
    before = dump(house.database)
    assert {
        pages.get(path).status_code,
        pages.get(f"{path}/erase").status_code,
        pages.get(f"{path}/export.json").status_code,
        pages.post(f"{path}/erase").status_code,
        pages.post(f"{path}/address", data={"email": "bob@example.org"}).status_code,
    } == {410}
    assert f'action="{path}/renew"' in pages.get(path).text
    assert dump(house.database) == before
    assert "Look in your inbox." in pages.post(f"{path}/renew").text
    (letter,) = deliver(house, clock, catcher)
    assert pages.get(path_of(link_of(letter, "/account/"))).status_code == 200


def test_whoever_asks_again_and_again_makes_three_letters_a_day(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, ada: int
) -> None:
    def ask(times: int) -> int:
        path = preferences_path(house, ADA) + "/account"
        assert {pages.post(path).status_code for _ in range(times)} == {200}
        return len(deliver(house, clock, catcher))

    assert ask(5) == 3
    clock.time += timedelta(days=1)
    assert ask(5) == 3


def test_a_letter_that_waited_too_long_is_not_sent_since_its_link_is_dead(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, ada: int
) -> None:
    pages.post(preferences_path(house, ADA) + "/account")
    clock.time += timedelta(minutes=31)
    assert deliver(house, clock, catcher) == []


def test_ada_finds_her_last_letters_with_their_web_copies(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, ada: int
) -> None:
    for title in ("Maps of Rivers", "Maps of <Seas>"):
        publish(house, clock(), title)
        pipeline.plan(house, clock(), everyone=True)
        deliver(house, clock, catcher)
        clock.time += timedelta(days=1)
    path = account_path(pages, house, clock, catcher, ADA)
    shown = pages.get(path).text
    assert shown.index("Maps of &lt;Seas&gt;") < shown.index("Maps of Rivers")
    assert "Saturday 22 August 2026" in shown
    links = [part.split('"')[0] for part in shown.split('href="')[1:] if part.startswith("/d/")]
    assert "of &lt;Seas&gt;" in pages.get(links[0]).text
    clock.time += timedelta(days=60)
    pipeline.tidy(house, clock())
    shown = pages.get(account_path(pages, house, clock, catcher, ADA)).text
    assert "No web copy is kept any more" in shown
    assert 'href="/d/' not in shown


def test_ada_takes_all_that_is_kept_of_her_and_no_secret_with_it(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, ada: int
) -> None:
    publish(house, clock(), "Maps of Rivers")
    pipeline.plan(house, clock(), everyone=True)
    deliver(house, clock, catcher)
    save(pages, preferences_path(house, ADA), more="tea", name="Countess")
    answer = pages.get(account_path(pages, house, clock, catcher, ADA) + "/export.json")
    assert answer.headers["Content-Type"] == "application/json"
    assert "attachment" in answer.headers["Content-Disposition"]
    mine = answer.json()
    assert mine["reader"]["email"] == ADA
    assert [past["name"] for past in mine["preferences"]] == ["Ada", "Countess"]
    assert mine["preferences"][0]["mutes"] == ["survey"]
    assert mine["preferences"][0]["valid_to"] == mine["preferences"][1]["valid_from"]
    assert [(topic["label"], topic["text"]) for topic in mine["topics"]] == [
        ("Maps", "maps OR charts"),
        (None, "tea"),
    ]
    assert [event["event"] for event in mine["consent"]] == ["added", "active"]
    assert [letter["kind"] for letter in mine["letters"]] == ["digest", "account"]
    assert [paper["title"] for paper in mine["papers"]] == ["Maps of Rivers"]
    token = kept(house, ADA).unsubscribe_token
    assert token is not None
    assert token not in answer.text


def test_ada_is_erased_once_and_for_all_and_her_unsubscribe_link_still_answers(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, ada: int
) -> None:
    publish(house, clock(), "Maps of Rivers")
    pipeline.plan(house, clock(), everyone=True)
    (digest,) = deliver(house, clock, catcher)
    path = account_path(pages, house, clock, catcher, ADA)
    assert f"Erase all we keep of <bdi>{ADA}</bdi>?" in pages.get(f"{path}/erase").text
    assert "All is erased." in pages.post(f"{path}/erase").text
    after = dump(house.database)
    assert ADA not in after
    assert "Countess" not in after
    for link in (path, f"{path}/erase", preferences_path_of(digest)):
        assert pages.get(link).status_code == 404
    assert pages.post(f"{path}/erase").status_code == 404
    stop = path_of(unsubscribe_link(digest))
    assert "No more letters come" in pages.get(stop).text
    assert pages.post(stop, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert deliver(house, clock, catcher) == []
    assert dump(house.database) == after


def preferences_path_of(digest: object) -> str:
    return path_of(link_of(digest, "/preferences/[^/]*$"))  # type: ignore[arg-type]


def test_one_who_left_may_still_take_their_data_and_be_erased(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, ada: int
) -> None:
    leave(house, ada, clock())
    deliver(house, clock, catcher)
    own = preferences_path(house, ADA)
    assert f'action="{own}/account"' in pages.get(own).text
    path = account_path(pages, house, clock, catcher, ADA)
    assert "No letters come to" in pages.get(path).text
    assert 'name="email"' not in pages.get(path).text
    assert pages.get(f"{path}/export.json").json()["reader"]["status"] == "unsubscribed"
    assert pages.post(f"{path}/erase").status_code == 200
    assert ADA not in dump(house.database)
