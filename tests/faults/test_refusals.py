"""What a server's refusals lead to: suppression, an alert, or the breaker."""

import threading
from datetime import timedelta

import pytest
from conftest import OpenWith
from peers.newsroom import FRIDAY_NOON, publish, statuses, watermark
from peers.sending import (
    address,
    by_status,
    crowd,
    deliver,
    letter,
    planned,
    queue_letters,
)
from peers.smtp import Peer, reply
from sqlalchemy import select

from service import pipeline
from service.domain.digests import SkipReason
from service.domain.policy import Result
from service.domain.readers import address_hash
from service.installation import Installation
from service.store import holds, refusals, suppressions, tables
from service.store.suppressions import SuppressionRow

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOBODY = reply("550 5.1.1 <reader@example.org>: Nobody here")


def suppressed(installation: Installation) -> dict[str | None, SuppressionRow]:
    """Return the suppressions, in force or not, by address."""
    with installation.database.read() as connection:
        return {row.address: row for row in suppressions.newest_first(connection, 1000)}


def in_force(installation: Installation) -> set[str]:
    with installation.database.read() as connection:
        return suppressions.every(connection)


def held(installation: Installation) -> list[str]:
    with installation.database.read() as connection:
        return [row.scope for row in holds.in_force(connection).rows]


def test_an_address_that_does_not_exist_is_suppressed_and_nobody_else(open_with: OpenWith) -> None:
    with planned(open_with, "Ada", "Bob", "Grace") as (installation, peer):
        peer.on("rcpt", NOBODY, recipient=address("Ada"))
        delivered = deliver(installation)
        assert (delivered.suppressed, delivered.policy, delivered.halted) == (1, 0, None)
        (noted,) = suppressed(installation).values()
        assert (noted.address, noted.reason, noted.since) == (
            address("Ada"),
            "refused",
            FRIDAY_NOON,
        )
        assert noted.detail == "550 5.1.1", "no word of the server: it may quote the address"
        publish(installation, FRIDAY_NOON + DAY, "Tides in a teacup")
        made = pipeline.plan(installation, FRIDAY_NOON + DAY, everyone=True)
    assert (made.planned, made.skipped) == (2, {SkipReason.SUPPRESSED: 1})
    assert statuses(installation) == {"sent": 2, "failed": 1, "queued": 2}


@pytest.mark.parametrize("step", ["rcpt", "dot"])
@pytest.mark.parametrize("said", ["550 5.7.1 Blocked for spam", "554 5.7.26 Not authenticated"])
def test_a_rejection_for_policy_alerts_and_suppresses_nobody(
    open_with: OpenWith, step: str, said: str
) -> None:
    with planned(open_with, "Ada", "Bob") as (installation, peer):
        peer.on(step, reply(said))
        delivered = deliver(installation)
    assert (delivered.policy, delivered.policy_reply) == (2, said)
    assert suppressed(installation) == {}
    with installation.database.read() as connection:
        told = refusals.for_policy(connection, FRIDAY_NOON + HOUR)
        later = refusals.for_policy(connection, FRIDAY_NOON + DAY + HOUR)
    assert (told.count, told.last_at, told.last_reply) == (2, FRIDAY_NOON, said)
    assert later.count == 0


@pytest.mark.parametrize(
    "said", ["550 Nobody here", "550 5.1.2 No such domain", "452 4.2.2 Full", "552 5.2.2 Full"]
)
def test_a_refusal_that_may_mean_anything_suppresses_nobody(open_with: OpenWith, said: str) -> None:
    with planned(open_with, "Ada", "Bob") as (installation, peer):
        peer.on("rcpt", reply(said), recipient=address("Ada"))
        deliver(installation)
    assert suppressed(installation) == {}


@pytest.mark.parametrize("connections", [1, 4])
def test_a_relay_that_refuses_everyone_halts_the_run_and_empties_no_list(
    open_with: OpenWith, connections: int
) -> None:
    with planned(open_with, *crowd(60), connections=connections) as (installation, peer):
        peer.on("rcpt", NOBODY)
        delivered = deliver(installation)
        assert delivered.halted is not None
        assert "were refused, lastly with 550 5.1.1; nobody was suppressed" in delivered.halted
        assert "@" not in delivered.halted
        refused = delivered.results[Result.REFUSED]
        assert 3 <= refused <= 3 + connections
        assert statuses(installation) == {"failed": refused, "queued": 60 - refused}
        assert in_force(installation) == set()
        assert len(suppressed(installation)) == refused, "they await an admin"
        assert delivered.suppressed == 0

        # It stays halted, in every worker and after every restart, until somebody lifts it.
        before = len(peer.lines)
        again = pipeline.deliver(open_with(), lambda: FRIDAY_NOON + HOUR, threading.Event())
        assert again.halted == delivered.halted
        assert len(peer.lines) == before, "no letter was offered"

        peer.forgive()
        with installation.database.write() as connection:
            assert holds.lift(connection, holds.BREAKER, FRIDAY_NOON + HOUR)
        mended = deliver(installation, after=2 * HOUR)
    assert (mended.halted, mended.results) == (None, {Result.ACCEPTED: 60 - refused})
    assert in_force(installation) == set()


