"""SQLite's writers take turns: nobody starves, and nothing is lost."""

import functools
import multiprocessing
import sqlite3
import threading
from collections.abc import Sequence
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import pytest
from conftest import make_settings
from peers.deadline import until
from sqlalchemy import Connection, select

from service.installation import Installation, open_installation
from service.store import counters
from service.store.counters import DELIVERIES
from service.store.engine import LARGEST_CHUNK, Database, Pace
from service.store.locks import FileLocks
from service.store.tables import Part, table
from service.store.turns import OneAtATime, Turn

SPAWN = multiprocessing.get_context("forkserver")
PATIENCE = 60.0


@pytest.fixture
def sqlite(tmp_path: Path) -> Installation:
    return open_installation(make_settings(f"sqlite:///{tmp_path / 'paperround.db'}", tmp_path))


def test_who_is_most_urgent_writes_first_and_equals_in_order_of_arrival(tmp_path: Path) -> None:
    turns = OneAtATime(FileLocks(tmp_path / "locks"))
    written: list[str] = []

    def write(name: str, turn: Turn) -> None:
        with turns.take(turn):
            written.append(name)

    arrivals = [
        ("plan", Turn.BULK),
        ("ingest", Turn.BULK),
        ("sign-up", Turn.WEB),
        ("settle", Turn.LEDGER),
        ("confirm", Turn.WEB),
        ("claim", Turn.LEDGER),
    ]

    def waiting(number: int) -> bool:
        return len(turns._waiting) == number

    threads = []
    with turns.take(Turn.BULK):
        for place, arrival in enumerate(arrivals, start=1):
            threads.append(threading.Thread(target=write, args=arrival))
            threads[-1].start()
            until(functools.partial(waiting, place))
        assert written == []
    for thread in threads:
        thread.join(PATIENCE)
    assert written == ["settle", "claim", "sign-up", "confirm", "plan", "ingest"]


def test_a_turn_that_ends_in_an_error_is_given_on(tmp_path: Path) -> None:
    turns = OneAtATime(FileLocks(tmp_path / "locks"))
    with pytest.raises(ValueError, match="no"), turns.take(Turn.BULK):
        raise ValueError("no")
    with turns.take(Turn.BULK):
        pass


def test_a_sign_up_gets_its_turn_between_two_chunks_of_a_plan(sqlite: Installation) -> None:
    database = sqlite.database
    order: list[str] = []
    threads: list[threading.Thread] = []
    chunks = 0

    def sign_up() -> None:
        with database.write(Turn.WEB):
            order.append("sign-up")

    def chunk(connection: Connection, items: object) -> None:
        nonlocal chunks
        chunks += 1
        order.append("chunk")
        if chunks == 2:
            threads.append(threading.Thread(target=sign_up))
            threads[0].start()
            until(lambda: database._turns._waiting)  # type: ignore[attr-defined]

    list(database.write_in_chunks(range(100 * 1000), chunk))
    threads[0].join(PATIENCE)
    assert order[:4] == ["chunk", "chunk", "sign-up", "chunk"]
    assert chunks > 4
    database.close()


def _count(database_url: str, folder: Path, times: int) -> None:
    database = open_installation(make_settings(database_url, folder)).database
    for _ in range(times):
        with database.write(Turn.BULK) as connection:
            value = counters.read(connection, DELIVERIES)
            counters.advance(connection, DELIVERIES, 1)
            assert counters.read(connection, DELIVERIES) == value + 1


def test_three_processes_that_count_lose_nothing(sqlite: Installation, tmp_path: Path) -> None:
    work = (f"sqlite:///{tmp_path / 'paperround.db'}", tmp_path, 60)
    counting = [SPAWN.Process(target=_count, args=work) for _ in range(3)]
    for process in counting:
        process.start()
    for process in counting:
        process.join(PATIENCE)
        assert process.exitcode == 0
    with sqlite.database.read() as connection:
        assert counters.read(connection, DELIVERIES) == 180
    sqlite.database.close()


def _hold(database_url: str, folder: Path, pipe: Pipe) -> None:
    database = open_installation(make_settings(database_url, folder)).database
    with database.write(Turn.BULK) as connection:
        counters.advance(connection, DELIVERIES, 1)
        pipe.send("writing")
        pipe.recv()


def test_another_process_waits_until_the_writer_is_done_or_dead(
    sqlite: Installation, tmp_path: Path
) -> None:
    database = sqlite.database
    for end in ("done", "killed"):
        ours, theirs = SPAWN.Pipe()
        url = f"sqlite:///{tmp_path / 'paperround.db'}"
        process = SPAWN.Process(target=_hold, args=(url, tmp_path, theirs))
        process.start()
        assert ours.recv() == "writing"
        assert database.locks.take("turn", wait=False) is None, "the other process has the turn"
        if end == "done":
            ours.send("go on")
        else:
            process.kill()
        with database.write(Turn.WEB) as connection:
            # What was written is there; what was killed is not, and its lock died with it.
            assert counters.read(connection, DELIVERIES) == 1
        process.join(PATIENCE)
    database.close()


def _write(database_url: str, folder: Path, turn: Turn) -> None:
    with open_installation(make_settings(database_url, folder)).database.write(turn):
        pass


def test_a_writer_sees_that_the_ledger_of_another_process_waits_and_when_it_does_not(
    sqlite: Installation, tmp_path: Path
) -> None:
    turns = sqlite.database._turns
    url = f"sqlite:///{tmp_path / 'paperround.db'}"
    process = SPAWN.Process(target=_write, args=(url, tmp_path, Turn.LEDGER))
    with sqlite.database.write(Turn.BULK):
        assert not turns.ledger_waits()
        process.start()
        until(turns.ledger_waits)
    process.join(PATIENCE)
    with sqlite.database.write(Turn.BULK):
        assert not turns.ledger_waits()
    sqlite.database.close()


