"""Links that were forged, cut, aged or made for something else open nothing."""

from datetime import timedelta

import httpx
import pytest
from peers.dump import dump
from peers.letter import link_of, unsubscribe_link
from peers.newsroom import leave, subscribe
from peers.reader import Clock, deliver, path_of, sign_up

from service.demo.catcher import Catcher
from service.domain.keys import Key
from service.domain.links import Purpose, sign
from service.installation import Installation
from service.store import subscribers


@pytest.fixture
def paths(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher
) -> dict[str, str]:
    """The path of a good link of each kind, each of another reader."""
    sign_up(pages, "ada@example.org", "maps")
    (asking,) = deliver(house, clock, catcher)
    bob = subscribe(house, "bob@example.org", at=clock())
    leave(house, bob, clock())
    (goodbye,) = deliver(house, clock, catcher)
    return {
        "confirm": path_of(link_of(asking, "/confirm/")),
        "undo": path_of(link_of(goodbye, "/undo/")),
        "u": _unsubscribe_path(house, clock, catcher),
    }


def _unsubscribe_path(house: Installation, clock: Clock, catcher: Catcher) -> str:
    from peers.newsroom import publish

    from service import pipeline

    subscribe(house, "carol@example.org", at=clock())
    publish(house, clock(), "Maps of Rivers")
    pipeline.plan(house, clock(), everyone=True)
    (digest,) = deliver(house, clock, catcher)
    return path_of(unsubscribe_link(digest))


def test_every_link_that_is_not_ours_gets_one_and_the_same_answer(
    pages: httpx.Client, house: Installation, clock: Clock, paths: dict[str, str]
) -> None:
    token = {kind: path.rpartition("/")[2] for kind, path in paths.items()}
    long_gone = sign(house.keys.current, Purpose.CONFIRM, 999_999, clock())
    stolen_key = sign(Key(b"k" * 32), Purpose.CONFIRM, 1, clock())
    bad = [
        "/confirm/" + token["confirm"][:-1],
        "/confirm/" + token["confirm"] + "A",
        "/confirm/" + ("B" if token["confirm"][0] != "B" else "C") + token["confirm"][1:],
        "/confirm/" + token["undo"],
        "/confirm/" + token["u"],
        "/undo/" + token["confirm"],
        "/u/" + token["confirm"],
        "/u/" + token["u"][:-1],
        "/u/" + token["u"].upper() + "x",
        "/u/" + "0" * 32,
        "/u/%00",
        "/u/%ff%fe",
        "/u/" + "x" * 4000,
        "/confirm/a.b.c",
        "/confirm/%20",
        "/confirm/" + stolen_key,
        "/confirm/" + long_gone,
        "/undo/" + sign(house.keys.current, Purpose.UNDO, 999_999, clock()),
    ]
    before = dump(house.database)
    seen = set()
    for path in bad:
        for answer in (pages.get(path), pages.post(path), pages.post(path, data={"x": "y"})):
            seen.add((answer.status_code, answer.content))
        assert pages.head(path).status_code == 404, path
    assert len(seen) == 1, "a stranger can tell one bad link from another"
    ((status, page),) = seen
    assert status == 404
    assert "This link doesn’t work." in page.decode()
    assert dump(house.database) == before


@pytest.mark.parametrize("opens", [purpose for purpose in Purpose if purpose is not Purpose.FORM])
def test_a_link_of_another_purpose_or_key_opens_nothing_whoever_it_is_of(
    pages: httpx.Client, house: Installation, clock: Clock, opens: Purpose
) -> None:
    ada = subscribe(house, "ada@example.org", "maps", at=clock())
    stranger = Key(b"k" * 32)
    keys = house.keys.current
    tokens = [sign(keys, purpose, ada, clock()) for purpose in Purpose if purpose is not opens]
    tokens.append(sign(stranger, opens, ada, clock()))
    # Signed by a stranger who says that the key is ours.
    tokens.append(keys.key_id + sign(stranger, opens, ada, clock())[4:])
    paths = {
        Purpose.PREFERENCES: ("", "/pause", "/resume", "/account"),
        Purpose.ACCOUNT: ("/address", "/erase", "/renew"),
        Purpose.CONFIRM: ("", "/renew"),
    }.get(opens, ("",))
    before = dump(house.database)
    seen = set()
    for token in tokens:
        for rest in paths:
            form = {"email": "eve@example.org", "span": "week"}
            answer = pages.post(f"/{opens}/{token}{rest}", data=form)
            seen.add((answer.status_code, answer.content))
        answer = pages.get(f"/{opens}/{token}")
        seen.add((answer.status_code, answer.content))
    ((status, page),) = seen
    assert status == 404
    assert "This link doesn’t work." in page.decode()
    assert dump(house.database) == before


@pytest.mark.parametrize(
    ("kind", "life"), [("confirm", timedelta(hours=72)), ("undo", timedelta(days=30))]
)
def test_a_link_lasts_as_long_as_the_letter_says_and_no_longer(
    pages: httpx.Client,
    house: Installation,
    clock: Clock,
    paths: dict[str, str],
    kind: str,
    life: timedelta,
) -> None:
    clock.time += life
    assert pages.get(paths[kind]).status_code == 200
    clock.time += timedelta(seconds=1)
    before = dump(house.database)
    answers = [pages.get(paths[kind]), pages.post(paths[kind])]
    assert {(a.status_code, a.content) for a in answers} == {(410, answers[0].content)}
    assert "This link has expired." in answers[0].text
    assert dump(house.database) == before


def test_an_unsubscribe_link_works_for_ever(
    pages: httpx.Client, clock: Clock, paths: dict[str, str]
) -> None:
    clock.time += timedelta(days=20 * 365)
    assert pages.post(paths["u"]).status_code == 200


def test_an_undo_link_brings_back_its_owner_who_meanwhile_signed_up_again(
    pages: httpx.Client, house: Installation, clock: Clock, paths: dict[str, str]
) -> None:
    with house.database.read() as connection:
        before = subscribers.by_address(connection, "bob@example.org")
    clock.time += timedelta(hours=1)
    sign_up(pages, "bob@example.org", "tea")
    assert "tea" not in pages.get(paths["undo"]).text
    assert "Welcome back" in pages.post(paths["undo"]).text
    with house.database.read() as connection:
        bob = subscribers.by_address(connection, "bob@example.org")
    assert bob is not None
    assert before is not None
    assert (bob.status, bob.wishes, bob.preferences) == (
        "active",
        before.wishes,
        before.preferences,
    )
