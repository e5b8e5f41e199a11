"""`explain` tells why a paper came to a reader or did not: each answer once, on both databases."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from peers.command import Paperround, Ran
from peers.dump import dump
from peers.newsroom import FRIDAY_NOON, REFUSED, leave, publish, subscribe, take_out
from sqlalchemy import update

from service import pipeline
from service.domain.filters import Filters
from service.domain.papers import Paper
from service.domain.readers import address_hash
from service.domain.timetable import Cadence
from service.installation import Installation, open_installation
from service.settings import load
from service.store import parts, tables
from service.store.dialect import insert_new

ADA = "ada@example.org"
FRIDAY, SATURDAY = date(2026, 8, 21), date(2026, 8, 22)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)

RIVERS = Paper(title="Maps of Rivers", abstract="We draw water.", arxiv_id="2608.00001", upvotes=9)
STREETS = Paper(title="Maps of Streets", arxiv_id="2608.00002", upvotes=5)
ROBOTS = Paper(
    title="Robots that\nRead 100% of [maps]", abstract="A survey of robots.", arxiv_id="2608.00003"
)


def verdict(
    told: Paperround, paper: str, *more: object, at: datetime = FRIDAY_NOON, email: str = ADA
) -> Any:
    """Return the answer for one paper, as scripts read it."""
    ran = told("explain", email, paper, "--at", at.isoformat(), "--json", *more)
    assert (ran.code, ran.err) == (0, ""), ran
    (only,) = ran.json["papers"]
    return only


def spoken(told: Paperround, *arguments: object, at: datetime = FRIDAY_NOON) -> str:
    ran: Ran = told("explain", *arguments, "--at", at.isoformat())
    assert (ran.code, ran.err) == (0, ""), ran
    return ran.out


def plan(installation: Installation, at: datetime = FRIDAY_NOON) -> None:
    pipeline.plan(installation, at, everyone=True)


def suppress(installation: Installation, email: str, at: datetime) -> None:
    row = {"address_hash": address_hash(email), "reason": "asked", "since": at, "effective_at": at}
    with installation.database.write() as connection:
        insert_new(connection, tables.Suppression, [row])


def test_a_paper_that_came_is_named_with_its_letter_place_and_topics(
    on_both: Paperround, installation: Installation
) -> None:
    publish(installation, FRIDAY_NOON, RIVERS, STREETS, ROBOTS)
    subscribe(installation, ADA, "maps", "rivers", "tea")
    plan(installation)
    take_out(installation, FRIDAY_NOON)
    found = verdict(on_both, "arxiv:2608.00001", at=FRIDAY_NOON + DAY)
    assert found["verdict"] == "came"
    assert found["because"] == "it stands in the letter of 2026-08-21, which is sent"
    assert (found["decided_on"], found["position"]) == ("2026-08-21", 1)
    assert sorted(found["reasons"]) == ["maps", "rivers"]
    assert found["ingested"]["edition"] == "2026-08-21"
    assert [topic["matches"] for topic in found["recomputed"]["topics"]] == [True, True, False]
    assert found["recomputed"]["topics"][0]["found"] == [
        {"sought": "maps", "words": ["maps"], "fields": ["title"]}
    ]


def test_a_paper_in_a_letter_that_went_nowhere_did_not_come(
    on_both: Paperround, installation: Installation
) -> None:
    publish(installation, FRIDAY_NOON, RIVERS)
    subscribe(installation, ADA, "maps")
    plan(installation)
    queued = verdict(on_both, "2608.00001")
    assert (queued["verdict"], queued["because"]) == (
        "not_sent",
        "it stands in the letter of 2026-08-21, which is queued",
    )
    take_out(installation, FRIDAY_NOON, REFUSED)
    failed = verdict(on_both, "2608.00001")
    assert failed["verdict"] == "not_sent"
    assert failed["because"].endswith("which is failed; the next letter is chosen from it again")


def test_a_paper_nobody_brought_is_an_answer(
    on_both: Paperround, installation: Installation
) -> None:
    subscribe(installation, ADA, "maps")
    for unknown in ("arxiv:2608.99999", "Maps of Rivers", "%", " ", "\\", "x' OR 1=1 --"):
        assert verdict(on_both, unknown)["verdict"] == "not_ingested", unknown
    assert "not ingested" in spoken(on_both, ADA, "arxiv:2608.99999")


def test_no_match_names_the_term_that_was_missing_or_unwanted(
    on_both: Paperround, installation: Installation
) -> None:
    publish(installation, FRIDAY_NOON, RIVERS, ROBOTS)
    subscribe(installation, ADA, "rivers AND tea", "robots NOT survey", "upvotes>=9")
    plan(installation)
    found = verdict(on_both, "arxiv:2608.00003")
    assert found["verdict"] == "no_match"
    rivers, robots, noticed = found["recomputed"]["topics"]
    assert rivers["missing"] == ["rivers", "tea"]
    assert [unwanted["sought"] for unwanted in robots["unwanted"]] == ["survey"]
    assert noticed["missing"] == ["upvotes>=9"]
    shown = spoken(on_both, ADA, "arxiv:2608.00003")
    assert "match (recomputed)" in shown
    assert "missing: rivers, tea" in shown
    assert "has what it excludes: survey" in shown


def test_a_skip_for_want_of_a_match_is_on_record(
    on_both: Paperround, installation: Installation
) -> None:
    publish(installation, FRIDAY_NOON, RIVERS)
    subscribe(installation, ADA, "tea")
    plan(installation)
    found = verdict(on_both, "arxiv:2608.00001")
    assert found["verdict"] == "no_match"
    assert "no letter came on 2026-08-21: none of the new papers matched" in found["because"]
    assert found["recomputed"]["topics"][0]["missing"] == ["tea"]


def test_topics_are_those_of_the_time_of_the_plan(
    on_both: Paperround, installation: Installation
) -> None:
    publish(installation, FRIDAY_NOON, RIVERS)
    subscribe(installation, ADA, "tea")
    plan(installation)
    with installation.database.write() as connection:
        subscription = tables.table(tables.Subscription)
        connection.execute(update(subscription).values(valid_to=FRIDAY_NOON + MINUTE))
    later = FRIDAY_NOON + 2 * MINUTE
    assert [
        topic["query"] for topic in verdict(on_both, "2608.00001", at=later)["recomputed"]["topics"]
    ] == ["tea"]


def test_a_paper_below_the_cap_is_told_its_rank(
    on_both: Paperround, installation: Installation
) -> None:
    publish(installation, FRIDAY_NOON, RIVERS, STREETS, ROBOTS)
    subscribe(installation, ADA, "maps", max_papers=1)
    plan(installation)
    found = verdict(on_both, "Maps of Streets")
    assert found["verdict"] == "below_cap"
    recomputed = found["recomputed"]
    assert (recomputed["rank"], recomputed["matched"], recomputed["cap"]) == (2, 3, 1)
    assert "Rank:       2 of 3 that match, cap 1 (recomputed)" in spoken(
        on_both, ADA, "Maps of Streets"
    )


@pytest.mark.parametrize(
    ("chosen", "why", "words"),
    [
        (Filters(mutes=("A Survey",)), "muted", "muted by A Survey"),
        (
            Filters(min_upvotes=20),
            "below_upvotes",
            "below your minimum of 20 upvotes (it has 3)",
        ),
    ],
    ids=["mute", "upvotes"],
)
def test_a_paper_that_the_readers_filters_keep_out_is_told_which(
    on_both: Paperround, installation: Installation, chosen: Filters, why: str, words: str
) -> None:
    survey = Paper(title="Maps", abstract="A survey.", arxiv_id="2608.00004", upvotes=3)
    publish(installation, FRIDAY_NOON, replace(RIVERS, upvotes=20), survey)
    subscribe(installation, ADA, "maps", filters=chosen)
    undecided = verdict(on_both, "2608.00004")
    assert (undecided["verdict"], undecided["because"]) == (why, words)
    plan(installation)
    decided = verdict(on_both, "2608.00004")
    assert (decided["verdict"], decided["because"]) == (why, words)
    recomputed = decided["recomputed"]
    assert (recomputed["muted_by"], recomputed["below_upvotes"]) == (
        ("A Survey", False) if why == "muted" else (None, True)
    )
    assert (recomputed["rank"], recomputed["matched"]) == (None, 1)
    told = on_both("explain", ADA, "--at", FRIDAY_NOON.isoformat(), "--json").json
    assert told["recomputed"][why] == 1
    assert f"Verdict:    {words}" in spoken(on_both, ADA, "2608.00004")


@pytest.mark.parametrize(
    ("chosen", "why", "words"),
    [
        (Filters(mutes=("maps",)), "muted", "all new papers that matched were muted"),
        (
            Filters(min_upvotes=20),
            "below_upvotes",
            "no new paper that matched had the upvotes asked for",
        ),
    ],
    ids=["mute", "upvotes"],
)
def test_a_skip_for_the_readers_filters_says_so(
    on_both: Paperround, installation: Installation, chosen: Filters, why: str, words: str
) -> None:
    publish(installation, FRIDAY_NOON, RIVERS, STREETS)
    subscribe(installation, ADA, "maps", filters=chosen)
    plan(installation)
    assert f"Letter:     none: {words}" in spoken(on_both, ADA)
    found = verdict(on_both, "2608.00001")
    assert found["verdict"] == why
    assert found["because"].endswith(f"no letter came on 2026-08-21: {words}")


def test_a_paper_of_a_followed_author_came_because_of_them(
    on_both: Paperround, installation: Installation
) -> None:
    lecun = Paper(title="Tea", authors=("Yann LeCun",), arxiv_id="2608.00004", upvotes=0)
    publish(installation, FRIDAY_NOON, STREETS, RIVERS, lecun)
    filters = Filters(follows=("yann lecun",), min_upvotes=5)
    subscribe(installation, ADA, "maps", filters=filters, max_papers=2)
    assert "because you follow yann lecun" in spoken(on_both, ADA, "2608.00004")
    plan(installation)
    take_out(installation, FRIDAY_NOON)
    found = verdict(on_both, "2608.00004")
    assert (found["verdict"], found["position"]) == ("came", 1)
    assert found["reasons"] == ["you follow yann lecun"]
    recomputed = found["recomputed"]
    assert (recomputed["follows"], recomputed["rank"]) == (["yann lecun"], 1)
    assert (recomputed["below_upvotes"], recomputed["muted_by"]) == (False, None)
    shown = spoken(on_both, ADA, "2608.00004")
    assert "Letter:     no. 1 of 2026-08-21, because: you follow yann lecun" in shown
    below = verdict(on_both, "2608.00002")
    assert (below["verdict"], below["recomputed"]["rank"]) == ("below_cap", 3)
    wanted = on_both("explain", ADA, "--at", FRIDAY_NOON.isoformat(), "--json").json["wanted"]
    assert (wanted["mutes"], wanted["follows"], wanted["min_upvotes"]) == ([], ["yann lecun"], 5)


def test_a_paper_of_an_earlier_letter_has_been_seen(
    on_both: Paperround, installation: Installation
) -> None:
    publish(installation, FRIDAY_NOON, RIVERS)
    subscribe(installation, ADA, "maps")
    plan(installation)
    take_out(installation, FRIDAY_NOON)
    publish(installation, FRIDAY_NOON + DAY, STREETS)
    plan(installation, FRIDAY_NOON + DAY)
    found = verdict(on_both, "2608.00001", "--date", SATURDAY, at=FRIDAY_NOON + DAY)
    assert (found["verdict"], found["decided_on"]) == ("already_seen", "2026-08-21")
    later = verdict(on_both, "2608.00002", "--date", FRIDAY, at=FRIDAY_NOON + DAY)
    assert (later["verdict"], later["decided_on"]) == ("not_due", "2026-08-22")


def test_a_letter_replaced_before_it_went_is_told_apart_from_the_one_that_did(
    on_both: Paperround, installation: Installation
) -> None:
    publish(installation, FRIDAY_NOON, RIVERS)
    subscribe(installation, ADA, "maps")
    plan(installation)
    tomorrow = FRIDAY_NOON + DAY - MINUTE
    waiting = verdict(on_both, "2608.00001", "--date", SATURDAY, at=tomorrow)
    assert (waiting["verdict"], waiting["recomputed"]["rank"]) == ("not_due", 1)
    publish(installation, tomorrow, STREETS)
    plan(installation, tomorrow)
    take_out(installation, tomorrow)
    assert verdict(on_both, "2608.00001", at=tomorrow)["verdict"] == "came"
    replaced = verdict(on_both, "2608.00001", "--date", FRIDAY, at=tomorrow)
    assert replaced["because"] == "it stands in the letter of 2026-08-21, which is expired"


def test_a_paper_from_before_the_first_letter_has_been_passed_over(
    on_both: Paperround, installation: Installation
) -> None:
    publish(installation, FRIDAY_NOON - 9 * DAY, RIVERS)
    subscribe(installation, ADA, "maps")
    found = verdict(on_both, "2608.00001")
    assert found["verdict"] == "already_seen"
    assert "it came before they did" in found["because"]


def test_a_suppressed_address_is_told_so_before_and_after_the_plan(
    on_both: Paperround, installation: Installation
) -> None:
    publish(installation, FRIDAY_NOON, RIVERS)
    subscribe(installation, ADA, "maps")
    suppress(installation, ADA, FRIDAY_NOON)
    assert verdict(on_both, "2608.00001")["verdict"] == "suppressed"
    plan(installation)
    found = verdict(on_both, "2608.00001")
    assert found["verdict"] == "suppressed"
    assert "on 2026-08-21: the address is suppressed" in found["because"]
    assert "Suppressed: asked, since 2026-08-21" in spoken(on_both, ADA)


def test_what_is_not_due_is_told_its_hour_and_its_rank_so_far(
    on_both: Paperround, installation: Installation
) -> None:
    publish(installation, FRIDAY_NOON, RIVERS)
    subscribe(installation, ADA, "maps", timezone="Europe/Berlin", send_at=time(19, 30))
    found = verdict(on_both, "2608.00001")
    assert found["verdict"] == "not_due"
    assert "due at 19:30, Berlin time; by now it ranks 1 of 1" in found["because"]
    evening = verdict(on_both, "2608.00001", at=FRIDAY_NOON.replace(hour=17, minute=31))
    assert "no plan has decided it yet" in evening["because"]


def test_on_a_day_that_is_not_theirs_the_next_one_is_named(
    on_both: Paperround, installation: Installation
) -> None:
    publish(installation, FRIDAY_NOON, RIVERS)
    subscribe(installation, ADA, "maps", cadence=Cadence.MONDAYS)
    plan(installation)
    found = verdict(on_both, "2608.00001")
    assert found["verdict"] == "not_due"
    assert found["because"].startswith(
        "it is not one of their days: letters come on Mondays, the next one on 2026-08-24 at 07:00"
    )
    told = on_both("explain", ADA, "--date", FRIDAY, "--at", "2026-08-22 09:00", "--json").json
    assert told["outcome"] == "not_due"
    assert told["because"].startswith("it was not one of their days")
    assert told["wanted"]["cadence"] == "mondays"


def test_a_paper_that_came_after_the_plan_waits_for_the_next_one(
    on_both: Paperround, installation: Installation
) -> None:
    publish(installation, FRIDAY_NOON, RIVERS)
    subscribe(installation, ADA, "maps")
    plan(installation)
    publish(installation, FRIDAY_NOON + MINUTE, STREETS)
    found = verdict(on_both, "2608.00002")
    assert found["verdict"] == "not_due"
    assert "it came after the letter of 2026-08-21" in found["because"]


def test_who_has_not_confirmed_is_not_due(on_both: Paperround, installation: Installation) -> None:
    publish(installation, FRIDAY_NOON, RIVERS)
    on_both("subscribers", "add", ADA, "--topic", "maps")
    ran = on_both("explain", ADA, "2608.00001", "--json").json["papers"][0]
    assert ran["verdict"] == "not_due"
    assert ran["because"].startswith("they are pending since ")


def test_who_left_is_not_due(on_both: Paperround, installation: Installation) -> None:
    reader = subscribe(installation, ADA, "maps")
    leave(installation, reader, FRIDAY_NOON)
    publish(installation, FRIDAY_NOON, RIVERS)
    found = verdict(on_both, "2608.00001", at=FRIDAY_NOON + MINUTE)
    assert found["verdict"] == "not_due"
    assert found["because"] == "they are unsubscribed since 2026-08-21 12:00 UTC"


def test_the_trace_of_a_letter_holds_record_and_recount_apart(
    on_both: Paperround, installation: Installation
) -> None:
    publish(installation, FRIDAY_NOON, RIVERS, STREETS, ROBOTS)
    subscribe(installation, ADA, "maps", "tea", max_papers=2)
    plan(installation)
    take_out(installation, FRIDAY_NOON, REFUSED)
    told = on_both("explain", ADA, "--date", FRIDAY, "--json").json
    assert (told["outcome"], told["consent"]["event"]) == ("digest", "active")
    digest = told["digest"]
    assert (digest["status"], digest["matched"], digest["looked_at"]) == ("failed", 3, [0, 3])
    assert digest["papers"][0] == {"title": "Maps of Rivers", "reasons": ["maps"]}
    assert [(t["result"], t["reply_code"]) for t in digest["tries"]] == [("refused", 550)]
    recomputed = told["recomputed"]
    assert [(t["topic"], t["matched"]) for t in recomputed["topics"]] == [("maps", 3), ("tea", 0)]
    assert [paper["key"] for paper in recomputed["matched"]] == [
        "arxiv:2608.00001", "arxiv:2608.00002", "arxiv:2608.00003",
    ]  # fmt: skip
    shown = spoken(on_both, ADA, "--date", FRIDAY)
    assert "ada@example.org, Friday 21 August 2026\nLetter:     failed" in shown
    assert "Holds:      2 papers of 3 that matched" in shown
    assert "matched (recomputed)" in shown
    assert "Maps of Streets" in shown
    assert "5.1.1 Nobody here" in shown


def test_the_trace_tells_why_there_is_no_letter(
    on_both: Paperround, installation: Installation
) -> None:
    subscribe(installation, ADA, at=FRIDAY_NOON)
    publish(installation, FRIDAY_NOON, RIVERS)

    def because(at: datetime, *more: object) -> tuple[str, str]:
        told = on_both("explain", ADA, "--at", at.isoformat(), "--json", *more).json
        return told["outcome"], told["because"]

    early = FRIDAY_NOON.replace(hour=6) + DAY
    assert because(early) == ("not_due", "it is not time yet: the letter is due at 07:00, UTC")
    assert because(early, "--date", "2026-08-24")[1] == "that date has not come yet"
    assert because(early, "--date", "2026-08-20")[1] == "they were no subscriber yet"
    assert because(early, "--date", FRIDAY)[1].startswith("nothing is on record for that date")
    shown = spoken(on_both, ADA, at=early)
    assert "would be chosen (recomputed)" in shown
    assert "Topics:     none: trending" in shown
    plan(installation)
    take_out(installation, FRIDAY_NOON)
    plan(installation, FRIDAY_NOON + DAY)
    assert because(FRIDAY_NOON + DAY) == ("skipped", "no new paper had come")


def test_a_letter_whose_parts_are_gone_is_recomputed_and_says_so(
    on_both: Paperround, installation: Installation
) -> None:
    publish(installation, FRIDAY_NOON, RIVERS, STREETS)
    subscribe(installation, ADA, "maps", max_papers=1)
    plan(installation)
    take_out(installation, FRIDAY_NOON)
    with installation.database.write() as connection:
        parts.purge(connection, SATURDAY)
    assert "as recomputed" in verdict(on_both, "2608.00001")["because"]
    assert verdict(on_both, "2608.00002")["verdict"] == "below_cap"
    shown = spoken(on_both, ADA, "--date", FRIDAY)
    assert "The parts of that letter are kept no more." in shown
    assert "would be chosen (recomputed)" in shown


@pytest.mark.parametrize(
    "asked",
    [
        "arxiv:2608.00003",
        "ARXIV:2608.00003v2",
        "2608.00003",
        "https://arxiv.org/abs/2608.00003v1",
        "https://arxiv.org/pdf/2608.00003.pdf",
        "http://127.0.0.1:8000/paper/arxiv%3A2608.00003",
        "Robots that Read 100% of [maps]",
        "robots that read",
        "100%",
    ],
)
def test_a_paper_may_be_named_as_people_name_it(paperround: Paperround, asked: str) -> None:
    with open_installation(load()) as house:
        publish(house, FRIDAY_NOON, RIVERS, ROBOTS)
        subscribe(house, ADA, "maps")
    assert verdict(paperround, asked)["key"] == "arxiv:2608.00003"


def test_words_that_several_titles_hold_get_an_answer_for_each(
    on_both: Paperround, installation: Installation
) -> None:
    publish(installation, FRIDAY_NOON, RIVERS, STREETS, ROBOTS)
    subscribe(installation, ADA, "rivers")
    found = on_both("explain", ADA, "maps of", "--at", FRIDAY_NOON.isoformat(), "--json").json
    assert [(paper["key"], paper["verdict"]) for paper in found["papers"]] == [
        ("arxiv:2608.00002", "no_match"),
        ("arxiv:2608.00001", "not_due"),
    ]


def test_who_asks_changes_nothing_and_an_unknown_reader_is_an_error(
    on_both: Paperround, installation: Installation
) -> None:
    publish(installation, FRIDAY_NOON, RIVERS)
    subscribe(installation, ADA, "maps")
    plan(installation)
    before = dump(installation.database)
    for command in ((ADA,), (ADA, "2608.00001"), (ADA, "nothing"), ("bob@example.org",)):
        on_both("explain", *command)
        assert dump(installation.database) == before, command
    unknown = on_both("explain", "bob@example.org")
    assert (unknown.code, unknown.out) == (1, "")
    assert unknown.err == "bob@example.org is not a subscriber.\n"
    assert on_both("explain", ADA, "--date", "21.8.").code == 2
