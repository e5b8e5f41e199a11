"""Who gets which papers: the watermark, and why somebody gets no letter."""

from datetime import date

import pytest
from conftest import OpenWith
from peers import newsroom
from peers.desk import DAY, HOUR, last_skip, plan, shown
from peers.newsroom import FRIDAY_NOON, digests, publish, subscribe, watermark
from sqlalchemy import insert

from service.domain.digests import SkipReason
from service.domain.links import Purpose, sign
from service.domain.papers import Paper
from service.domain.readers import Preferences, address_hash
from service.domain.wishes import wishes_of
from service.installation import Installation
from service.mail.address import parse_address
from service.readers import consent, leaving
from service.store import subscribers, tables


def test_a_reader_gets_the_new_papers_of_their_topics_and_nothing_else(
    installation: Installation,
) -> None:
    publish(installation, FRIDAY_NOON, "Robots learn", "Maps of Mars", "A robot on Mars")
    ada = subscribe(installation, "ada@example.org", "robots")
    bob = subscribe(installation, "bob@example.org", "mars")
    grace = subscribe(installation, "grace@example.org", "quantum")
    made = plan(installation)
    assert (made.planned, dict(made.skipped)) == (2, {SkipReason.NO_MATCH: 1})
    assert set(shown(installation, ada)[0]) == {"Robots learn", "A robot on Mars"}
    assert set(shown(installation, bob)[0]) == {"Maps of Mars", "A robot on Mars"}
    assert shown(installation, grace) == []
    assert {watermark(installation, reader) for reader in (ada, bob, grace)} == {3}


def test_a_digest_keeps_the_range_of_papers_it_speaks_for(installation: Installation) -> None:
    ada = subscribe(installation, "ada@example.org", "robots")
    publish(installation, FRIDAY_NOON, "Robots", "Maps")
    plan(installation)
    newsroom.take_out(installation, FRIDAY_NOON)
    publish(installation, FRIDAY_NOON + DAY, "Robots again")
    plan(installation, FRIDAY_NOON + DAY)
    assert [(d.seq_from, d.seq_to, d.titles) for d in digests(installation, ada)] == [
        (0, 2, ("Robots",)),
        (2, 3, ("Robots again",)),
    ]


def test_a_new_reader_gets_the_papers_of_the_last_days_and_not_the_whole_past(
    open_with: OpenWith,
) -> None:
    installation = open_with(lookback_days=2)
    publish(installation, FRIDAY_NOON - 5 * DAY, "Robots of Sunday")
    publish(installation, FRIDAY_NOON - DAY, "Robots of Thursday")
    publish(installation, FRIDAY_NOON, "Robots of Friday")
    ada = subscribe(installation, "ada@example.org", "robots")
    assert watermark(installation, ada) == 1
    plan(installation)
    assert set(shown(installation, ada)[0]) == {"Robots of Thursday", "Robots of Friday"}


def test_a_returning_reader_gets_the_last_days_and_nothing_a_second_time(
    installation: Installation,
) -> None:
    ada = subscribe(installation, "ada@example.org", "robots", at=FRIDAY_NOON - 10 * DAY)
    publish(installation, FRIDAY_NOON - 9 * DAY, "Robots of long ago")
    newsroom.leave(installation, ada, FRIDAY_NOON - 9 * DAY)
    publish(installation, FRIDAY_NOON - DAY, "Robots of Thursday")
    token = sign(installation.keys.current, Purpose.UNDO, ada, FRIDAY_NOON - 9 * DAY)
    assert leaving.undo(installation, token, FRIDAY_NOON) is not None
    plan(installation)
    assert shown(installation, ada) == [("Robots of Thursday",)]
    newsroom.take_out(installation, FRIDAY_NOON)
    newsroom.leave(installation, ada, FRIDAY_NOON + HOUR)
    assert leaving.undo(installation, token, FRIDAY_NOON + HOUR) is not None
    plan(installation, FRIDAY_NOON + DAY)
    assert shown(installation, ada) == [("Robots of Thursday",)]


def test_a_skip_moves_the_watermark_and_is_on_record(installation: Installation) -> None:
    grace = subscribe(installation, "grace@example.org", "quantum")
    publish(installation, FRIDAY_NOON, "Robots", "Maps")
    assert plan(installation).skipped == {SkipReason.NO_MATCH: 1}
    assert watermark(installation, grace) == 2
    skip = last_skip(installation, grace)
    assert skip is not None
    assert (skip.local_date, skip.reason) == (date(2026, 8, 21), "no_match")
    assert (skip.seq_from, skip.seq_to, skip.at) == (0, 2, FRIDAY_NOON)


def test_that_nothing_new_came_is_said_once_a_date_and_hides_no_other_reason(
    installation: Installation,
) -> None:
    grace = subscribe(installation, "grace@example.org", "quantum")
    publish(installation, FRIDAY_NOON, "Robots")
    plan(installation)
    assert plan(installation, FRIDAY_NOON + HOUR).due == 0
    asked = plan(installation, FRIDAY_NOON + HOUR, everyone=True)
    assert asked.skipped == {SkipReason.NO_NEW_PAPERS: 1}
    skip = last_skip(installation, grace)
    assert skip is not None
    assert (skip.reason, skip.at) == ("no_match", FRIDAY_NOON)
    assert plan(installation, FRIDAY_NOON + DAY).skipped == {SkipReason.NO_NEW_PAPERS: 1}
    skip = last_skip(installation, grace)
    assert skip is not None
    assert (skip.reason, skip.local_date) == ("no_new_papers", date(2026, 8, 22))
    assert plan(installation, FRIDAY_NOON + DAY + HOUR).due == 0


