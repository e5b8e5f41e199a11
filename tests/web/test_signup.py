"""The sign-up page: what its topics would have brought, tried with and without signing up."""

import html
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from conftest import OpenWith, make_settings
from peers.deadline import until
from peers.dump import dump
from peers.newsroom import publish
from peers.pages import Pages, open_pages
from peers.preferences import fields_of, kept
from peers.reader import Clock, form_of, sign_up
from sqlalchemy import text

from service.domain.papers import Paper
from service.installation import Installation, open_installation

MAPS = Paper(
    title="Maps of Rivers",
    arxiv_id="2608.00001",
    page="https://arxiv.org/abs/2608.00001",
    keywords=("atlases", "slow reading"),
)


@pytest.fixture(autouse=True)
def papers(house: Installation, clock: Clock) -> None:
    """Two days of papers: a title each, and keywords that three papers have."""
    publish(house, clock() - timedelta(days=1), "Maps of Streets", "Robots", "Tea")
    more = [Paper(title=f"Atlas {n}", keywords=("atlases", "slow reading")) for n in range(2)]
    publish(house, clock(), MAPS, *more)


def look(pages: Pages, *topics: str, **fields: str) -> httpx.Response:
    """Send the form by one of the buttons that only show something."""
    form: dict[str, str | list[str]] = {"topic": list(topics), **fields}
    return pages.post("/preview", data=form)


def sentence(page: httpx.Response) -> str:
    found = re.search(r'<h2 id="sentence">(.*?)</h2>', page.text)
    assert found is not None
    return html.unescape(found[1])


def topics_of(page: httpx.Response) -> list[str]:
    return fields_of(page).get("topic", [])


def test_the_front_page_shows_what_trends_and_suggests_topics(pages: Pages) -> None:
    page = pages.get("/")
    assert page.status_code == 200
    assert sentence(page) == (
        "Without a topic you would have had a letter on each of the last 2 days,"
        " with what trended most."
    )
    assert 'name="add" value="atlases"' in page.text
    assert fields_of(page)["cadence"] == ["daily"]


def test_the_address_of_a_look_opened_anew_leads_to_the_front_page(pages: Pages) -> None:
    assert pages.get("/preview").headers["location"] == "/"


def test_topics_in_the_address_stand_in_the_form(pages: Pages) -> None:
    page = pages.get("/", params={"topic": ["maps", "robots AND ("]})
    assert sentence(page) == (
        "You would have had a letter on each of the last 2 days, with 1 paper on average."
    )
    assert (topics_of(page), fields_of(page)["new"]) == (["maps"], ["robots AND ("])
    assert "1.0 a day" in page.text
    assert '<b class="mark">Maps</b> of Rivers' in page.text
    assert 'href="https://arxiv.org/abs/2608.00001"' in page.text


def test_each_button_does_to_the_topics_what_it_says_and_keeps_all_else(
    pages: Pages, house: Installation
) -> None:
    before = dump(house.database)
    rest = {"send_at": "19:00", "timezone": "Asia/Tokyo", "cadence": "mondays", "email": "ada@"}
    for button, left in (
        ({"do": "show", "new": "tea"}, ["maps", "robots", "tea"]),
        ({"add": "slow reading"}, ["maps", "robots", "slow reading"]),
        ({"remove": "0"}, ["robots"]),
        ({"remove": "7"}, ["maps", "robots"]),
        ({"remove": "first"}, ["maps", "robots"]),
        ({"replace": "1:robots OR tea"}, ["maps", "robots OR tea"]),
        ({"replace": "new:tea", "new": "(tea"}, ["maps", "robots", "tea"]),
        ({"replace": "9:tea"}, ["maps", "robots"]),
        ({"do": "show", "new": "Atlas = MAPS"}, ["Atlas = MAPS", "robots"]),
    ):
        page = look(pages, "maps", "robots", **button, **rest)
        assert page.status_code == 200
        sent = fields_of(page)
        assert (sent["topic"], sent["new"]) == (left, [""]), button
        assert {name: sent[name][0] for name in rest} == rest
    assert dump(house.database) == before


