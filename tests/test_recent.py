"""Previews on the papers of the last days, at hand and kept up to date."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from peers.newsroom import publish

from service.domain.papers import Paper
from service.domain.previews import Preview
from service.domain.timetable import Cadence
from service.domain.wishes import wishes_of
from service.installation import Installation
from service.recent import RecentPapers
from service.store import editions

NOON = datetime(2026, 8, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MAPS = Paper(title="Maps of Rivers", arxiv_id="2608.00001", keywords=("maps",), upvotes=9)


def previewed(recent: RecentPapers, *topics: str, at: datetime = NOON) -> Preview:
    return recent.preview(wishes_of(topics), Cadence.DAILY, at)


def test_a_preview_counts_papers_once_however_many_topics_find_them(
    installation: Installation,
) -> None:
    publish(installation, NOON - DAY, "Maps of Rivers", "Rivers", "Tea")
    publish(installation, NOON, "Maps")
    preview = previewed(RecentPapers(installation.database), "maps", "Rivers = rivers OR streams")
    assert preview.days == (((NOON - DAY).date(), 2), (NOON.date(), 1))
    assert [(rate.shown, rate.found) for rate in preview.rates] == [("maps", 2), ("Rivers", 2)]
    assert [(latest.paper.title, latest.topics) for latest in preview.latest] == [
        ("Maps", ("maps",)),
        ("Maps of Rivers", ("maps", "Rivers")),
        ("Rivers", ("Rivers",)),
    ]
    assert preview.latest[1].title == (("", False), ("Maps", True), (" of Rivers", False))


def test_without_topics_the_newest_trending_papers_are_shown(installation: Installation) -> None:
    publish(installation, NOON, Paper(title="Tea", upvotes=2), MAPS)
    preview = previewed(RecentPapers(installation.database))
    assert [latest.paper.title for latest in preview.latest] == ["Maps of Rivers", "Tea"]
    assert preview.rates == ()


def test_a_topic_that_finds_nothing_comes_with_a_wider_one(installation: Installation) -> None:
    publish(installation, NOON, MAPS)
    (rate,) = previewed(RecentPapers(installation.database), '"rivers of maps"').rates
    assert rate.instead is not None
    assert (rate.found, rate.instead.canonical, rate.would_find) == (0, "rivers of maps", 1)


def test_a_paper_that_comes_or_goes_is_seen_a_second_later(installation: Installation) -> None:
    recent = RecentPapers(installation.database)
    assert previewed(recent, "maps").letters == ()
    publish(installation, NOON, MAPS)
    assert previewed(recent, "maps").letters == (), "within a second nobody looks again"
    later = NOON + timedelta(seconds=1)
    assert previewed(recent, "maps", at=later).letters == (1,)
    with installation.database.write() as connection:
        (edition,) = editions.newest_first(connection, 10)
        editions.forget(connection, edition.edition_id, later)
    assert previewed(recent, "maps", at=later + timedelta(seconds=1)).letters == ()


def test_each_reader_sees_their_own_words_for_one_topic(installation: Installation) -> None:
    publish(installation, NOON, MAPS)
    recent = RecentPapers(installation.database)
    (wish,) = wishes_of(["Maps"])
    for shown in ("Maps", "Atlas"):
        preview = recent.preview([replace(wish, label=shown)], Cadence.DAILY, NOON)
        assert (preview.rates[0].shown, preview.latest[0].topics) == (shown, (shown,))


def test_topics_are_suggested_from_the_papers_at_hand(installation: Installation) -> None:
    publish(installation, NOON, *(replace(MAPS, arxiv_id=f"2608.0000{n}") for n in range(3)))
    assert RecentPapers(installation.database).suggested(NOON) == ("maps",)


def test_one_topic_alone_is_told_with_its_newest_paper_even_switched_off(
    installation: Installation,
) -> None:
    publish(installation, NOON - DAY, "Maps of Rivers", "Tea")
    publish(installation, NOON, "Maps of Seas")
    recent = RecentPapers(installation.database)
    (maps, none) = (replace(wish, enabled=False) for wish in wishes_of(["maps", "zeppelins"]))
    tried = recent.tried(maps, NOON)
    assert (tried.rate.spoken, tried.latest and tried.latest.paper.title) == (
        "1.0 a day",
        "Maps of Seas",
    )
    assert recent.tried(none, NOON).latest is None


def test_what_is_at_hand_is_so_for_a_second(installation: Installation) -> None:
    recent = RecentPapers(installation.database)
    assert recent.at_hand(NOON) is None
    state = recent.state(NOON)
    assert recent.at_hand(NOON) == state
    assert recent.at_hand(NOON + timedelta(seconds=1)) is None
