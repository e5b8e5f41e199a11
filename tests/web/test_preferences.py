"""The page where a reader changes what they want."""

import html
import re
from dataclasses import replace
from datetime import time, timedelta

import httpx
import pytest
from peers.dump import dump
from peers.letter import link_of
from peers.newsroom import leave, publish, subscribe
from peers.preferences import fields_of, kept, preferences_path, save, told_by
from peers.reader import Clock, deliver, path_of, sign_up

from service import pipeline
from service.demo.catcher import Catcher
from service.domain.filters import Filters
from service.domain.keys import Key
from service.domain.links import Purpose, sign
from service.domain.papers import Paper
from service.domain.readers import Preferences
from service.domain.timetable import Cadence
from service.installation import Installation
from service.mail.address import parse_address
from service.readers import consent

ADA = "ada@example.org"


@pytest.fixture
def path(pages: httpx.Client, house: Installation, clock: Clock) -> str:
    """The path to the preferences of Ada, who has chosen something of everything."""
    subscribe(
        house,
        ADA,
        "Brains = neural OR neuron",
        '"world models"',
        "tea",
        at=clock(),
        timezone="Europe/Berlin",
        send_at=time(7, 30),
        filters=Filters(("survey",), ("Yann LeCun",), 5),
        name="Ada",
    )
    return preferences_path(house, ADA)


def shown_topics(house: Installation) -> dict[str, bool]:
    return {wish.shown: wish.enabled for wish in kept(house, ADA).wishes}


def test_ada_saves_the_page_as_it_stands_and_nothing_is_different(
    pages: httpx.Client, house: Installation, path: str
) -> None:
    before = kept(house, ADA)
    stored = dump(house.database)
    saved = save(pages, path)
    assert saved.status_code == 200
    assert "Saved. Nothing was different." in saved.text
    assert kept(house, ADA) == before
    assert dump(house.database) == stored


def test_ada_changes_everything_at_once_and_is_told_what(
    pages: httpx.Client, house: Installation, path: str
) -> None:
    saved = save(
        pages,
        path,
        topic=["Minds = neural OR neuron", '"world models"', ""],
        on=["0"],
        more="coding agents\r\n\r\nMaps = maps AND rivers\r\n",
        mutes="survey\r\nrobots",
        follows="",
        min_upvotes="50",
        name="Countess",
        send_at="19:00",
        timezone="Asia/Tokyo",
        max_papers="25",
    )
    assert saved.status_code == 200
    assert told_by(saved) == [
        "Added: coding agents",
        "Added: Maps",
        "Removed: tea",
        "Brains is now called Minds",
        'Switched off: "world models"',
        "Never shown: robots",
        "Followed no more: Yann LeCun",
        "Only papers with 50 upvotes or more",
        "Letters come at 19:00, Tokyo time",
        "At most 25 papers a letter",
        "Your name: Countess",
    ]
    assert shown_topics(house) == {
        "Minds": True, '"world models"': False, "coding agents": True, "Maps": True
    }  # fmt: skip
    assert kept(house, ADA).preferences == Preferences(
        "Asia/Tokyo", time(19), 25, "Countess", Filters(("survey", "robots"), (), 50)
    )


def test_each_topic_tells_how_often_it_brings_a_paper_and_which_was_the_last(
    pages: httpx.Client, house: Installation, clock: Clock, path: str
) -> None:
    assert 'class="brings"' not in pages.get(path).text, "no paper has come that could tell"
    clock.time += timedelta(hours=1)
    arxiv = Paper(title="A Cup of Tea", arxiv_id="2608.1", page="https://arxiv.org/abs/2608.00001")
    publish(house, clock(), arxiv, "Models of a World", "Neural Maps")
    save(pages, path, on=["0", "1"])
    shown = brought(pages.get(path))
    assert shown == [
        "1.0 a day; the latest: Neural Maps, 21 Aug",
        'No paper in the last 30 days was found by "world models". Wider, and found in one paper: '
        "world models",
        "1.0 a day; the latest: A Cup of Tea, 21 Aug",
    ]
    assert '<a href="https://arxiv.org/abs/2608.00001"><bdi>A Cup of Tea' in pages.get(path).text


def test_new_topics_are_looked_at_before_they_are_saved(
    pages: httpx.Client, house: Installation, clock: Clock, path: str
) -> None:
    publish(house, clock(), "Maps of Rivers", "Tea")
    before = dump(house.database)
    form = fields_of(pages.get(path)) | {"more": "Atlas = maps\r\n\r\nzeppelins", "name": "Bo"}
    page = pages.post(f"{path}/preview", data=form)
    assert page.status_code == 200
    assert "Nothing is saved until you press Save." in page.text
    assert brought(page)[-2:] == [
        "1.0 a day; the latest: Maps of Rivers, 21 Aug",
        "No paper in the last 30 days was found by “zeppelins”.",
    ]
    again = fields_of(page)
    assert {name: again[name] for name in ("more", "name")} == {
        "more": ["Atlas = maps\r\n\r\nzeppelins"], "name": ["Bo"]
    }  # fmt: skip
    wrong = pages.post(f"{path}/preview", data=form | {"more": "maps\r\n(tea"})
    assert (wrong.status_code, 'id="more-error"' in wrong.text) == (200, True)
    assert len(brought(wrong)) == 4
    assert dump(house.database) == before
    assert pages.get(f"{path}/preview").headers["location"] == path
    leave(house, kept(house, ADA).subscriber_id, clock())
    assert "No letters come" in pages.post(f"{path}/preview", data=form).text
    assert pages.post("/preferences/none/preview", data=form).status_code == 404


