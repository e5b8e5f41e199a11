"""Letters in flight: lost after the dot, hanging, withdrawn, or caught by the end of the run."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from peers.deadline import until
from peers.newsroom import FRIDAY_NOON, leave, statuses
from peers.sending import (
    QUICK,
    address,
    by_status,
    crowd,
    deliver,
    letter,
    planned,
    quick_run,
    uncertain_tries,
)
from peers.smtp import Visit, cut, hang, raw

from service.domain.policy import Result
from service.installation import Installation
from service.store import letters
from service.store.letters import Which

OpenWith = Callable[..., Installation]
SOON = timedelta(minutes=7)
pytestmark = pytest.mark.usefixtures("either_way")


def test_a_letter_lost_after_the_dot_is_on_record_as_uncertain_and_sent_again_the_same(
    open_with: OpenWith,
) -> None:
    with planned(open_with, "Ada", "Bob") as (installation, peer):
        peer.on("dot", cut, recipient=address("Ada"), times=1)
        delivered = deliver(installation)
        assert delivered.results == {Result.UNCERTAIN: 1, Result.ACCEPTED: 1}
        assert by_status(installation, "uncertain") == [address("Ada")]
        assert [recipient for recipient, _ in uncertain_tries(installation)] == [address("Ada")]
        assert deliver(installation, after=SOON).results == {Result.ACCEPTED: 1}
    first, second = (copy for copy in peer.whole if copy.recipient == address("Ada"))
    assert first.letter == second.letter
    assert first.sender == second.sender
    assert first.message_id == second.message_id != ""
    assert statuses(installation) == {"sent": 2}


def test_a_letter_lost_after_the_dot_is_held_where_the_operator_says_so(
    open_with: OpenWith,
) -> None:
    with planned(open_with, "Ada", uncertain="hold") as (installation, peer):
        peer.on("dot", cut)
        deliver(installation)
        peer.forgive()
        assert deliver(installation, after=SOON).results.total() == 0
    assert statuses(installation) == {"uncertain": 1}
    assert len(peer.whole) == 1


def test_one_hanging_letter_holds_up_no_more_than_the_one_that_goes_out_behind_it(
    open_with: OpenWith,
) -> None:
    released = threading.Event()
    with planned(open_with, "Ada", *crowd(10), connections=2) as (installation, peer):
        peer.on("dot", hang(released), recipient=address("Ada"))
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(quick_run, installation, replace(QUICK, dot=60))
            until(lambda: len(peer.taken) == (9 if peer.pipelining else 10))
            assert not running.done()
            assert address("Ada") not in {taken.recipient for taken in peer.taken}
            released.set()
            tally = running.result(20)
    assert tally.by_result == {Result.ACCEPTED: 11}


def test_a_letter_the_server_is_silent_about_is_uncertain_after_the_time_out(
    open_with: OpenWith,
) -> None:
    with planned(open_with, "Ada", "Bob", connections=1) as (installation, peer):
        peer.on("dot", hang(threading.Event()), recipient=address("Ada"))
        tally = quick_run(installation, replace(QUICK, dot=0.1))
    assert tally.by_result == {Result.UNCERTAIN: 1, Result.ACCEPTED: 1}
    assert by_status(installation, "uncertain") == [address("Ada")]
    assert by_status(installation, "sent") == [address("Bob")]


def test_a_reader_who_leaves_after_the_claim_gets_nothing(open_with: OpenWith) -> None:
    with planned(open_with, "Ada", "Bob") as (installation, peer):
        ada = letter(installation, "Ada").subscriber_id

        def leaves(visit: Visit) -> None:
            leave(installation, ada, FRIDAY_NOON)

        peer.on("data", leaves, recipient=address("Ada"))
        delivered = deliver(installation)
        assert delivered.withdrawn == 1
        assert peer.lines.count((1, b"DATA\r\n")) == 1
    # Neither a body nor a lone dot, which would deliver an empty letter; then Bob's turn, and the
    # receipt for leaving.
    bodies = {taken.recipient for taken in peer.whole}
    assert bodies <= {address("Bob"), address("Ada")}
    assert address("Bob") in bodies
    with installation.database.read() as connection:
        rows = letters.newest_first(connection, Which(subscriber_id=ada), 30)
    assert [row.status for row in rows if row.kind == "digest"] == ["cancelled"]
    for receipt in (taken for taken in peer.whole if taken.recipient == address("Ada")):
        assert b"unsubscribed" in receipt.letter.lower()


def test_words_from_the_server_no_database_could_hold_stop_nothing(open_with: OpenWith) -> None:
    with planned(open_with, "Ada", "Bob") as (installation, peer):
        peer.on("rcpt", raw(b"550 \x00\xff\xfe \x1b[2J gone\r\n"), recipient=address("Ada"))
        deliver(installation)
    assert statuses(installation) == {"sent": 1, "failed": 1}
    assert "gone" in letter(installation, "Ada").reply


def test_told_to_stop_it_finishes_the_letters_in_flight_and_begins_no_other(
    open_with: OpenWith,
) -> None:
    stop, released = threading.Event(), threading.Event()
    with planned(open_with, *crowd(10), connections=2) as (installation, peer):
        peer.on("dot", hang(released))
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(deliver, installation, stop=stop)
            until(lambda: len(peer.whole) == 2)
            stop.set()
            released.set()
            delivered = running.result(20)
        assert delivered.results == {Result.ACCEPTED: 2}
        assert delivered.halted is None
        assert statuses(installation) == {"sent": 2, "queued": 8}
        assert deliver(installation).results == {Result.ACCEPTED: 8}
    assert len(peer.taken) == 10
