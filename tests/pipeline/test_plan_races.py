"""Plans beside plans, settlements and readers who come and go."""

import random
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import make_settings
from peers import newsroom
from peers.deadline import at_once
from peers.newsroom import FRIDAY_NOON, digests, publish, subscribe, watermark
from peers.processes import Command, settings_for
from sqlalchemy import event

from service import pipeline
from service.domain.digests import SkipReason
from service.domain.links import new_tokens
from service.installation import Installation, open_installation
from service.mail.address import parse_address
from service.readers import consent
from service.store import audience, deliveries, readers, transitions
from service.store.deliveries import Verdicts

DAY = timedelta(days=1)


@pytest.fixture
def shared(postgres_url: str, tmp_path: Path) -> Iterator[Installation]:
    """An installation on PostgreSQL, where writers write side by side."""
    installation = open_installation(make_settings(postgres_url, tmp_path))
    yield installation
    installation.database.close()


@contextmanager
def meeting(installation: Installation, one: str, other: str) -> Iterator[None]:
    """Let two transactions meet: each goes on after its statement when the other has done its."""
    engine = installation.database.engine
    done = {one: threading.Event(), other: threading.Event()}

    def wait(_c: Any, _cursor: Any, said: str, *_: Any) -> None:
        words = " ".join(said.split())
        for mine, theirs in ((one, other), (other, one)):
            if re.match(mine, words) and not done[mine].is_set():
                done[mine].set()
                # Without the deadline, a database that makes one wait for the other would hang.
                done[theirs].wait(3)

    event.listen(engine, "after_cursor_execute", wait)
    try:
        yield
    finally:
        event.remove(engine, "after_cursor_execute", wait)
    assert all(reached.is_set() for reached in done.values()), "they did not meet"


def test_two_plans_at_once_plan_each_reader_once(installation: Installation) -> None:
    publish(installation, FRIDAY_NOON, "Robots")
    readers = [subscribe(installation, f"reader{n}@example.org", "robots") for n in range(60)]
    one, two = at_once(
        lambda: pipeline.plan(installation, FRIDAY_NOON),
        lambda: pipeline.plan(installation, FRIDAY_NOON),
    )
    assert sorted([one.planned, two.planned]) == [0, 60]
    assert all(len(digests(installation, reader)) == 1 for reader in readers)
    assert newsroom.statuses(installation) == {"queued": 60}


def test_two_processes_that_plan_at_once_plan_each_reader_once(
    installation: Installation, database_url: str, tmp_path: Path
) -> None:
    publish(installation, FRIDAY_NOON, "Robots")
    for number in range(60):
        subscribe(installation, f"reader{number}@example.org", "robots")
    settings = settings_for(database_url, "smtp://127.0.0.1:1", tmp_path)
    command = ("plan", "--at", FRIDAY_NOON.isoformat())
    with (
        Command(tmp_path, *command, settings=settings) as one,
        Command(tmp_path, *command, settings=settings) as two,
    ):
        assert (one.wait(), two.wait()) == (0, 0), one.err + two.err
    assert newsroom.statuses(installation) == {"queued": 60}


HOLDS_CLOCKS = "SELECT .*FROM reader_clock.* FOR (NO KEY )?UPDATE"


def test_a_plan_that_meets_the_expiry_of_the_digest_it_replaces_ends_well(
    shared: Installation,
) -> None:
    ada = subscribe(shared, "ada@example.org", "robots")
    publish(shared, FRIDAY_NOON, "Robots")
    pipeline.plan(shared, FRIDAY_NOON)
    tomorrow = FRIDAY_NOON + DAY

    def expire() -> int:
        with shared.database.write() as connection:
            return transitions.expire(connection, tomorrow)

    with meeting(shared, HOLDS_CLOCKS, "UPDATE delivery SET .*expires_at <="):
        at_once(lambda: pipeline.plan(shared, tomorrow).planned, expire)
    pipeline.plan(shared, tomorrow)
    old, new = digests(shared, ada)
    assert (old.status, new.status, new.titles) == ("expired", "queued", ("Robots",))
    assert (new.seq_from, watermark(shared, ada)) == (0, 1)


def test_a_plan_that_meets_a_refusal_of_the_digest_it_replaces_ends_well(
    shared: Installation,
) -> None:
    ada = subscribe(shared, "ada@example.org", "robots")
    publish(shared, FRIDAY_NOON, "Robots")
    pipeline.plan(shared, FRIDAY_NOON)
    tomorrow = FRIDAY_NOON + DAY
    with newsroom.at_work(shared, FRIDAY_NOON) as worker:
        (claim,) = worker.claim(10, FRIDAY_NOON)
        refused = newsroom.settlement(claim, newsroom.REFUSED, tomorrow, begun=False)
        with meeting(shared, HOLDS_CLOCKS, ".*UPDATE delivery SET status = .*attempts = "):
            at_once(
                lambda: pipeline.plan(shared, tomorrow).planned,
                lambda: len(worker.step([refused], [])),
            )
    pipeline.plan(shared, tomorrow)
    assert [(d.status, d.titles) for d in digests(shared, ada)] == [
        ("failed", ("Robots",)),
        ("queued", ("Robots",)),
    ]