def test_bulk_work_stands_behind_a_sign_up_that_waits_in_another_process(tmp_path: Path) -> None:
    # Two sets of locks on one folder are as two processes.
    ours, theirs = (OneAtATime(FileLocks(tmp_path / "locks")) for _ in range(2))
    written: list[str] = []

    def write(turns: OneAtATime, name: str, turn: Turn) -> None:
        with turns.take(turn):
            written.append(name)

    def in_the_queue() -> bool:
        lock = FileLocks(tmp_path / "locks").take("queue", wait=False)
        if lock is not None:
            lock.release()
        return lock is None

    sign_up = threading.Thread(target=write, args=(theirs, "sign-up", Turn.WEB))
    with ours.take(Turn.BULK):
        sign_up.start()
        until(in_the_queue)
    write(ours, "chunk", Turn.BULK)
    sign_up.join(PATIENCE)
    assert written == ["sign-up", "chunk"]


@pytest.mark.parametrize(("waiting", "expected"), [(Turn.WEB, []), (Turn.LEDGER, [7.0])])
def test_bulk_work_pauses_as_long_as_it_wrote_where_the_ledger_waits(
    sqlite: Installation, waiting: Turn, expected: list[float]
) -> None:
    database, pauses, moment = sqlite.database, list[float](), 0.0
    threads: list[threading.Thread] = []

    def write() -> None:
        with database.write(waiting):
            pass

    def chunk(connection: Connection, items: object) -> None:
        nonlocal moment
        moment += 7.0
        if not threads:
            threads.append(threading.Thread(target=write))
            threads[0].start()
            until(lambda: database._turns._waiting)  # type: ignore[attr-defined]

    pace = Pace(0.05, lambda: moment, pauses.append)
    list(database.write_in_chunks(range(101), chunk, pace))
    threads[0].join(PATIENCE)
    assert pauses == expected
    database.close()


def test_a_transaction_is_as_large_as_its_time_allows() -> None:
    moment = 0.0

    def learn(count: int, took: float) -> int:
        nonlocal moment
        began, moment = moment, moment + took
        pace.learn(count, began, pause=False)
        return pace.size

    pace = Pace(0.5, lambda: moment)
    assert learn(100, took=0.125) == 400
    assert learn(20, took=0.125) == 400, "a few that were left over say little"
    assert learn(20, took=1.0) == 10, "unless even they took too long"
    assert learn(10, took=0.0) == LARGEST_CHUNK


def _fill(database_url: str, folder: Path, pipe: Pipe) -> None:
    database = open_installation(make_settings(database_url, folder)).database

    def fill(connection: Connection, chunk: Sequence[int]) -> int:
        return sum(counters.advance(connection, DELIVERIES, 1) for _ in chunk)

    for number, _ in enumerate(database.write_in_chunks(range(8_000), fill)):
        if number == 1:
            pipe.send("filling")
    pipe.send("full")


def test_sign_ups_get_their_turns_while_another_process_fills_the_database(
    sqlite: Installation, tmp_path: Path
) -> None:
    ours, theirs = SPAWN.Pipe()
    url = f"sqlite:///{tmp_path / 'paperround.db'}"
    process = SPAWN.Process(target=_fill, args=(url, tmp_path, theirs))
    process.start()
    assert ours.recv() == "filling"
    for _ in range(5):
        with sqlite.database.write(Turn.WEB):
            pass
    assert not ours.poll(), "five sign-ups went in before the plan was through"
    process.join(PATIENCE)
    assert ours.recv() == "full"
    sqlite.database.close()


def test_a_transaction_that_will_write_keeps_strangers_out_from_its_start(
    sqlite: Installation, tmp_path: Path
) -> None:
    # A stranger, as the sqlite3 shell is, knows nothing of turns.
    stranger = sqlite3.connect(tmp_path / "paperround.db", timeout=0)
    with sqlite.database.write(), pytest.raises(sqlite3.OperationalError, match="locked"):
        stranger.execute("BEGIN IMMEDIATE")
    stranger.execute("BEGIN IMMEDIATE")
    stranger.close()
    sqlite.database.close()


def test_a_transaction_that_fails_undoes_all_it_did(installation: Installation) -> None:
    database = installation.database

    def fail() -> None:
        with database.write() as connection:
            counters.advance(connection, DELIVERIES, 1)
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    with database.read() as connection:
        assert counters.read(connection, DELIVERIES) == 0


def test_chunks_go_in_in_order_and_one_that_fails_leaves_those_before_it(
    installation: Installation,
) -> None:
    database, done = installation.database, list[int]()

    def count(connection: Connection, chunk: object) -> list[int]:
        assert isinstance(chunk, list)
        counters.advance(connection, DELIVERIES, len(chunk))
        if 5000 in chunk:
            raise ValueError("no")
        return list(chunk)

    chunks = database.write_in_chunks(range(100_000), count)
    with pytest.raises(ValueError, match="no"):
        done.extend(number for chunk in chunks for number in chunk)
    assert done == list(range(len(done)))
    assert 100 <= len(done) <= 5000
    with database.read() as connection:
        assert counters.read(connection, DELIVERIES) == len(done)


def test_a_read_sees_one_state_of_the_database_to_its_end(installation: Installation) -> None:
    database: Database = installation.database
    with database.read() as reading:
        assert counters.read(reading, DELIVERIES) == 0
        with database.write() as writing:
            counters.advance(writing, DELIVERIES, 1)
        assert counters.read(reading, DELIVERIES) == 0
        assert reading.execute(select(table(Part))).all() == []
    with database.read() as reading:
        assert counters.read(reading, DELIVERIES) == 1
