"""The web copy of a letter: the whole digest for whoever has its address, and nobody's name."""

import html
import re
from datetime import timedelta

import httpx
import pytest
from peers.letter import html_of, link_of, text_of, unsubscribe_link
from peers.newsroom import digests, publish, subscribe
from peers.preferences import preferences_path, save
from peers.reader import Clock, deliver, path_of

from service import pipeline
from service.demo.catcher import Catcher, Caught
from service.domain.filters import Filters
from service.domain.papers import Paper
from service.domain.timetable import Cadence
from service.installation import Installation
from service.mail.address import parse_address
from service.readers import consent

MAPS = [
    Paper(
        title=f"Maps of River {number}",
        abstract=f"We draw river {number}. Then we rest. " + "A long tale of maps follows. " * 20,
        authors=("Ada Quill", "Ben Okafor"),
        arxiv_id=f"2608.{number:05}",
        page=f"https://arxiv.org/abs/2608.{number:05}",
        upvotes=40 - number,
    )
    for number in range(1, 37)
]
TRENDING = Paper(title="Bread & Butter", abstract="We bake.", upvotes=900)


@pytest.fixture
def letter(pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher) -> Caught:
    """A letter that lists more than it shows, and leaves out more than it lists."""
    subscribe(house, "zuleika@example.org", "maps", at=clock(), max_papers=5)
    publish(house, clock(), *MAPS, TRENDING)
    pipeline.plan(house, clock(), everyone=True)
    (digest,) = deliver(house, clock, catcher)
    return digest


def copy_of(letter: Caught) -> str:
    return path_of(link_of(letter, "/d/"))