def test_a_reader_who_is_erased_while_a_plan_is_made_gets_no_letter(shared: Installation) -> None:
    ada = subscribe(shared, "ada@example.org", "robots")
    publish(shared, FRIDAY_NOON, "Robots")

    def forget() -> int:
        return consent.erase(shared, parse_address("ada@example.org"), FRIDAY_NOON, source="test")

    with meeting(shared, ".*INSERT INTO part", "UPDATE subscriber SET status"):
        at_once(lambda: pipeline.plan(shared, FRIDAY_NOON).planned, forget)
    assert {digest.status for digest in digests(shared, ada)} <= {"cancelled"}
    assert newsroom.take_out(shared, FRIDAY_NOON) == []


def test_plans_expiries_refusals_and_leavers_side_by_side_keep_the_books(
    shared: Installation,
) -> None:
    everyone = [subscribe(shared, f"reader{n}@example.org", "robots") for n in range(40)]
    moments = [FRIDAY_NOON + n * DAY for n in range(12)]

    def plans() -> None:
        for moment in moments:
            publish(shared, moment, f"Robots of {moment}")
            pipeline.plan(shared, moment)

    def expiries() -> None:
        for moment in moments:
            with shared.database.write() as connection:
                transitions.expire(connection, moment)

    def refusals() -> None:
        with newsroom.at_work(shared, FRIDAY_NOON) as worker:
            for moment in moments:
                claims = worker.claim(30, moment)
                random.Random(7).shuffle(claims)
                worker.step(
                    [
                        newsroom.settlement(claim, newsroom.REFUSED, moment, begun=False)
                        for claim in claims
                    ],
                    [],
                )

    def leavers() -> None:
        for reader in everyone[::4]:
            newsroom.leave(shared, reader, FRIDAY_NOON)
        for number in range(1, 40, 4):
            consent.erase(
                shared, parse_address(f"reader{number}@example.org"), FRIDAY_NOON, source="test"
            )

    at_once(plans, expiries, refusals, leavers)
    newsroom.statuses(shared)
    pipeline.plan(shared, moments[-1] + DAY)
    for reader in [*everyone[::4], *everyone[1::4]]:
        assert {digest.status for digest in digests(shared, reader)} <= {
            "cancelled", "expired", "failed"
        }  # fmt: skip


def looked_at(installation: Installation) -> Verdicts:
    """Decide on everyone who is due, and record nothing yet."""
    with installation.database.read() as connection:
        due = readers.due(connection, lambda timezone, send_at, cadence: FRIDAY_NOON.date())
        ((day, _, ids),) = due.pages(100)
        found = audience.look(connection, ids, day)
    skips = dict.fromkeys(range(len(found)), SkipReason.NO_MATCH)
    return Verdicts(found, [b""] * len(found), skips, new_tokens(len(found)))


def record(installation: Installation, verdicts: Verdicts, upto: int) -> int:
    with installation.database.write() as connection:
        recorded = deliveries.plan(
            connection,
            verdicts,
            range(len(verdicts.readers)),
            upto=upto,
            now=FRIDAY_NOON,
            expires_at=FRIDAY_NOON + DAY,
        )
        return recorded.letters + recorded.skipped.total()


def test_a_verdict_stands_only_while_its_reader_is_where_they_were(
    installation: Installation,
) -> None:
    publish(installation, FRIDAY_NOON, "Robots")
    ada = subscribe(installation, "ada@example.org", "quantum")
    verdicts = looked_at(installation)
    assert record(installation, verdicts, upto=1) == 1
    publish(installation, FRIDAY_NOON, "Quantum robots")
    assert record(installation, verdicts, upto=2) == 0, "it was decided on papers from 0 on"
    assert watermark(installation, ada) == 1


def test_a_verdict_on_a_reader_who_left_since_does_not_stand(installation: Installation) -> None:
    publish(installation, FRIDAY_NOON, "Robots")
    ada = subscribe(installation, "ada@example.org", "quantum")
    verdicts = looked_at(installation)
    newsroom.leave(installation, ada, FRIDAY_NOON)
    assert record(installation, verdicts, upto=1) == 0
    assert watermark(installation, ada) == 0
