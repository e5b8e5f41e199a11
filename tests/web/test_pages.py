"""The way in and out over real HTTP: sign up, confirm, read, leave, come back."""

from datetime import timedelta

import httpx
import pytest
from peers.deadline import at_once
from peers.dump import dump
from peers.letter import link_of, links_of, text_of, unsubscribe_link
from peers.newsroom import publish
from peers.reader import Clock, deliver, path_of, sign_up

from service import pipeline
from service.demo.catcher import Catcher, Caught
from service.installation import Installation
from service.store import deliveries, subscribers

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def status_of(house: Installation, email: str) -> str | None:
    with house.database.read() as connection:
        known = subscribers.by_address(connection, email)
    return known.status.value if known else None


def topics_of(house: Installation, email: str) -> list[str]:
    with house.database.read() as connection:
        known = subscribers.by_address(connection, email)
    assert known is not None
    return [wish.text for wish in known.wishes]


def letters_by_status(house: Installation) -> dict[str, int]:
    with house.database.read() as connection:
        books = deliveries.books(connection)
    assert books.balanced
    return {status: count for status, count in books.by_status.items() if count}


def confirm(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, email: str
) -> None:
    (letter,) = (c for c in deliver(house, clock, catcher) if c.rcpt_to == (email,))
    assert pages.post(path_of(link_of(letter, "/confirm/"))).status_code == 200


def digest_for(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, email: str
) -> Caught:
    """Sign a reader up, confirm, and return their first digest."""
    publish(house, clock(), f"Maps of {email}")
    sign_up(pages, email, "maps")
    confirm(pages, house, clock, catcher, email)
    (letter,) = (c for c in deliver(house, clock, catcher) if c.rcpt_to == (email,))
    return letter