def test_refusals_are_counted_over_runs_and_take_back_what_they_suppressed_before(
    open_with: OpenWith,
) -> None:
    with planned(open_with, *crowd(6)) as (installation, peer):
        peer.on("rcpt", NOBODY)
        halted = []
        for number in range(1, 4):
            stop = threading.Event()
            run = pipeline.deliver(
                open_with(smtp_url=peer.url, smtp_connections=1),
                lambda: FRIDAY_NOON,
                stop,
                # One letter a run, as when few are due at a time.
                lambda done, due, stop=stop: stop.set(),
            )
            halted.append(run.halted is not None)
            assert len(in_force(installation)) == (number if number < 3 else 0)
    assert halted == [False, False, True]
    assert held(installation) == ["breaker"]
    assert statuses(installation) == {"failed": 3, "queued": 3}


def test_what_was_refused_before_an_admin_went_on_counts_no_more(open_with: OpenWith) -> None:
    with planned(open_with, *crowd(8)) as (installation, peer):
        peer.on("rcpt", NOBODY, times=5)
        assert deliver(installation).halted is not None
        with installation.database.write() as connection:
            holds.lift(connection, holds.BREAKER, FRIDAY_NOON + HOUR)
        rest = deliver(installation, after=2 * HOUR)
        assert (rest.halted, rest.suppressed) == (None, 2)
        assert len(in_force(installation)) == 2, "those of the halted run still await a word"
    assert statuses(installation) == {"failed": 5, "sent": 3}


def test_an_operator_may_allow_more_refusals(open_with: OpenWith) -> None:
    with planned(open_with, *crowd(6), breaker_percent="100") as (installation, peer):
        peer.on("rcpt", NOBODY)
        assert deliver(installation).halted is None
    assert len(in_force(installation)) == 6


def test_a_confirmed_suppression_stays_and_one_lifted_is_gone(installation: Installation) -> None:
    ada, bob = address_hash(address("Ada")), address_hash(address("Bob"))
    with installation.database.write() as connection:
        for hashed in (ada, bob):
            suppressions.add(connection, hashed, suppressions.REFUSED, FRIDAY_NOON, "550 5.1.1")
        suppressions.add(connection, "by hand", "by hand", FRIDAY_NOON)
        assert suppressions.doubt(connection, FRIDAY_NOON) == 2
        assert suppressions.every(connection) == {"by hand"}
        assert suppressions.count(connection) == (1, 2)
        assert suppressions.confirm(connection, FRIDAY_NOON, [ada]) == 1
        assert suppressions.every(connection) == {"by hand", ada}
        # Refused again in a run that is in order, the doubt is over.
        suppressions.add(connection, bob, suppressions.REFUSED, FRIDAY_NOON + DAY, "550 5.1.1")
        assert suppressions.every(connection) == {"by hand", ada, bob}
        assert suppressions.lift(connection, ada)
        assert not suppressions.lift(connection, ada)
        assert suppressions.every(connection) == {"by hand", bob}


def test_a_suppressed_reader_s_other_letters_are_cancelled(open_with: OpenWith) -> None:
    with Peer() as peer:
        installation = open_with(smtp_url=peer.url, smtp_connections=1)
        queue_letters(installation, "Ada")
        ada = letter(installation, "Ada")
        delivery = tables.table(tables.Delivery)
        with installation.database.write() as connection:
            (row,) = connection.execute(select(delivery)).mappings()
            other = {name: row[name] for name in row if name != "id"} | {"nth": 1, "token": b"2"}
            connection.execute(
                delivery.insert(),
                other | {"next_attempt_at": FRIDAY_NOON + HOUR, "kind": "confirm"},
            )
        peer.on("rcpt", NOBODY)
        deliver(installation)
    assert sorted(by_status(installation, "cancelled")) == [address("Ada")]
    assert watermark(installation, ada.subscriber_id) == ada.seq_from
