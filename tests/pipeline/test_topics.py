"""Topics and papers at their limits, through whole plans."""

from datetime import time, timedelta

import pytest
from peers.newsroom import FRIDAY_NOON, digests, publish, subscribe, take_out, watermark

from service import pipeline
from service.domain.digests import SkipReason
from service.domain.papers import Paper
from service.domain.wishes import MAX_TOPICS, wishes_of
from service.installation import Installation
from service.store import wanted

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def test_a_topic_that_matches_nothing_ever_brings_no_letter_and_says_so_each_day(
    installation: Installation,
) -> None:
    ada = subscribe(installation, "ada@example.org", "qzxjvkw")
    for day in range(3):
        publish(installation, FRIDAY_NOON + day * DAY, f"Robots of day {day}")
        assert pipeline.plan(installation, FRIDAY_NOON + day * DAY).skipped == {
            SkipReason.NO_MATCH: 1
        }
    assert (digests(installation, ada), watermark(installation, ada)) == ([], 3)


def test_a_topic_that_matches_everything_brings_the_best_and_counts_the_rest(
    installation: Installation,
) -> None:
    publish(installation, FRIDAY_NOON, *(Paper(title=f"No {n}", upvotes=n) for n in range(120)))
    ada = subscribe(installation, "ada@example.org", "upvotes>=0", max_papers=50)
    pipeline.plan(installation, FRIDAY_NOON)
    (digest,) = digests(installation, ada)
    assert digest.titles == tuple(f"No {n}" for n in range(119, 69, -1))
    assert digest.matched == 120


def test_a_reader_of_two_hundred_topics_gets_each_paper_once(
    installation: Installation,
) -> None:
    topics = [f"subject{n}" for n in range(MAX_TOPICS)]
    publish(
        installation,
        FRIDAY_NOON,
        Paper(title="All of it", abstract=" ".join(topics), upvotes=1),
        *(Paper(title=topic, upvotes=n) for n, topic in enumerate(topics)),
    )
    ada = subscribe(installation, "ada@example.org", *topics, max_papers=50)
    pipeline.plan(installation, FRIDAY_NOON)
    (digest,) = digests(installation, ada)
    assert digest.titles == tuple(f"subject{n}" for n in range(199, 149, -1))
    assert digest.matched == 201
    (letter,) = take_out(installation, FRIDAY_NOON)
    assert letter.selection.topics == MAX_TOPICS


def test_a_card_names_all_its_topics_to_the_letter_though_they_are_two_hundred(
    installation: Installation,
) -> None:
    topics = [f"subject{n}" for n in range(MAX_TOPICS)]
    publish(installation, FRIDAY_NOON, Paper(title="All of it", abstract=" ".join(topics)))
    ada = subscribe(installation, "ada@example.org", *topics)
    pipeline.plan(installation, FRIDAY_NOON)
    (digest,) = digests(installation, ada)
    assert digest.reasons == (tuple(topics),)


def test_papers_without_an_abstract_or_with_ten_thousand_authors_come_like_any_other(
    installation: Installation,
) -> None:
    crowd = tuple(f"Ada{n} Lovelace" for n in range(10_000))
    publish(
        installation,
        FRIDAY_NOON,
        Paper(title="Robots of few words", abstract="", upvotes=2),
        Paper(title="Robots of a crowd", authors=crowd, upvotes=1),
    )
    ada = subscribe(installation, "ada@example.org", "robots", 'author:"ada9999 lovelace"')
    pipeline.plan(installation, FRIDAY_NOON)
    (digest,) = digests(installation, ada)
    assert digest.titles == ("Robots of few words", "Robots of a crowd")
    assert digest.reasons[1] == ("robots", 'author:"ada9999 lovelace"')
    (claim,) = take_out(installation, FRIDAY_NOON)
    assert claim.recipient == "ada@example.org"


def test_a_reader_who_comes_seldom_gets_the_best_of_all_days_and_not_of_the_last(
    installation: Installation,
) -> None:
    daily = subscribe(installation, "ada@example.org", "robots", send_at=time(12), max_papers=2)
    # Never due at noon: what a weekly reader is to a daily plan.
    seldom = subscribe(installation, "bob@example.org", "robots", send_at=time(22), max_papers=3)
    for day, upvotes in enumerate((90, 5, 300, 7)):
        noon = FRIDAY_NOON + day * DAY
        titles = [f"Robots {upvotes + extra}" for extra in (0, 1)]
        publish(installation, noon, *(Paper(title=t, upvotes=int(t[7:])) for t in titles))
        if day < 3:
            assert pipeline.plan(installation, noon).planned == 1
            take_out(installation, noon)
    made = pipeline.plan(installation, FRIDAY_NOON + 3 * DAY + 10 * HOUR)
    assert made.planned == 2, "one plan for both, who were served up to different papers"
    assert digests(installation, daily)[-1].titles == ("Robots 8", "Robots 7")
    (best,) = digests(installation, seldom)
    assert best.titles == ("Robots 301", "Robots 300", "Robots 91")
    assert (best.matched, best.seq_from, best.seq_to) == (8, 0, 8)


def test_of_many_papers_few_readers_are_decided_at_a_time(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(installation, FRIDAY_NOON, "Robots", "Maps", "Robots again")
    readers = [
        subscribe(installation, f"{name}@example.org", "robots") for name in ("ada", "bo", "cy")
    ]
    monkeypatch.setattr(pipeline, "PAIRS_AT_ONCE", 6)
    seen: list[tuple[int, int]] = []
    pipeline.plan(installation, FRIDAY_NOON, progress=lambda *told: seen.append(told))
    assert seen == [(2, 3), (3, 3)]
    for reader in readers:
        assert [d.matched for d in digests(installation, reader)] == [2]


def test_a_topic_edited_while_a_plan_runs_holds_for_readers_not_yet_looked_at(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(installation, FRIDAY_NOON, "Robots of Friday", "Maps of Friday")
    everyone = early, decided, looked_at, late = [
        subscribe(installation, f"{name}@example.org", "robots")
        for name in ("ada", "bo", "cy", "di")
    ]
    monkeypatch.setattr(pipeline, "READERS_AT_ONCE", 1)
    seen: list[tuple[int, int]] = []

    def edit_after_the_first_page(done: int, due: int) -> None:
        seen.append((done, due))
        if done == 1:
            with installation.database.write() as connection:
                for reader in everyone:
                    wanted.set_wishes(
                        connection, reader, wishes_of(["maps"]), FRIDAY_NOON + timedelta(seconds=1)
                    )

    pipeline.plan(installation, FRIDAY_NOON, progress=edit_after_the_first_page)
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    # While the first page is written the second one is decided, and the third is looked at.
    for reader in (early, decided):
        assert [d.titles for d in digests(installation, reader)] == [("Robots of Friday",)]
    assert len(digests(installation, looked_at)) == 1
    assert [d.titles for d in digests(installation, late)] == [("Maps of Friday",)]
    take_out(installation, FRIDAY_NOON)
    publish(installation, FRIDAY_NOON + DAY, "Robots of Saturday", "Maps of Saturday")
    pipeline.plan(installation, FRIDAY_NOON + DAY)
    for reader in everyone:
        assert digests(installation, reader)[-1].titles == ("Maps of Saturday",)
        assert digests(installation, reader)[-1].reasons == (("maps",),)
