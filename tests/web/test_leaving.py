"""The way out: fewer letters or none, by the button of a page or of a mail client."""

from datetime import timedelta

import httpx
import pytest
from peers.dump import dump
from peers.letter import unsubscribe_link
from peers.newsroom import publish, subscribe
from peers.preferences import kept
from peers.reader import Clock, deliver, path_of

from service import pipeline
from service.demo.catcher import Catcher
from service.domain.readers import Preferences
from service.domain.timetable import Cadence
from service.installation import Installation
from service.mail.address import parse_address
from service.readers import consent

ADA = "ada@example.org"


@pytest.fixture
def stop(pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher) -> str:
    """The path of the unsubscribe link in Ada's letter."""
    subscribe(house, ADA, "maps", at=clock())
    publish(house, clock(), "Maps of Rivers")
    pipeline.plan(house, clock(), everyone=True)
    (digest,) = deliver(house, clock, catcher)
    return path_of(unsubscribe_link(digest))


def test_leaving_is_one_button_and_fewer_letters_stand_below_it(
    pages: httpx.Client, house: Installation, stop: str
) -> None:
    before = dump(house.database)
    page = pages.get(stop).text
    assert dump(house.database) == before
    first, second, third = page.split("<form")[1:]
    assert f'action="{stop}"' in first
    assert "<button>Unsubscribe</button>" in first
    assert "Weekly instead" in second
    assert "It comes on Mondays, with the best papers of the week." in second
    assert "It comes again on Monday 21 September, by itself." in third
    assert "No more letters come" in pages.post(stop).text
    assert kept(house, ADA).status == "unsubscribed"


def test_ada_takes_a_weekly_letter_instead(
    pages: httpx.Client, house: Installation, clock: Clock, stop: str
) -> None:
    told = pages.post(f"{stop}/weekly").text
    assert "It comes on Mondays at 07:00, UTC" in told
    ada = kept(house, ADA)
    assert (ada.status, ada.preferences.cadence) == ("active", Cadence.MONDAYS)
    assert ada.preferences.max_papers == 25
    own = told.split('href="/preferences/')[1].split('"')[0]
    assert "on Mondays" in pages.get(f"/preferences/{own}").text
    assert "Weekly instead" not in pages.get(stop).text
    after = dump(house.database)
    pages.post(f"{stop}/weekly")
    assert dump(house.database) == after


def test_ada_pauses_for_a_month_instead(
    pages: httpx.Client, house: Installation, stop: str
) -> None:
    answer = pages.post(f"{stop}/pause")
    assert answer.status_code == 303
    assert "paused until Monday 21 September 2026" in pages.get(answer.headers["location"]).text
    assert kept(house, ADA).status == "paused"


def test_who_has_left_is_offered_nothing_less_and_stays_away(
    pages: httpx.Client, house: Installation, stop: str
) -> None:
    pages.post(stop)
    after = dump(house.database)
    for answer in (pages.get(stop), pages.post(f"{stop}/weekly"), pages.post(f"{stop}/pause")):
        assert "You’re unsubscribed." in answer.text
    assert dump(house.database) == after


def test_ada_says_what_was_wrong_once_and_is_never_asked_to(
    pages: httpx.Client, house: Installation, clock: Clock, stop: str
) -> None:
    assert pages.post(f"{stop}/why", data={"why": "a stranger"}).status_code == 200
    assert "a stranger" not in dump(house.database), "she has not left"
    assert f'action="{stop}/why"' in pages.post(stop).text
    pages.post(f"{stop}/why", data={"why": " Too many <maps>. " + "x" * 2000})
    pages.post(f"{stop}/why", data={"why": "And more"})
    pages.post(f"{stop}/why", data={"why": "  "})
    stored = dump(house.database)
    assert "Too many <maps>." in stored
    assert "x" * 1001 not in stored
    assert "And more" not in stored
    consent.erase(house, parse_address(ADA), clock(), source="test")
    assert "Too many" not in dump(house.database)


def test_the_link_works_after_its_address_was_imported_again_and_again(
    pages: httpx.Client, house: Installation, clock: Clock, stop: str
) -> None:
    def add() -> consent.SignUp:
        address = parse_address(ADA.upper())
        return consent.add(
            house, address, (), Preferences(), clock(), source="import", vouched=True
        )

    assert (add(), add()) == (consent.SignUp.ALREADY, consent.SignUp.ALREADY)
    assert "No more letters come" in pages.post(stop).text
    assert kept(house, ADA).status == "unsubscribed"
    assert add() == consent.SignUp.UNSUBSCRIBED
    assert kept(house, ADA).status == "unsubscribed"


def test_after_erasure_the_link_still_answers_and_says_what_to_do_should_letters_come_again(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, stop: str
) -> None:
    consent.erase(house, parse_address(ADA), clock(), source="test")
    subscribe(house, ADA, "maps", at=clock())
    clock.time += timedelta(days=1)
    publish(house, clock(), "Maps of Seas")
    pipeline.plan(house, clock(), everyone=True)
    (again,) = deliver(house, clock, catcher)
    before = dump(house.database)
    for answer in (pages.get(stop), pages.post(stop)):
        assert answer.status_code == 200
        assert "use the link in one of those" in answer.text
    assert pages.post(stop, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert dump(house.database) == before
    pages.post(path_of(unsubscribe_link(again)))
    assert kept(house, ADA).status == "unsubscribed"


@pytest.mark.parametrize("action", ["", "/weekly", "/pause", "/why"])
def test_a_link_that_is_not_ours_gets_the_one_answer(
    pages: httpx.Client, house: Installation, stop: str, action: str
) -> None:
    before = dump(house.database)
    answer = pages.post(f"{stop[:-1]}{action}", data={"why": "x"})
    assert (answer.status_code, "This link doesn’t work." in answer.text) == (404, True)
    assert dump(house.database) == before
