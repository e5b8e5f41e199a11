"""Several senders on one database, and one that others take for dead while it lives."""

import asyncio
import threading
import zlib
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from peers.deadline import until
from peers.newsroom import FRIDAY_NOON, REFUSED, at_work, settlement, statuses
from peers.processes import Command, settings_for
from peers.sending import (
    address,
    by_status,
    crowd,
    deliver,
    queue_letters,
    sender,
    uncertain_tries,
)
from peers.smtp import Peer, hang
from sqlalchemy import func, select

from service.installation import Installation
from service.store import tables, workers
from service.store.ledger import Ledger, LostSeat
from service.store.workers import Seat

OpenWith = Callable[..., Installation]


def test_two_senders_at_once_send_each_letter_once(
    open_with: OpenWith, database_url: str, tmp_path: Path
) -> None:
    # More than one sender claims at a time, so that each has its share.
    names = crowd(560)
    both_at_work = threading.Event()
    with Peer() as peer:
        installation = open_with(smtp_url=peer.url)
        queue_letters(installation, *names)
        peer.on("dot", hang(both_at_work))
        settings = settings_for(database_url, peer.url, tmp_path, SMTP_CONNECTIONS="4")
        arguments = ("deliver", "--at", FRIDAY_NOON.isoformat())
        with (
            Command(tmp_path, *arguments, settings=settings) as one,
            Command(tmp_path, *arguments, settings=settings) as other,
        ):
            until(lambda: peer.connections == 8)
            both_at_work.set()
            assert (one.wait(), other.wait()) == (0, 0), one.err + other.err
    copies = Counter(copy.recipient for copy in peer.whole)
    assert copies == Counter(map(address, names))
    assert statuses(installation) == {"sent": 560}
    with installation.database.read() as connection:
        worker = tables.table(tables.Worker)
        assert connection.scalar(select(func.count()).select_from(worker)) == 2


def lose_lock(seat: Seat, database_url: str) -> None:
    """Take a worker's lock from it: on PostgreSQL by ending the session that holds it."""
    if database_url.startswith("sqlite"):
        seat.lock.release()
        return
    number = (zlib.crc32(f"worker-{seat.worker_id}".encode()) - 2**31) % 2**32
    with psycopg.connect(database_url, autocommit=True) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid, 10000)"
            " FROM pg_locks JOIN pg_database d ON d.oid = database"
            " WHERE locktype = 'advisory' AND objid = %s AND d.datname = current_database()",
            (number,),
        ).fetchall()
    assert ended == [(True,)]


def test_a_lock_that_was_lost_stays_lost(installation: Installation, database_url: str) -> None:
    seat = workers.sit_down(installation.database, "test", FRIDAY_NOON)
    assert seat.lock.held()
    lose_lock(seat, database_url)
    until(lambda: not seat.lock.held())
    assert not seat.lock.held()
    workers.stand_up(installation.database, seat, FRIDAY_NOON)


def test_a_sender_whose_lock_is_lost_begins_nothing_and_repeats_nothing(
    open_with: OpenWith, database_url: str
) -> None:
    released = threading.Event()
    with Peer() as peer:
        installation = open_with(smtp_url=peer.url, smtp_connections=3)
        queue_letters(installation, *crowd(20))
        peer.on("dot", hang(released))
        seat = workers.sit_down(installation.database, "test", FRIDAY_NOON)
        ledger = Ledger(installation.database, seat.worker_id, seat.lock)
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(
                lambda: asyncio.run(sender(installation).run(ledger, threading.Event()))
            )
            until(lambda: len(peer.whole) == 3)
            lose_lock(seat, database_url)
            released.set()
            with pytest.raises(LostSeat, match="lost its lock"):
                running.result(20)
        assert len(peer.whole) == 3, "a body went out after the lock was lost"
        # The three in flight were still this sender's: their outcomes are on record.
        assert len(by_status(installation, "sent")) == 3
        workers.stand_up(installation.database, seat, FRIDAY_NOON)
        assert statuses(installation) == {"sent": 3, "queued": 17}
        deliver(installation)
    assert Counter(copy.recipient for copy in peer.whole) == Counter(map(address, crowd(20)))


def test_a_sender_that_another_took_for_dead_cannot_settle_nor_begin(
    open_with: OpenWith, database_url: str
) -> None:
    released = threading.Event()
    with Peer() as peer:
        installation = open_with(smtp_url=peer.url, smtp_connections=2)
        queue_letters(installation, *crowd(10))
        peer.on("dot", hang(released))
        seat = workers.sit_down(installation.database, "test", FRIDAY_NOON)
        ledger = Ledger(installation.database, seat.worker_id, seat.lock)
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(
                lambda: asyncio.run(sender(installation).run(ledger, threading.Event()))
            )
            until(lambda: len(peer.whole) == 2)
            lose_lock(seat, database_url)
            assert workers.bury_dead(installation.database, FRIDAY_NOON) == 2
            assert statuses(installation) == {"uncertain": 2, "queued": 8}
            released.set()
            with pytest.raises(LostSeat):
                running.result(20)
        # What it says of letters that are not its own any more counts for nothing.
        assert statuses(installation) == {"uncertain": 2, "queued": 8}
        assert len(peer.whole) == 2
        workers.stand_up(installation.database, seat, FRIDAY_NOON)
        deliver(installation)
    assert statuses(installation) == {"sent": 10}
    copies = Counter(copy.recipient for copy in peer.whole)
    repeated = {recipient for recipient, count in copies.items() if count > 1}
    assert repeated == {recipient for recipient, _ in uncertain_tries(installation)}
    assert len(repeated) == 2
    for recipient in repeated:
        assert len({copy.letter for copy in peer.copies(recipient)}) == 1


def test_a_refusal_told_by_a_sender_that_was_taken_for_dead_counts_for_nothing(
    installation: Installation, database_url: str
) -> None:
    queue_letters(installation, "Ada")
    seat = workers.sit_down(installation.database, "test", FRIDAY_NOON)
    late = Ledger(installation.database, seat.worker_id, seat.lock)
    (claim,) = late.claim(1, FRIDAY_NOON)
    lose_lock(seat, database_url)
    workers.bury_dead(installation.database, FRIDAY_NOON)
    with at_work(installation, FRIDAY_NOON) as ledger:
        assert [other.delivery_id for other in ledger.claim(1, FRIDAY_NOON)] == [claim.delivery_id]
        late.step([settlement(claim, REFUSED, FRIDAY_NOON, begun=False)], [])
        assert statuses(installation) == {"queued": 1}
    workers.stand_up(installation.database, seat, FRIDAY_NOON)