def brought(page: httpx.Response) -> list[str]:
    """Return what each topic is said to bring."""
    said = re.findall(r'class="brings">(.*?)</(?:p|span)>', page.text, re.DOTALL)
    return [
        " ".join(html.unescape(re.sub("<[^>]+>", "", words)).replace("\xa0", " ").split())
        for words in said
    ]


def test_what_no_database_takes_is_refused_in_every_field(
    pages: httpx.Client, house: Installation, path: str
) -> None:
    for field in ("name", "follows", "mutes", "more", "timezone", "send_at", "cadence"):
        answer = save(pages, path, **{field: "A\0da"})
        assert (answer.status_code, f'id="{field}-error"' in answer.text) == (422, True), field
    assert save(pages, path, topic="A\0da = maps").status_code == 422


def test_a_weekly_letter_is_chosen_by_its_day(
    pages: httpx.Client, house: Installation, clock: Clock
) -> None:
    subscribe(house, ADA, "maps", at=clock(), timezone="Europe/Berlin")
    page = save(pages, preferences_path(house, ADA), cadence="mondays")
    assert told_by(page) == ["A letter comes on Mondays"]
    assert "on Mondays at 07:00, Berlin time." in page.text
    assert kept(house, ADA).preferences.cadence is Cadence.MONDAYS
    wrong = save(pages, preferences_path(house, ADA), cadence="hourly")
    assert (wrong.status_code, 'id="cadence-error"' in wrong.text) == (422, True)
    assert kept(house, ADA).preferences.cadence is Cadence.MONDAYS


def test_a_topic_switched_off_brings_nothing_and_comes_back_with_a_tick(
    pages: httpx.Client, house: Installation, clock: Clock, path: str
) -> None:
    save(pages, path, on=["0", "1"])
    publish(house, clock(), "A Cup of Tea")
    assert pipeline.plan(house, clock(), everyone=True).planned == 0
    assert told_by(save(pages, path, on=["0", "1", "2"])) == ["Switched on: tea"]
    clock.time += timedelta(hours=1)
    publish(house, clock(), "Tea Again")
    assert pipeline.plan(house, clock(), everyone=True).planned == 1


def test_a_topic_typed_anew_is_switched_on_and_stands_once(
    pages: httpx.Client, house: Installation, path: str
) -> None:
    save(pages, path, on=["0", "1"])
    save(pages, path, more="Leaves = TEA")
    assert shown_topics(house) == {"Brains": True, '"world models"': True, "Leaves": True}


def test_with_mistakes_nothing_is_saved_and_everything_typed_is_still_there(
    pages: httpx.Client, house: Installation, path: str
) -> None:
    before = dump(house.database)
    typed: dict[str, str | list[str]] = {
        "topic": ["Brains = neural OR neuron", "robots AND (tea", "<b>tea</b> OR"],
        "on": ["0", "2"],
        "more": "maps\r\n(rivers",
        "mutes": "survey\r\nNOT",
        "follows": "Yann LeCun\r\n!!!",
        "min_upvotes": "7",
        "name": "x" * 81,
        "send_at": "25:00",
        "timezone": "Mars/<Base>",
        "max_papers": "0051",
    }
    answer = save(pages, path, **typed)
    assert answer.status_code == 422
    assert dump(house.database) == before
    shown = html.unescape(answer.text)
    assert "Nothing is saved yet." in shown
    for field in ("topic-1", "topic-2", *list(typed)[2:]):
        assert f'id="{field}-error"' in answer.text, field
    assert 'id="topic-0-error"' not in answer.text
    assert "robots AND (tea\n           ^</pre>" in shown
    assert answer.text.count(" autofocus") == 1
    again = fields_of(answer)
    del typed["min_upvotes"]
    assert {name: again.get(name) for name in typed} == {
        name: [value] if isinstance(value, str) else value for name, value in typed.items()
    }


def test_a_form_that_lost_its_fields_takes_nothing_away(
    pages: httpx.Client, house: Installation, path: str
) -> None:
    before = dump(house.database)
    for data in ({}, {"x": "y"}, {"List-Unsubscribe": "One-Click"}, {"topic": "tea"}):
        assert pages.post(path, data=data).status_code == 422
    assert pages.post(path, files={"topic": ("a.txt", b"tea")}).status_code == 422
    assert (
        pages.post(path, content=b"\xff\xfe%", headers={"Content-Type": "x/y"}).status_code == 422
    )
    assert dump(house.database) == before


