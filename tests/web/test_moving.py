"""A reader's letters go to another address once whoever reads there has said yes."""

from datetime import timedelta

import httpx
import pytest
from peers.account import account_path
from peers.dump import dump
from peers.letter import link_of, text_of
from peers.newsroom import REFUSED, leave, publish, subscribe, take_out
from peers.preferences import kept, preferences_path
from peers.reader import Clock, deliver, path_of, sign_up

from service import pipeline
from service.demo.catcher import Catcher, Caught
from service.installation import Installation
from service.store import subscribers, suppressions

ADA, NEW = "ada@example.org", "countess@example.net"


@pytest.fixture
def path(pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher) -> str:
    """The path of Ada's account."""
    subscribe(house, ADA, "maps", at=clock())
    return account_path(pages, house, clock, catcher, ADA)


def ask(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, path: str, to: str
) -> list[Caught]:
    """Ask for letters to go to another address; return the letters that came of it."""
    answer = pages.post(f"{path}/address", data={"email": to})
    assert "Look in the inbox of your new address." in answer.text
    return deliver(house, clock, catcher)


def test_ada_moves_her_letters_and_her_old_address_is_told(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, path: str
) -> None:
    before = kept(house, ADA)
    (asking,) = ask(pages, house, clock, catcher, path, NEW)
    assert asking.rcpt_to == (NEW,)
    assert "a…@example.org" in text_of(asking)
    assert ADA not in text_of(asking)
    yes = path_of(link_of(asking, "/address/"))
    stored = dump(house.database)
    assert NEW in pages.get(yes).text
    assert pages.head(yes).status_code == 200
    assert dump(house.database) == stored

    clock.time += timedelta(hours=71)
    assert f"They go to {NEW}" in pages.post(yes).text
    after = kept(house, NEW)
    assert (after.subscriber_id, after.wishes, after.status) == (
        before.subscriber_id,
        before.wishes,
        before.status,
    )
    (told,) = deliver(house, clock, catcher)
    assert told.rcpt_to == (ADA,)
    assert told.headers()["Subject"] == "Your letters go to a new address"
    assert "c…@example.net" in text_of(told)
    assert NEW not in text_of(told)

    stored = dump(house.database)
    assert pages.post(yes).status_code == pages.get(yes).status_code == 200
    assert dump(house.database) == stored, "pressing twice is harmless"
    publish(house, clock(), "Maps of Rivers")
    pipeline.plan(house, clock(), everyone=True)
    (digest,) = deliver(house, clock, catcher)
    assert digest.rcpt_to == (NEW,)


def test_a_link_mailed_to_the_old_address_opens_the_account_no_more(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, path: str
) -> None:
    (asking,) = ask(pages, house, clock, catcher, path, NEW)
    clock.time += timedelta(minutes=1)
    pages.post(path_of(link_of(asking, "/address/")))
    for link in (path, f"{path}/erase", f"{path}/export.json"):
        assert pages.get(link).status_code == 404
    assert pages.post(f"{path}/erase").status_code == 404
    assert pages.post(f"{path}/address", data={"email": ADA}).status_code == 404
    assert kept(house, NEW).status == "active"


def test_only_the_address_asked_for_last_can_say_yes(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, path: str
) -> None:
    (typo,) = ask(pages, house, clock, catcher, path, "countes@example.net")
    (right,) = ask(pages, house, clock, catcher, path, NEW)
    wrong = path_of(link_of(typo, "/address/"))
    assert (pages.get(wrong).status_code, pages.post(wrong).status_code) == (404, 404)
    assert pages.post(path_of(link_of(right, "/address/"))).status_code == 200
    assert pages.post(wrong).status_code == 404
    assert kept(house, NEW).status == "active"


def test_the_answer_is_the_same_where_letters_come_already_or_must_not_go(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, path: str
) -> None:
    subscribe(house, "bob@example.org", at=clock())
    with house.database.write() as connection:
        hashed = suppressions.address_hash("gone@example.org")
        suppressions.add(connection, hashed, "refused", clock())
    seen = set()
    for email in ("bob@example.org", "gone@example.org", NEW):
        answer = pages.post(f"{path}/address", data={"email": email})
        seen.add((answer.status_code, answer.content))
    assert len(seen) == 1
    assert [letter.rcpt_to for letter in deliver(house, clock, catcher)] == [(NEW,)]


def test_an_address_that_was_taken_meanwhile_stays_with_its_owner(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, path: str
) -> None:
    (asking,) = ask(pages, house, clock, catcher, path, NEW)
    subscribe(house, NEW, "tea", at=clock())
    before = dump(house.database)
    assert pages.post(path_of(link_of(asking, "/address/"))).status_code == 404
    assert dump(house.database) == before


def test_an_address_whose_owner_left_or_never_said_yes_can_be_moved_to(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, path: str
) -> None:
    leave(house, subscribe(house, NEW, "tea", at=clock()), clock())
    deliver(house, clock, catcher)
    (asking,) = ask(pages, house, clock, catcher, path, NEW)
    assert pages.post(path_of(link_of(asking, "/address/"))).status_code == 200
    assert [wish.text for wish in kept(house, NEW).wishes] == ["maps"]
    sign_up(pages, ADA, "rivers")
    letters = deliver(house, clock, catcher)
    subjects = {letter.headers()["Subject"] for letter in letters}
    assert "Confirm your Paperround letter" in subjects, "the old address is free"


def test_a_mistake_in_the_address_is_named_and_kept(
    pages: httpx.Client, house: Installation, path: str
) -> None:
    before = dump(house.database)
    answer = pages.post(f"{path}/address", data={"email": "<ada>@"})
    assert answer.status_code == 422
    assert 'value="&lt;ada&gt;@"' in answer.text
    assert "is not an e-mail address" in answer.text
    assert dump(house.database) == before


def test_a_reader_who_left_meanwhile_is_not_moved(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, path: str
) -> None:
    (asking,) = ask(pages, house, clock, catcher, path, NEW)
    leave(house, kept(house, ADA).subscriber_id, clock())
    assert pages.post(path_of(link_of(asking, "/address/"))).status_code == 404
    with house.database.read() as connection:
        assert subscribers.by_address(connection, NEW) is None


def test_the_old_address_is_told_even_where_letters_are_paused_at_once(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, path: str
) -> None:
    (asking,) = ask(pages, house, clock, catcher, path, NEW)
    pages.post(path_of(link_of(asking, "/address/")))
    pages.post(preferences_path(house, NEW) + "/pause", data={"span": "week"})
    assert [letter.rcpt_to for letter in deliver(house, clock, catcher)] == [(ADA,)]


def test_an_old_address_that_is_gone_does_not_suppress_the_new_one(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, path: str
) -> None:
    (asking,) = ask(pages, house, clock, catcher, path, NEW)
    pages.post(path_of(link_of(asking, "/address/")))
    (told,) = take_out(house, clock(), REFUSED)
    assert told.recipient == ADA
    with house.database.read() as connection:
        assert suppressions.every(connection) == set()
