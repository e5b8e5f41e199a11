"""The service told to end, and killed: what is in flight, what is recorded, and who is missed."""

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conftest import make_settings
from peers.deadline import until
from peers.newsroom import FRIDAY_NOON, statuses
from peers.processes import Command, settings_for
from peers.sending import address, crowd, deliver, queue_letters, uncertain_tries
from peers.smtp import Peer, hang

from service.cli.report import WorkFailed
from service.cli.scheduling import Scheduling
from service.installation import Installation

OpenWith = Callable[..., Installation]


def noticed(process: Command) -> bool:
    """Say whether every signal sent to the process has been delivered to it."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    waiting = [line for line in status.splitlines() if line.startswith(("SigPnd", "ShdPnd"))]
    return all(int(line.split()[1], 16) == 0 for line in waiting)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_deliver_told_to_end_finishes_the_letters_in_flight(
    open_with: OpenWith,
    database_url: str,
    tmp_path: Path,
    number: signal.Signals,
) -> None:
    released = threading.Event()
    with Peer() as peer:
        installation = open_with(smtp_url=peer.url)
        queue_letters(installation, *crowd(20))
        peer.on("dot", hang(released))
        settings = settings_for(database_url, peer.url, tmp_path, SMTP_CONNECTIONS="3")
        arguments = ("deliver", "--json", "--at", FRIDAY_NOON.isoformat())
        with Command(tmp_path, *arguments, settings=settings) as process:
            until(lambda: len(peer.whole) == 3)
            process.signal(number)
            until(lambda: noticed(process))
            released.set()
            assert process.wait() == 0, process.err
            assert '"sent": 3' in process.out
        assert statuses(installation) == {"sent": 3, "queued": 17}
        assert uncertain_tries(installation) == []
        deliver(installation)
        assert statuses(installation) == {"sent": 20}
        assert sorted(copy.recipient for copy in peer.whole) == sorted(map(address, crowd(20)))


def test_the_service_told_to_end_finishes_the_letters_in_flight_and_goes_on_when_restarted(
    open_with: OpenWith, database_url: str, tmp_path: Path
) -> None:
    released = threading.Event()
    with Peer() as peer:
        installation = open_with(smtp_url=peer.url)
        # The service goes by the real clock.
        queue_letters(installation, *crowd(12), at=datetime.now(UTC))
        peer.on("dot", hang(released))
        settings = settings_for(
            database_url, peer.url, tmp_path, SMTP_CONNECTIONS="2", TICK_SECONDS="3600"
        )
        with Command(tmp_path, "run", "--port", "0", settings=settings) as process:
            until(lambda: len(peer.whole) == 2)
            process.signal(signal.SIGTERM)
            until(lambda: "Finishing the letters in flight." in process.err)
            assert process.running
            released.set()
            assert process.wait() == 0, process.err
            assert "Traceback" not in process.err
        assert statuses(installation) == {"sent": 2, "queued": 10}
        with Command(tmp_path, "run", "--port", "0", settings=settings) as process:
            until(lambda: statuses(installation) == {"sent": 12})
            process.signal(signal.SIGTERM)
            assert process.wait() == 0, process.err
        assert sorted(copy.recipient for copy in peer.whole) == sorted(map(address, crowd(12)))


def test_the_service_killed_in_mid_run_goes_on_when_restarted(
    open_with: OpenWith, database_url: str, tmp_path: Path
) -> None:
    names, connections = crowd(24), 2
    with Peer() as peer:
        installation = open_with(smtp_url=peer.url)
        queue_letters(installation, *names, at=datetime.now(UTC))
        settings = settings_for(
            database_url, peer.url, tmp_path, SMTP_CONNECTIONS="2", TICK_SECONDS="3600"
        )
        for kill in (1, 2):
            peer.on("dot", lambda visit: None, times=kill)
            peer.on("dot", hang(threading.Event()))
            before = len(peer.whole)
            with Command(tmp_path, "run", "--port", "0", settings=settings) as process:
                until(lambda: len(peer.whole) == before + kill + connections)  # noqa: B023
                process.kill()
            assert statuses(installation)["sending"] == connections
            peer.forgive()
        with Command(tmp_path, "run", "--port", "0", settings=settings) as process:
            until(lambda: statuses(installation) == {"sent": len(names)})
            process.signal(signal.SIGTERM)
            assert process.wait() == 0, process.err
    copies = Counter(copy.recipient for copy in peer.whole)
    assert set(copies) == set(map(address, names))
    uncertain = Counter(recipient for recipient, _ in uncertain_tries(installation))
    assert {to: count - 1 for to, count in copies.items() if count > 1} == uncertain
    assert uncertain.total() == 2 * connections
    for recipient in copies:
        letters = {copy.letter for copy in peer.whole if copy.recipient == recipient}
        assert len(letters) == 1, "a repeat that is another letter"


def _child(process: Command) -> int:
    """Return the process that plans and delivers for the service."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return int(children[0])


def test_the_service_ends_with_its_schedule_and_says_so_and_its_schedule_with_the_service(
    open_with: OpenWith, database_url: str, tmp_path: Path
) -> None:
    open_with()
    settings = settings_for(database_url, "smtp://127.0.0.1:1", tmp_path)
    with Command(tmp_path, "run", "--port", "0", settings=settings) as process:
        until(lambda: '"started"' in process.err)
        os.kill(_child(process), signal.SIGKILL)
        assert process.wait() == 1
        assert "The process that plans and delivers has ended" in process.err
        assert "Traceback" not in process.err
    with Command(tmp_path, "run", "--port", "0", settings=settings) as process:
        until(lambda: '"started"' in process.err)
        child = Path(f"/proc/{_child(process)}")
        process.kill()
        until(lambda: not child.exists() or "\nState:\tZ" in (child / "status").read_text())


def test_the_service_fails_where_its_schedule_dies_before_all_in_flight_is_recorded(
    open_with: OpenWith, database_url: str, tmp_path: Path
) -> None:
    with Peer() as peer:
        installation = open_with(smtp_url=peer.url)
        queue_letters(installation, *crowd(3), at=datetime.now(UTC))
        peer.on("dot", hang(threading.Event()))
        settings = settings_for(
            database_url, peer.url, tmp_path, SMTP_CONNECTIONS="2", TICK_SECONDS="3600"
        )
        with Command(tmp_path, "run", "--port", "0", settings=settings) as process:
            until(lambda: len(peer.whole) == 2)
            process.signal(signal.SIGTERM)
            until(lambda: "Finishing the letters in flight." in process.err)
            os.kill(_child(process), signal.SIGKILL)
            assert process.wait() == 1
            assert "The process that plans and delivers has ended" in process.err
            assert "Traceback" not in process.err
        assert statuses(installation) == {"sending": 2, "queued": 1}


def test_a_schedule_that_died_before_it_began_is_no_broken_pipe(tmp_path: Path) -> None:
    chosen = make_settings(f"sqlite:///{tmp_path / 'paperround.db'}", tmp_path)
    with Scheduling(chosen, lambda: FRIDAY_NOON) as schedule:
        (child,) = [c for c in multiprocessing.active_children() if c.name == "schedule"]
        os.kill(child.pid or 0, signal.SIGKILL)
        multiprocessing.connection.wait([schedule.ended])
        with pytest.raises(WorkFailed, match="has ended"):
            schedule.begin()