def test_more_topics_than_one_reader_may_have_are_refused(
    pages: httpx.Client, house: Installation, path: str
) -> None:
    answer = save(pages, path, more="\r\n".join(f"topic {n}" for n in range(198)))
    assert answer.status_code == 422
    assert "more than one reader may have (200)" in answer.text
    assert len(shown_topics(house)) == 3


def test_looking_changes_nothing_and_shows_no_whole_address(
    pages: httpx.Client, house: Installation, path: str
) -> None:
    before = dump(house.database)
    for _ in range(2):
        page = pages.get(path)
        assert page.status_code == 200
        assert "a…@example.org" in page.text
        assert ADA not in page.text
        assert pages.head(path).status_code == 200
    assert dump(house.database) == before


def test_the_link_outlives_every_change_and_many_years(
    pages: httpx.Client, clock: Clock, path: str
) -> None:
    for topic in ("maps", "rivers"):
        assert told_by(save(pages, path, more=topic)) == [f"Added: {topic}"]
    clock.time += timedelta(days=3650)
    assert told_by(save(pages, path, more="bread")) == ["Added: bread"]


def test_who_left_finds_nothing_to_change_and_who_was_erased_no_page(
    pages: httpx.Client, house: Installation, clock: Clock, path: str
) -> None:
    leave(house, kept(house, ADA).subscriber_id, clock())
    for again in (False, True):
        if again:
            sign_up(pages, ADA, "a stranger's topic")
        before = dump(house.database)
        for answer in (pages.get(path), pages.post(path, data={"topic": "maps"})):
            assert "No letters come to this address." in answer.text
            assert "stranger" not in answer.text
        assert dump(house.database) == before
    assert consent.erase(house, parse_address(ADA), clock(), source="test")
    assert pages.get(path).status_code == pages.post(path).status_code == 404


def test_a_link_made_for_something_else_opens_no_preferences(
    pages: httpx.Client, house: Installation, clock: Clock, path: str
) -> None:
    ada = kept(house, ADA).subscriber_id
    token = path.rpartition("/")[2]
    tokens = [
        sign(house.keys.current, Purpose.CONFIRM, ada, clock()),
        sign(house.keys.current, Purpose.UNDO, ada, clock()),
        sign(Key(b"k" * 32), Purpose.PREFERENCES, ada, clock()),
        sign(house.keys.current, Purpose.PREFERENCES, 999_999, clock()),
        token[:-1],
        token + "A",
        "none",
    ]
    assert pages.get("/u/none").status_code == 404
    for bad in tokens:
        for answer in (pages.get(f"/preferences/{bad}"), pages.post(f"/preferences/{bad}")):
            assert (answer.status_code, answer.content) == (404, pages.get("/u/none").content)
    for purpose in ("confirm", "undo", "u"):
        assert pages.get(f"/{purpose}/{token}").status_code == 404


def test_the_words_of_a_stranger_are_inert_in_the_page(
    pages: httpx.Client, house: Installation, path: str
) -> None:
    naughty = '"<script>alert(1)</script>\'{{ 7*7 }}"'
    saved = save(pages, path, topic=[naughty, "tea"], name="<b>Ada</b>", follows="<i>Bo</i>")
    assert saved.status_code == 200
    for tag in ("<script", "<b>Ada", "<i>Bo"):
        assert tag not in saved.text
    assert naughty in shown_topics(house)
    assert replace(kept(house, ADA).preferences).name == "<b>Ada</b>"


def test_who_reads_already_is_mailed_the_link_once_a_day_and_nobody_else_is(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, path: str
) -> None:
    bob = subscribe(house, "bob@example.org", at=clock())
    leave(house, bob, clock())
    deliver(house, clock, catcher)
    sign_up(pages, "carol@example.org")
    deliver(house, clock, catcher)
    asked = [
        pages.post("/preferences", data={"email": email})
        for email in (ADA, "ADA@example.org", "bob@example.org", "carol@example.org", "x@y.example")
    ]
    assert {(answer.status_code, answer.content) for answer in asked} == {(200, asked[0].content)}
    (letter,) = deliver(house, clock, catcher)
    assert letter.rcpt_to == (ADA,)
    opened = pages.get(path_of(link_of(letter, "/preferences/")))
    assert "world models" in opened.text
    clock.time += timedelta(days=1)
    pages.post("/preferences", data={"email": ADA})
    assert len(deliver(house, clock, catcher)) == 1


def test_what_is_no_address_is_asked_for_again(pages: httpx.Client, house: Installation) -> None:
    before = dump(house.database)
    assert 'href="/preferences"' in pages.get("/").text
    assert pages.get("/preferences").status_code == 200
    answer = pages.post("/preferences", data={"email": "<ada>"})
    assert answer.status_code == 422
    assert 'value="&lt;ada&gt;"' in answer.text
    assert 'id="email-error"' in answer.text
    assert dump(house.database) == before
