"""A database that fails while letters go out: sending stops, and nothing is sent unrecorded."""

import os
import shlex
import shutil
import sqlite3
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from conftest import make_settings
from peers import postgres
from peers.deadline import until
from peers.newsroom import FRIDAY_NOON, statuses
from peers.processes import KEY, Command, settings_for
from peers.sending import address, by_status, crowd, deliver, queue_letters, uncertain_tries
from peers.smtp import Peer, Visit, hang
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from service import settings
from service.installation import Installation, open_installation
from service.store import migrate
from service.store.engine import Database, StoreError

OpenWith = Callable[..., Installation]
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def hold_to_account(installation: Installation, peer: Peer, names: list[str]) -> None:
    copies = Counter(copy.recipient for copy in peer.whole)
    assert set(copies) == set(map(address, names))
    assert statuses(installation) == {"sent": len(names)}
    uncertain = Counter(recipient for recipient, _ in uncertain_tries(installation))
    for recipient, count in copies.items():
        assert count <= 1 + uncertain[recipient], f"{recipient}: a repeat that is not on record"
        assert len({copy.letter for copy in peer.copies(recipient)}) == 1


@on_sqlite
def test_when_the_disk_is_full_sending_stops_and_says_so(
    open_with: OpenWith, database_url: str, tmp_path: Path
) -> None:
    names, connections = crowd(150), 3
    with Peer() as peer:
        installation = open_with(smtp_url=peer.url)
        queue_letters(installation, *names)
        # Nobody else may hold the database open: its log then starts anew, and grows.
        installation.database.close()
        values = settings_for(database_url, peer.url, tmp_path, SMTP_CONNECTIONS="3")
        arguments = ("deliver", "--at", FRIDAY_NOON.isoformat())
        with Command(tmp_path, *arguments, settings=values, largest_file=400_000) as process:
            assert process.wait() == 1
            assert "cannot be used: disk I/O error" in process.err
            assert "Traceback" not in process.err
        assert 0 < len(peer.whole) < len(names), "the disk was not full in mid-run"
        on_record = [
            recipient
            for status in ("sent", "sending", "uncertain")
            for recipient in by_status(installation, status)
        ]
        assert {copy.recipient for copy in peer.whole} <= set(on_record)
        assert len(on_record) <= len(by_status(installation, "sent")) + connections
        deliver(installation)
    hold_to_account(installation, peer, names)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of its own, of 4 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", "size=4m", "paperround", str(folder))
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a disk, and not in every container")
    yield folder
    subprocess.run(("umount", "--lazy", str(folder)), check=True)


def test_on_a_disk_that_is_really_full_sending_stops_and_goes_on_once_there_is_room(
    small_disk: Path, sqlite_template: Path
) -> None:
    names, file = crowd(150), small_disk / "paperround.db"
    shutil.copy(sqlite_template, file)
    with Peer() as peer:
        chosen = make_settings(f"sqlite:///{file}", small_disk, smtp_url=peer.url)
        with open_installation(chosen) as installation:
            queue_letters(installation, *names)
            ballast, filled = small_disk / "ballast", threading.Event()

            def fill(visit: Visit) -> None:
                # All that is left but for a few pages of the database's log.
                free = shutil.disk_usage(small_disk).free
                # The sender may be faster than we: then the ballast takes what it can.
                with suppress(OSError):
                    ballast.write_bytes(bytes(max(free - 40_000, 0)))
                filled.set()

            peer.on("dot", fill, recipient=address("reader20"), times=1)
            with pytest.raises((OperationalError, StoreError)):
                deliver(installation)
            until(filled.is_set)
            assert 0 < len(peer.whole) < len(names)
            ballast.unlink()
            deliver(installation)
            hold_to_account(installation, peer, names)


def fill_up(installation: Installation) -> Callable[[], None]:
    """Let the database grow no more; return what gives it room again."""
    limited = threading.Event()
    limited.set()

    def limit(connection: sqlite3.Connection, *_: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages if limited.is_set() else 1 << 30}")

    event.listen(installation.database.engine, "checkout", limit)
    return limited.clear