def test_while_a_topic_is_typed_it_counts_and_stays_in_its_field(pages: Pages) -> None:
    told = look(pages, "robots", new="maps", do="typing", part="1")
    assert "<html" not in told.text
    assert sentence(told).startswith("You would have had a letter on each of the last 2 days")
    assert 'data-left="maps"' in told.text
    assert told.text.count('name="topic"') == 1
    half = look(pages, new="(maps", do="typing", part="1")
    assert "This parenthesis is never closed." in html.unescape(half.text)
    assert "Without a topic" in sentence(half), "what is not a topic yet brings nothing"


def test_a_topic_without_papers_is_offered_wider(pages: Pages) -> None:
    page = look(pages, '"rivers of maps"')
    assert sentence(page) == "You would have had no letter in the last 30 days."
    (offered,) = re.findall(r'name="replace" value="(0:.*?)"', page.text)
    assert "(1 paper)" in page.text
    assert topics_of(look(pages, '"rivers of maps"', replace=offered)) == ["rivers of maps"]
    typed = look(pages, new='"rivers of maps"', do="typing", part="1")
    assert 'name="replace" value="new:rivers of maps"' in typed.text


def test_enter_in_the_field_for_a_topic_adds_it_and_elsewhere_signs_up(
    pages: Pages, house: Installation
) -> None:
    before = dump(house.database)
    added = sign_up(pages, "ada@example.org", "maps", new="tea", do="enter")
    assert (added.status_code, topics_of(added)) == (200, ["maps", "tea"])
    assert dump(house.database) == before
    assert sign_up(pages, "ada@example.org", "maps", new="", do="enter").status_code == 303
    assert dump(house.database) != before


def test_a_topic_still_in_its_field_is_signed_up_for(pages: Pages, house: Installation) -> None:
    assert sign_up(pages, "ada@example.org", "maps", new="tea", cadence="sundays").is_redirect
    ada = kept(house, "ada@example.org")
    assert [wish.text for wish in ada.wishes] == ["maps", "tea"]
    assert (ada.preferences.cadence, ada.preferences.max_papers) == ("sundays", 25)


def test_how_often_letters_come_changes_what_is_said(pages: Pages) -> None:
    assert sentence(look(pages, "maps", cadence="fridays")) == (
        "You would have had a letter in the last week, with 2 papers."
    )
    assert sentence(look(pages, "maps", cadence="hourly")).startswith("You would have had")


def test_a_sample_is_the_whole_letter_and_its_links_do_nothing(
    pages: Pages, house: Installation
) -> None:
    before = dump(house.database)
    (path,) = re.findall(r'href="(/sample[^"]*)"', look(pages, "Atlas = maps", "tea").text)
    letter = pages.get(html.unescape(path))
    assert letter.status_code == 200
    assert "style-src 'unsafe-inline'" in letter.headers["content-security-policy"]
    assert "script-src" not in letter.headers["content-security-policy"]
    assert "1 new paper for 2 topics." in letter.text
    assert "Maps</b> of Rivers" in letter.text
    assert "Because: Atlas</p>" in letter.text.replace("<bdi>", "").replace("</bdi>", "")
    base = house.house.base_url
    own = {link for link in re.findall(r'href="([^"]+)"', letter.text) if link.startswith(base)}
    assert own == {f"{base}/sample/link"}
    assert "This was a sample." in pages.get("/sample/link").text
    weekly = pages.get("/sample", params={"topic": "tea", "cadence": "sundays"}).text
    assert "1 paper this week for 1 topic." in weekly
    nothing = pages.get("/sample", params={"topic": "zeppelins"})
    assert "No paper of the last days would be in it." in nothing.text
    assert pages.get("/sample", params={"topic": "("}).status_code == 404
    assert dump(house.database) == before