def test_ada_signs_up_confirms_reads_leaves_and_comes_back(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    publish(house, clock(), "Maps of Rivers", "Cooking for Robots")
    asked = sign_up(pages, "ada@example.org", "maps", '"world models" OR tea', send_at="06:00")
    assert (asked.status_code, asked.headers["location"]) == (303, "/sent")
    assert "Look in your inbox." in pages.get("/sent").text
    assert status_of(house, "ada@example.org") == "pending"

    (asking,) = deliver(house, clock, catcher)
    assert asking.rcpt_to == ("ada@example.org",)
    start = path_of(link_of(asking, "/confirm/"))
    before = dump(house.database)
    page = pages.get(start)
    assert page.status_code == 200
    assert "Start your letter?" in page.text
    assert "daily at 06:00, UTC, if papers matched" in page.text
    assert dump(house.database) == before, "a GET confirmed"

    assert "You’re in" in pages.post(start).text
    assert status_of(house, "ada@example.org") == "active"
    events = dump(house.database)
    assert pages.post(start).status_code == 200, "confirming twice is harmless"
    assert dump(house.database) == events

    (digest,) = deliver(house, clock, catcher)
    assert "Maps of Rivers" in text_of(digest)
    assert "Cooking" not in text_of(digest)

    leave = path_of(unsubscribe_link(digest))
    before = dump(house.database)
    page = pages.get(leave)
    assert "Stop the letter to <bdi>a…@example.org</bdi>?" in page.text
    assert pages.head(leave).status_code == 200
    assert dump(house.database) == before, "a GET or HEAD unsubscribed"

    assert "No more letters come" in pages.post(leave).text
    assert status_of(house, "ada@example.org") == "unsubscribed"
    (goodbye,) = deliver(house, clock, catcher)
    assert goodbye.headers()["Subject"] == "You're unsubscribed"
    undo = path_of(link_of(goodbye, "/undo/"))
    before = dump(house.database)
    assert "maps" in pages.get(undo).text
    assert dump(house.database) == before, "a GET resubscribed"

    assert "Welcome back" in pages.post(undo).text
    assert status_of(house, "ada@example.org") == "active"
    assert topics_of(house, "ada@example.org") == ["maps", '"world models" OR tea']


@pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
def test_a_one_click_post_unsubscribes_at_once_and_cancels_what_is_queued(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, kind: str
) -> None:
    digest = digest_for(pages, house, clock, catcher, "ada@example.org")
    assert digest.headers()["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    clock.time += timedelta(days=1)
    publish(house, clock(), "Maps of Mountains")
    assert pipeline.plan(house, clock(), everyone=True).planned == 1
    assert letters_by_status(house) == {"sent": 2, "queued": 1}

    def click() -> httpx.Response:
        path = path_of(unsubscribe_link(digest))
        if kind == "multipart":
            return pages.post(path, files={"List-Unsubscribe": (None, "One-Click")})
        return pages.post(path, data=ONE_CLICK)

    answers = [click(), click(), click()]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert not any("location" in answer.headers for answer in answers)
    assert status_of(house, "ada@example.org") == "unsubscribed"
    assert letters_by_status(house) == {"sent": 2, "cancelled": 1, "queued": 1}
    (goodbye,) = deliver(house, clock, catcher)
    assert goodbye.headers()["Subject"] == "You're unsubscribed"
    assert pipeline.plan(house, clock(), everyone=True).due == 0


def test_known_and_unknown_addresses_are_answered_alike_to_the_byte(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    digest = digest_for(pages, house, clock, catcher, "ada@example.org")
    gone = digest_for(pages, house, clock, catcher, "gone@example.org")
    pages.post(path_of(unsubscribe_link(gone)))
    sign_up(pages, "pending@example.org")
    before = letters_by_status(house)

    answers = [
        sign_up(pages, email, "maps")
        for email in (
            "ada@example.org", "ADA@example.org", "gone@example.org", "pending@example.org",
            "new@example.org",
        )
    ]  # fmt: skip
    seen = {(a.status_code, a.content, tuple(_without_date(a))) for a in answers}
    assert len(seen) == 1
    # Only the one that left and the new one are asked; the pending one was asked today.
    assert letters_by_status(house)["queued"] == before["queued"] + 2
    assert status_of(house, "ada@example.org") == "active"
    assert topics_of(house, "ada@example.org") == ["maps"]
    assert digest.number > 0


def _without_date(answer: httpx.Response) -> list[tuple[str, str]]:
    return [(name, value) for name, value in answer.headers.items() if name != "date"]


def test_who_left_and_signs_up_again_the_same_day_is_asked_again(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    digest = digest_for(pages, house, clock, catcher, "ada@example.org")
    pages.post(path_of(unsubscribe_link(digest)))
    sign_up(pages, "ada@example.org", "tea")
    subjects = sorted(c.headers()["Subject"] for c in deliver(house, clock, catcher))
    assert "Confirm your Paperround letter" in subjects
    assert status_of(house, "ada@example.org") == "pending"


def test_a_stranger_who_asks_again_and_again_makes_one_letter_a_day(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    for topic in ("maps", "tea", "robots"):
        sign_up(pages, "ada@example.org", topic)
    assert len(deliver(house, clock, catcher)) == 1
    clock.time += timedelta(days=1)
    sign_up(pages, "ada@example.org", "maps")
    assert len(deliver(house, clock, catcher)) == 1


def test_an_old_confirm_link_does_not_bring_back_who_left(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    sign_up(pages, "ada@example.org")
    (asking,) = deliver(house, clock, catcher)
    start = path_of(link_of(asking, "/confirm/"))
    pages.post(start)
    (welcome,) = deliver(house, clock, catcher)
    pages.post(path_of(unsubscribe_link(welcome)))
    before = dump(house.database)
    asked, pressed = pages.get(start), pages.post(start)
    assert (asked.status_code, asked.content) == (pressed.status_code, pressed.content)
    assert asked.status_code == 404
    assert dump(house.database) == before


def test_a_scanner_that_opens_every_link_of_every_letter_changes_nothing(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    publish(house, clock(), "Maps of Rivers")
    sign_up(pages, "ada@example.org", "maps")
    (asking,) = deliver(house, clock, catcher)
    seen = _scan(pages, house, asking)
    pages.post(path_of(link_of(asking, "/confirm/")))
    (digest,) = deliver(house, clock, catcher)
    seen |= _scan(pages, house, digest)
    pages.post(path_of(unsubscribe_link(digest)))
    (goodbye,) = deliver(house, clock, catcher)
    seen |= _scan(pages, house, goodbye)
    assert {path.split("/")[1] for path in seen} >= {"confirm", "u", "undo", "paper"}


def _scan(pages: httpx.Client, house: Installation, letter: Caught) -> set[str]:
    before = dump(house.database)
    ours = {path_of(link) for link in links_of(letter) if link.startswith(house.house.base_url)}
    for path in ours:
        for answer in (pages.get(path), pages.head(path), pages.get(path)):
            assert answer.status_code == 200, path
    assert dump(house.database) == before
    return ours


def test_sign_ups_of_one_address_at_once_make_one_subscriber_and_one_letter(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    answers = at_once(
        *(
            lambda number=number: sign_up(pages, "ada@example.org", f"topic {number}", "maps")
            for number in range(5)
        )
    )
    assert [answer.status_code for answer in answers] == [303] * 5
    with house.database.read() as connection:
        assert len(list(subscribers.every(connection))) == 1
    assert len(topics_of(house, "ada@example.org")) == 2
    assert len(deliver(house, clock, catcher)) == 1


def test_a_link_pressed_many_times_at_once_acts_once(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    digest = digest_for(pages, house, clock, catcher, "ada@example.org")
    leave = path_of(unsubscribe_link(digest))
    answers = at_once(*[lambda: pages.post(leave)] * 6)
    assert [answer.status_code for answer in answers] == [200] * 6
    assert status_of(house, "ada@example.org") == "unsubscribed"
    (goodbye,) = deliver(house, clock, catcher)
    undo = path_of(link_of(goodbye, "/undo/"))
    at_once(*[lambda: pages.post(undo)] * 6)
    assert status_of(house, "ada@example.org") == "active"
    assert letters_by_status(house) == {"sent": 3}