def words_of(page: httpx.Response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", page.text)).split())


def test_a_letter_says_how_many_papers_it_leaves_to_the_web(letter: Caught) -> None:
    text = text_of(letter)
    assert "5 new papers for 1 topic; 31 more matched." in " ".join(text.split())
    assert text.count("because: maps") == 20
    assert "And 11 more on the web: http" in text
    assert text.index("Also matched") < text.index("Trending today") < text.index("Bread & Butter")
    assert "And 11 more on the web" in html_of(letter)


def test_the_copy_has_every_paper_whole_with_what_was_found_marked(
    pages: httpx.Client, letter: Caught
) -> None:
    page = pages.get(copy_of(letter))
    assert page.status_code == 200
    words = words_of(page)
    for paper in (*MAPS, TRENDING):
        assert paper.title in words
        assert paper.abstract.strip() in words
    assert words.count("Because: maps") == len(MAPS)
    assert '<b class="mark">Maps</b> of River 1<' in page.text
    assert "Papers for Friday 21 August 2026" in words
    assert "Bread & Butter" in words[words.index("outside these topics") :]


def test_the_copy_can_be_passed_on(
    pages: httpx.Client, house: Installation, letter: Caught
) -> None:
    page = pages.get(copy_of(letter))
    stop = unsubscribe_link(letter)
    change = re.findall(r"Change topics: (\S+)", text_of(letter))[0]
    own = {
        change.rpartition("/")[2],
        "/preferences/",
        stop,
        stop.rpartition("/")[2],
        "zuleika",
        letter.headers()["Message-ID"][1:33],
    }
    shown = page.text + copy_of(letter)
    assert not [secret for secret in own if secret in shown]
    assert '<meta name="robots" content="noindex">' in page.text
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_the_papers_of_a_letter_come_as_bibtex(pages: httpx.Client, letter: Caught) -> None:
    (link,) = re.findall(r'href="(/d/[^"]+\.bib)"', pages.get(copy_of(letter)).text)
    answer = pages.get(link)
    assert answer.headers["content-type"] == "application/x-bibtex; charset=utf-8"
    assert 'filename="papers-2026-08-21.bib"' in answer.headers["content-disposition"]
    assert answer.text.count("@misc{") == len(MAPS) + 1
    assert "eprint        = {2608.00036}" in answer.text


def test_every_letter_has_a_copy_of_its_own(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, letter: Caught
) -> None:
    subscribe(house, "bob@example.org", "bread OR butter", at=clock())
    pipeline.plan(house, clock(), everyone=True)
    (other,) = deliver(house, clock, catcher)
    assert copy_of(other) != copy_of(letter)
    assert "Because: maps" not in words_of(pages.get(copy_of(other)))


def test_a_copy_that_is_kept_no_longer_says_so(
    pages: httpx.Client, house: Installation, clock: Clock, letter: Caught
) -> None:
    clock.time += timedelta(days=41)
    assert pipeline.tidy(house, clock()) > 0
    for address in (copy_of(letter), copy_of(letter) + ".bib"):
        answer = pages.get(address)
        assert answer.status_code == 410
        assert "Letters stay on the web for 40 days." in words_of(answer)


def test_the_copy_of_a_reader_who_was_erased_is_gone(
    pages: httpx.Client, house: Installation, clock: Clock, letter: Caught
) -> None:
    address = parse_address("zuleika@example.org")
    assert consent.erase(house, address, clock(), source="test")
    assert pages.get(copy_of(letter)).status_code == 404


def test_an_address_that_was_changed_opens_nothing(pages: httpx.Client, letter: Caught) -> None:
    name = copy_of(letter).rpartition("/")[2]
    changed = ("B" if name[-1] != "B" else "C", "x" if name[0] != "x" else "y")
    for wrong in (name[:-1] + changed[0], changed[1] + name[1:], name[:-1], name + "A", "é", "%00"):
        answer = pages.get(f"/d/{wrong}")
        assert answer.status_code == 404
        assert "This link doesn’t work." in words_of(answer)


def test_papers_that_are_not_here_any_more_are_counted(
    pages: httpx.Client, house: Installation, letter: Caught
) -> None:
    with house.database.write() as connection:
        connection.exec_driver_sql("UPDATE edition SET hidden_at = published_at")
    assert "37 papers of this letter are not here any more." in words_of(pages.get(copy_of(letter)))


def test_a_paper_has_its_own_page_and_bibtex(
    pages: httpx.Client, house: Installation, letter: Caught
) -> None:
    page = pages.get("/paper/arxiv:2608.00001")
    (link,) = re.findall(r'href="(/paper/[^"]+\.bib)"', page.text)
    assert pages.get(link).text.startswith("@misc{quill")
    assert pages.get("/paper/none.bib").status_code == 404


def test_the_copy_names_authors_followed_and_marks_only_topics(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    follows = Filters(follows=("Ben Okafor",))
    subscribe(house, "bob@example.org", "river", at=clock(), filters=follows, max_papers=2)
    publish(house, clock(), *MAPS[:30])
    pipeline.plan(house, clock(), everyone=True)
    (digest,) = deliver(house, clock, catcher)
    page = pages.get(copy_of(digest))
    assert words_of(page).count("Because: you follow Ben Okafor · river") == 22
    assert 'Maps of <b class="mark">River</b> 30<' in page.text


def test_a_plan_keeps_what_no_letter_names(house: Installation, letter: Caught) -> None:
    (digest,) = digests(house, 1)
    assert (len(digest.titles), digest.matched) == (5, 36)


def test_the_copy_of_a_week_speaks_of_the_week_whatever_its_reader_chose_since(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    subscribe(house, "bob@example.org", "maps", at=clock(), cadence=Cadence.FRIDAYS)
    publish(house, clock(), "Maps of Rivers", TRENDING)
    pipeline.plan(house, clock(), everyone=True)
    (digest,) = deliver(house, clock, catcher)
    assert "1 paper this week for 1 topic." in text_of(digest)
    save(pages, preferences_path(house, "bob@example.org"), cadence="daily")
    words = words_of(pages.get(copy_of(digest)))
    assert "1 paper this week for 1 topic." in words
    assert "Trending that week, outside these topics" in words
