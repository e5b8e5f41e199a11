"""What becomes of the papers of a digest that never reached its reader."""

from datetime import date

import pytest
from peers import newsroom
from peers.desk import DAY, HOUR, plan, shown
from peers.newsroom import FRIDAY_NOON, digests, publish, subscribe, watermark

from service.domain.policy import Outcome
from service.installation import Installation
from service.store import transitions


def test_an_unsent_digest_is_superseded_by_the_next_with_all_its_papers(
    installation: Installation,
) -> None:
    ada = subscribe(installation, "ada@example.org", "robots")
    publish(installation, FRIDAY_NOON, "Robots of Friday")
    plan(installation)
    publish(installation, FRIDAY_NOON + HOUR, "Robots of Saturday")
    made = plan(installation, FRIDAY_NOON + DAY)
    assert (made.planned, made.superseded) == (1, 1)
    old, new = digests(installation, ada)
    assert (old.status, new.status) == ("expired", "queued")
    assert (new.seq_from, new.seq_to, new.day) == (0, 2, date(2026, 8, 22))
    assert set(new.titles) == {"Robots of Friday", "Robots of Saturday"}
    (letter,) = newsroom.take_out(installation, FRIDAY_NOON + DAY)
    assert letter.delivery_id == new.delivery_id


def test_an_unsent_digest_is_superseded_though_nothing_new_has_come(
    installation: Installation,
) -> None:
    ada = subscribe(installation, "ada@example.org", "robots")
    publish(installation, FRIDAY_NOON, "Robots")
    plan(installation)
    assert plan(installation, FRIDAY_NOON + DAY).superseded == 1
    assert shown(installation, ada) == [("Robots",), ("Robots",)]
    assert newsroom.statuses(installation) == {"expired": 1, "queued": 1}


def test_a_letter_that_is_being_sent_is_left_to_its_worker(installation: Installation) -> None:
    ada = subscribe(installation, "ada@example.org", "robots")
    publish(installation, FRIDAY_NOON, "Robots of Friday")
    plan(installation)
    with newsroom.at_work(installation, FRIDAY_NOON) as worker:
        (claim,) = worker.claim(10, FRIDAY_NOON)
        assert worker.step([], [claim]) == {claim.delivery_id}
        publish(installation, FRIDAY_NOON + DAY, "Robots of Saturday")
        assert plan(installation, FRIDAY_NOON + DAY).superseded == 0
        done = newsroom.settlement(claim, newsroom.ACCEPTED, FRIDAY_NOON, begun=True)
        worker.step([done], [])
    assert [(d.status, d.titles) for d in digests(installation, ada)] == [
        ("sent", ("Robots of Friday",)),
        ("queued", ("Robots of Saturday",)),
    ]


def test_a_digest_that_expires_is_offered_again(installation: Installation) -> None:
    ada = subscribe(installation, "ada@example.org", "robots")
    publish(installation, FRIDAY_NOON, "Robots")
    plan(installation)
    with installation.database.write() as connection:
        assert transitions.expire(connection, FRIDAY_NOON + DAY) == 1
    assert watermark(installation, ada) == 0
    assert plan(installation, FRIDAY_NOON + HOUR).due == 0, "not on the same date"
    plan(installation, FRIDAY_NOON + DAY)
    assert [(d.status, d.titles) for d in digests(installation, ada)] == [
        ("expired", ("Robots",)),
        ("queued", ("Robots",)),
    ]


def test_papers_refused_before_their_body_was_sent_are_offered_again(
    installation: Installation,
) -> None:
    ada = subscribe(installation, "ada@example.org", "robots")
    publish(installation, FRIDAY_NOON, "Robots")
    plan(installation)
    newsroom.take_out(installation, FRIDAY_NOON, newsroom.REFUSED)
    assert watermark(installation, ada) == 0
    plan(installation, FRIDAY_NOON + DAY)
    assert shown(installation, ada) == [("Robots",), ("Robots",)]


@pytest.mark.parametrize("outcome", [newsroom.REFUSED_AFTER_BODY, newsroom.LOST])
def test_papers_whose_body_was_sent_are_not_offered_again(
    installation: Installation, outcome: Outcome
) -> None:
    ada = subscribe(installation, "ada@example.org", "robots")
    publish(installation, FRIDAY_NOON, "Robots")
    plan(installation)
    newsroom.take_out(installation, FRIDAY_NOON, outcome)
    with installation.database.write() as connection:
        transitions.resend_uncertain(connection)
        transitions.expire(connection, FRIDAY_NOON + DAY)
    assert watermark(installation, ada) == 1
    plan(installation, FRIDAY_NOON + DAY)
    assert len(digests(installation, ada)) == 1


