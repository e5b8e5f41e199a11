"""Delivering within limits: who waits, who does not, and that all letters go in the end."""

import threading
from datetime import datetime, timedelta

import pytest
from conftest import OpenWith
from peers.newsroom import FRIDAY_NOON, statuses
from peers.sending import address, charged, crowd, deliver, planned
from peers.smtp import reply

from service import pipeline
from service.domain.policy import Result
from service.store import workers

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Clock(threading.Event):
    """A clock that runs on by a second each time somebody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0

    def now(self) -> datetime:
        return FRIDAY_NOON + timedelta(seconds=self.seconds)

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds += 1
        return self.is_set()


def test_one_run_sends_what_the_limit_lets_go_and_leaves_the_rest_uncharged(
    open_with: OpenWith,
) -> None:
    with planned(open_with, *crowd(12), letters_a_minute="20") as (installation, _):
        assert deliver(installation).results[Result.ACCEPTED] == 4
        assert deliver(installation, after=timedelta(seconds=5)).results.total() == 0
        assert statuses(installation) == {"sent": 4, "queued": 8}
        assert charged(installation) == 4
        assert deliver(installation, after=timedelta(seconds=11)).results[Result.ACCEPTED] == 4


def test_whoever_runs_it_by_hand_waits_until_the_limit_has_let_all_go(open_with: OpenWith) -> None:
    clock = Clock()
    with planned(open_with, *crowd(12), domain_letters_a_minute="20") as (installation, peer):
        delivered = pipeline.deliver(installation, clock.now, clock, patient=True)
        assert delivered.results == {Result.ACCEPTED: 12}
        assert clock.seconds == 22
        assert len(peer.whole) == 12


def test_waiting_ends_when_it_is_told_to_stop(open_with: OpenWith) -> None:
    clock = Clock()
    with planned(open_with, *crowd(12), letters_a_minute="5") as (installation, peer):
        peer.on("dot", lambda visit: clock.set())
        pipeline.deliver(installation, clock.now, clock, patient=True)
    assert statuses(installation) == {"sent": 1, "queued": 11}


def test_with_one_connection_to_a_domain_its_letters_go_one_at_a_time_and_all(
    open_with: OpenWith,
) -> None:
    at_once: list[int] = []
    out: set[int] = set()

    with planned(open_with, *crowd(5), connections=3, domain_connections="1") as (
        installation,
        peer,
    ):
        peer.on("mail", lambda visit: (out.add(visit.number), at_once.append(len(out)))[0])
        peer.on("dot", lambda visit: out.discard(visit.number))
        assert deliver(installation).results == {Result.ACCEPTED: 5}
    assert at_once == [1] * 5


def test_a_process_that_gets_no_connection_leaves_the_letters_to_those_that_have_them(
    open_with: OpenWith,
) -> None:
    with planned(open_with, "Ada", connections=3, route_connections="2") as (installation, peer):
        other = workers.sit_down(
            installation.database, "other", FRIDAY_NOON, connections=2, of_all=2
        )
        assert other is not None
        assert deliver(installation).results.total() == 0
        assert peer.connections == 0
        workers.stand_up(installation.database, other, FRIDAY_NOON)
        assert deliver(installation).results[Result.ACCEPTED] == 1


def test_a_domain_that_asks_for_less_is_told_of_and_its_readers_get_their_letters(
    open_with: OpenWith,
) -> None:
    clock = Clock()
    with planned(open_with, *crowd(12), domain_letters_a_minute="20") as (installation, peer):
        peer.on("rcpt", reply("450 4.2.0 Greylisted"), recipient=address("reader2"), times=1)
        first = deliver(installation)
        assert first.slowed == {"example.org": 10}
        assert statuses(installation) == {"sent": 3, "queued": 9}
        rest = pipeline.deliver(
            installation, lambda: clock.now() + timedelta(seconds=11), clock, patient=True
        )
        assert rest.results[Result.ACCEPTED] == 8
        assert clock.seconds > 30, "two letters in ten seconds"
    assert statuses(installation) == {"sent": 11, "queued": 1}