@on_sqlite
def test_after_a_full_disk_the_same_process_goes_on(open_with: OpenWith) -> None:
    names = crowd(40)
    words = "451 4.3.0 " + "Not now, the spool is being moved to another disk. " * 9
    with Peer() as peer:
        installation = open_with(smtp_url=peer.url, smtp_connections=2)
        queue_letters(installation, *names)
        # Long words fill the pages there are.
        peer.on("rcpt", lambda visit: words.encode() + b"\r\n")
        give_room = fill_up(installation)
        with pytest.raises(OperationalError, match="database or disk is full"):
            deliver(installation)
        give_room()
        peer.forgive()
        deliver(installation)
        in_queue = statuses(installation).get("queued", 0)
        assert len(peer.whole) == len(names) - in_queue
        # Nothing is left with the sender that failed, although its process lives.
        with installation.database.read() as connection:
            stuck = connection.exec_driver_sql(
                "SELECT count(*) FROM delivery WHERE worker_id IS NOT NULL"
            ).scalar_one()
        assert stuck == 0


@on_sqlite
def test_while_another_program_locks_the_database_nothing_is_sent(
    open_with: OpenWith, tmp_path: Path
) -> None:
    names = crowd(12)
    other = sqlite3.connect(
        tmp_path / "paperround.db", isolation_level=None, check_same_thread=False
    )
    with Peer() as peer:
        installation = open_with(smtp_url=peer.url, smtp_connections=2)

        def impatient(connection: sqlite3.Connection, *_: object) -> None:
            connection.execute("PRAGMA busy_timeout = 50")

        event.listen(installation.database.engine, "checkout", impatient)
        queue_letters(installation, *names)

        before: list[int] = []

        def lock(visit: Visit) -> None:
            # It may wait for its turn, in which the other connection goes on.
            other.execute("BEGIN IMMEDIATE")
            before.append(len(peer.whole))

        peer.on("data", lock, recipient=address("reader5"), times=1)
        with pytest.raises(OperationalError, match="database is locked"):
            deliver(installation)
        # Only what was begun before the lock still went: a letter for each connection.
        assert len(peer.whole) - before[0] <= 2
        assert {copy.recipient for copy in peer.whole} <= set(
            by_status(installation, "sent") + by_status(installation, "sending")
        )
        other.execute("ROLLBACK")
        other.close()
        deliver(installation)
    hold_to_account(installation, peer, names)


@pytest.fixture
def own_server(postgres_server: str) -> Iterator[tuple[str, Callable[..., None]]]:
    """A PostgreSQL server of the test's own: the URL of a database, and its pg_ctl."""
    programs = postgres.find_programs()
    assert programs is not None, "where there is one server there can be two"
    with postgres.server(programs) as url:
        folder = Path(parse_qs(urlsplit(url).query)["host"][0])
        options = shlex.join(shlex.split((folder / "data/postmaster.opts").read_text())[3:])
        with psycopg.connect(url.format(database="postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE paperround")

        def control(*verb: str) -> None:
            as_user = ["runuser", "-u", folder.owner(), "--"] if folder.owner() != "root" else []
            command = [programs / "pg_ctl", "-D", folder / "data", "-l", folder / "log", "-w"]
            if verb[0] == "start":
                command += ["-o", options]
            subprocess.run([*as_user, *map(str, command), *verb], check=True, capture_output=True)

        yield url.format(database="paperround"), control


def test_when_postgresql_stops_in_mid_run_outcomes_are_uncertain_and_never_invented(
    own_server: tuple[str, Callable[..., None]], tmp_path: Path
) -> None:
    url, control = own_server
    names, released = crowd(30), threading.Event()
    with Peer() as peer:
        chosen = settings.load(
            database_url=url,
            secret_key=KEY,
            smtp_url=peer.url,
            smtp_connections=3,
            digest_dir=tmp_path,
            _env_file=None,
        )
        database = Database(chosen.database)
        migrate.upgrade(database)
        database.close()
        installation = open_installation(chosen)
        queue_letters(installation, *names)
        deliver_some = len(names) // 3
        peer.on("dot", lambda visit: None, times=deliver_some)
        peer.on("dot", hang(released))
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(deliver, installation)
            until(lambda: len(peer.whole) == deliver_some + 3)
            control("stop", "-m", "immediate")
            released.set()
            with pytest.raises(OperationalError):
                running.result(30)
        assert len(peer.whole) == deliver_some + 3, "a body went out that no book knows of"
        control("start")
        assert len(by_status(installation, "sent")) == deliver_some
        assert statuses(installation)["sending"] == 3
        deliver(installation)
        hold_to_account(installation, peer, names)
        assert len(uncertain_tries(installation)) == 3
        installation.database.close()