def test_page_style_and_script_together_stay_below_50_kb(
    pages: Pages, house: Installation, clock: Clock
) -> None:
    for n in range(28):
        long = f"Maps of the {n}th day, {'with a long title, ' * 6}"
        publish(house, clock() - timedelta(days=n), long, f"Tea of the {n}th day")
    topics = [f"maps {word}" for word in "one two three four five six seven eight".split()]
    page = look(pages, *topics, "maps")
    size = sum(
        len(part.content) for part in (page, pages.get("/style.css"), pages.get("/signup.js"))
    )
    assert size < 50_000
    assert page.text.count("<svg") > 20


def test_a_look_at_the_same_topics_again_shows_the_papers_that_came_meanwhile(
    pages: Pages, house: Installation, clock: Clock
) -> None:
    typed = {"new": "maps", "do": "typing", "part": "1"}
    first = look(pages, **typed)
    assert look(pages, **typed).content == first.content
    assert look(pages, **typed | {"cadence": "sundays"}).content != first.content
    publish(house, clock(), "Maps of Seas")
    assert look(pages, **typed).content == first.content, "within a second nobody looks again"
    clock.time += timedelta(seconds=1)
    until(lambda: "of Seas" in look(pages, **typed).text)


def test_one_network_may_look_so_often_and_sign_up_all_the_same(
    open_with: OpenWith, clock: Clock
) -> None:
    def client(number: int) -> dict[str, str]:
        return {"X-Forwarded-For": f"8.8.4.{number}"}

    house = open_with(previews_per_network=4)
    with open_pages(house, clock, proxies=["127.0.0.1"]) as pages:
        form = {"topic": ["maps", "tea"], "part": "1"}
        assert pages.post("/preview", data=form, headers=client(1)).status_code == 200
        form["topic"] = ["maps", "robots"]
        assert pages.post("/preview", data=form, headers=client(2)).status_code == 200
        form["topic"] = ["maps", "rivers"]
        part = pages.post("/preview", data=form, headers=client(3))
        whole = pages.post("/preview", data=form | {"part": ""}, headers=client(3))
        front = pages.get("/", params={"topic": "maps"}, headers=client(3))
        for answer in (part, whole, front):
            assert answer.status_code == 429
            assert sentence(answer) == "Those were many looks at once."
            assert "Signing up needs no look: it works meanwhile." in answer.text
        assert "Please look again in 3 minutes." in part.text
        assert topics_of(whole) == ["maps", "rivers"]
        told = pages.get("/api/preview", params={"q": "maps"}, headers=client(3))
        assert (told.status_code, told.headers["Retry-After"]) == (429, "75")
        assert pages.get("/sample", params={"topic": "maps"}, headers=client(3)).status_code == 429
        signed = pages.post("/", data=form_of(pages, "ada@example.org", "maps"), headers=client(3))
        assert signed.status_code == 303
        assert pages.get("/", headers={"X-Forwarded-For": "9.9.9.9"}).status_code == 200
        clock.time += timedelta(minutes=5)
        assert pages.post("/preview", data=form, headers=client(3)).status_code == 200


def test_who_wants_a_sample_while_another_is_made_is_asked_to_come_again(
    postgres_url: str, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.sample.WAIT_SECONDS", 0.01)
    with (
        open_installation(make_settings(postgres_url, tmp_path)) as house,
        open_pages(house, clock) as pages,
        ThreadPoolExecutor(1) as other,
    ):
        publish(house, clock(), MAPS)
        pages.get("/")
        with house.database.write() as connection:
            # Whoever makes a sample now waits for its papers.
            connection.execute(text("LOCK TABLE paper"))
            waiting = other.submit(pages.get, "/sample")
            waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            until(lambda: connection.scalar(waits) == 1)
            busy = pages.get("/sample")
            assert busy.status_code == 503
            assert "Many look at samples right now." in busy.text
        assert waiting.result().status_code == 200