def test_a_late_file_reaches_on_the_same_date_those_who_were_skipped_in_the_morning(
    installation: Installation,
) -> None:
    ada = subscribe(installation, "ada@example.org", "robots")
    grace = subscribe(installation, "grace@example.org", "quantum")
    publish(installation, FRIDAY_NOON, "Robots")
    assert plan(installation).planned == 1
    publish(installation, FRIDAY_NOON + HOUR, "Quantum robots")
    assert plan(installation, FRIDAY_NOON + HOUR).planned == 1
    assert shown(installation, grace) == [("Quantum robots",)]
    assert shown(installation, ada) == [("Robots",)], "one digest a date; the rest comes tomorrow"
    newsroom.take_out(installation, FRIDAY_NOON + HOUR)
    plan(installation, FRIDAY_NOON + DAY)
    assert shown(installation, ada) == [("Robots",), ("Quantum robots",)]
    assert shown(installation, grace) == [("Quantum robots",)]


@pytest.mark.parametrize("everyone", [False, True])
def test_there_is_no_second_digest_for_a_date_whoever_asks(
    installation: Installation, everyone: bool
) -> None:
    ada = subscribe(installation, "ada@example.org", "robots")
    publish(installation, FRIDAY_NOON, "Robots")
    plan(installation)
    newsroom.take_out(installation, FRIDAY_NOON)
    publish(installation, FRIDAY_NOON, "More robots")
    made = plan(installation, FRIDAY_NOON + HOUR, everyone=everyone)
    assert (made.due, len(digests(installation, ada))) == (0, 1)


def test_a_pending_reader_is_not_due_before_they_confirm(installation: Installation) -> None:
    publish(installation, FRIDAY_NOON, "Robots")
    ada = parse_address("ada@example.org")
    consent.sign_up(
        installation, ada, wishes_of(["robots"]), Preferences(), FRIDAY_NOON, source="test"
    )
    assert plan(installation, everyone=True).due == 0
    with installation.database.read() as connection:
        reader = subscribers.by_address(connection, ada.normal)
    assert reader is not None
    token = sign(installation.keys.current, Purpose.CONFIRM, reader.subscriber_id, FRIDAY_NOON)
    consent.confirm(installation, token, FRIDAY_NOON)
    assert plan(installation).planned == 1


def test_a_suppressed_address_gets_no_letter_and_the_reason_is_told(
    installation: Installation,
) -> None:
    publish(installation, FRIDAY_NOON, "Robots")
    ada = subscribe(installation, "Ada@Example.org", "robots")
    with installation.database.write() as connection:
        connection.execute(
            insert(tables.Suppression),
            {
                "address_hash": address_hash(parse_address("ada@example.ORG").normal),
                "reason": "bounce",
                "since": FRIDAY_NOON,
                "effective_at": FRIDAY_NOON,
            },
        )
    assert plan(installation).skipped == {SkipReason.SUPPRESSED: 1}
    assert digests(installation, ada) == []


def test_a_letter_shows_at_most_max_papers_and_counts_all_that_matched(
    installation: Installation,
) -> None:
    robots = [Paper(title=f"Robots {n}", upvotes=n) for n in range(8)]
    publish(installation, FRIDAY_NOON, *robots, "Maps")
    ada = subscribe(installation, "ada@example.org", "robots", max_papers=3)
    plan(installation)
    (digest,) = digests(installation, ada)
    assert digest.titles == ("Robots 7", "Robots 6", "Robots 5")
    assert digest.matched == 8
    newsroom.take_out(installation, FRIDAY_NOON)
    plan(installation, FRIDAY_NOON + DAY)
    assert len(digests(installation, ada)) == 1, "those below the cap count as offered"


def test_a_paper_is_named_by_each_readers_own_words(installation: Installation) -> None:
    publish(installation, FRIDAY_NOON, "Robots draw maps")
    ada = subscribe(installation, "ada@example.org", "ROBOTS", "maps")
    bob = subscribe(installation, "bob@example.org", "Maps AND Robots")
    plan(installation)
    assert set(digests(installation, ada)[0].reasons[0]) == {"ROBOTS", "maps"}
    assert digests(installation, bob)[0].reasons == (("Maps AND Robots",),)


def test_a_reader_without_topics_gets_what_is_trending(installation: Installation) -> None:
    noticed = [Paper(title=title, upvotes=n) for title, n in (("A", 1), ("B", 90), ("C", 30))]
    publish(installation, FRIDAY_NOON, *noticed)
    ada = subscribe(installation, "ada@example.org", max_papers=2)
    plan(installation)
    (digest,) = digests(installation, ada)
    assert digest.titles == ("B", "C")
    assert digest.reasons == ((), ())