def test_a_letter_planned_before_its_reader_left_is_cancelled(installation: Installation) -> None:
    ada = subscribe(installation, "ada@example.org", "robots")
    publish(installation, FRIDAY_NOON, "Robots")
    plan(installation)
    newsroom.leave(installation, ada, FRIDAY_NOON)
    assert [digest.status for digest in digests(installation, ada)] == ["cancelled"]
    letters = newsroom.take_out(installation, FRIDAY_NOON)
    assert [letter.kind for letter in letters] == ["goodbye"]
    publish(installation, FRIDAY_NOON, "Robots again")
    assert plan(installation, FRIDAY_NOON + DAY).due == 0


@pytest.mark.parametrize("second", ["queued", "sent"])
def test_a_digest_refused_after_a_later_one_went_out_brings_nothing_a_second_time(
    installation: Installation, second: str
) -> None:
    ada = subscribe(installation, "ada@example.org", "robots")
    publish(installation, FRIDAY_NOON, "Robots of Friday")
    plan(installation)
    saturday, sunday = FRIDAY_NOON + DAY, FRIDAY_NOON + 2 * DAY
    with newsroom.at_work(installation, FRIDAY_NOON) as worker:
        (claim,) = worker.claim(10, FRIDAY_NOON)
        worker.step([], [claim])
        publish(installation, saturday, "Robots of Saturday")
        plan(installation, saturday)
        later = newsroom.settlement(claim, newsroom.DEFERRED_AFTER_BODY, saturday, begun=True)
        worker.step([later], [])
    if second == "sent":
        newsroom.take_out(installation, saturday, of=lambda c: c.delivery_id != claim.delivery_id)
    refused = newsroom.take_out(
        installation, saturday + HOUR, newsroom.REFUSED, of=lambda c: c.attempts == 1
    )
    assert [letter.delivery_id for letter in refused] == [claim.delivery_id]
    publish(installation, sunday, "Robots of Sunday")
    plan(installation, sunday)
    newsroom.take_out(installation, sunday)
    sent = [d.titles for d in digests(installation, ada) if d.status == "sent"]
    assert sorted(title for titles in sent for title in titles) == [
        "Robots of Saturday",
        "Robots of Sunday",
    ]


def test_of_two_unsent_digests_neither_is_repeated_by_the_next(
    installation: Installation,
) -> None:
    ada = subscribe(installation, "ada@example.org", "robots")
    publish(installation, FRIDAY_NOON, "Robots of Friday")
    plan(installation)
    saturday, sunday = FRIDAY_NOON + DAY, FRIDAY_NOON + 2 * DAY
    with newsroom.at_work(installation, FRIDAY_NOON) as worker:
        (claim,) = worker.claim(10, FRIDAY_NOON)
        worker.step([], [claim])
        publish(installation, saturday, "Robots of Saturday")
        plan(installation, saturday)
        later = newsroom.settlement(claim, newsroom.DEFERRED_AFTER_BODY, saturday, begun=True)
        worker.step([later], [])
    publish(installation, sunday, "Robots of Sunday")
    plan(installation, sunday)
    newsroom.take_out(installation, sunday)
    sent = [d.titles for d in digests(installation, ada) if d.status == "sent"]
    assert sorted(title for titles in sent for title in titles) == [
        "Robots of Friday",
        "Robots of Saturday",
        "Robots of Sunday",
    ]


def test_an_uncertain_digest_comes_again_as_it_was_and_in_no_other_letter(
    installation: Installation,
) -> None:
    ada = subscribe(installation, "ada@example.org", "robots")
    publish(installation, FRIDAY_NOON, "Robots of Friday")
    plan(installation)
    newsroom.take_out(installation, FRIDAY_NOON, newsroom.LOST)
    with installation.database.write() as connection:
        transitions.resend_uncertain(connection)
    saturday = FRIDAY_NOON + DAY
    publish(installation, saturday, "Robots of Saturday")
    assert plan(installation, saturday).superseded == 0
    newsroom.take_out(installation, saturday)
    assert [(d.status, d.titles) for d in digests(installation, ada)] == [
        ("sent", ("Robots of Friday",)),
        ("sent", ("Robots of Saturday",)),
    ]
