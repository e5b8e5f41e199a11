"""Debian's smtp-sink, told to misbehave: what each fault comes to; after it all letters go."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import OpenWith, missing
from peers.deadline import until
from peers.newsroom import statuses
from peers.sending import crowd, deliver, queue_letters, uncertain_tries

from service.domain.policy import Result
from service.installation import Installation
from service.store import suppressions

SINK = Path("/usr/sbin/smtp-sink")
HOURS = timedelta(hours=3)
COUNT = 6

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def port() -> int:
    if not SINK.exists():
        missing("no smtp-sink here (Debian's package postfix)")
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def sink(port: int, *faults: str) -> Iterator[None]:
    """Run a smtp-sink with these faults."""
    as_nobody = ["-u", "nobody"] if os.getuid() == 0 else []
    process = subprocess.Popen([SINK, *as_nobody, *faults, f"127.0.0.1:{port}", "16"])

    def listening() -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return True
        return False

    try:
        until(listening)
        yield
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def installation(open_with: OpenWith, port: int) -> Installation:
    made = open_with(smtp_url=f"smtp://127.0.0.1:{port}", smtp_connections=2)
    queue_letters(made, *crowd(COUNT))
    return made


def all_go_after(installation: Installation, port: int) -> None:
    with sink(port):
        assert deliver(installation, after=HOURS).halted is None
    assert statuses(installation) == {"sent": COUNT}


def test_dropped_after_the_dot_every_letter_is_uncertain_and_sent_again(
    installation: Installation, port: int
) -> None:
    with sink(port, "-q", "."):
        assert deliver(installation).results == {Result.UNCERTAIN: COUNT}
    assert statuses(installation) == {"uncertain": COUNT}
    assert len(uncertain_tries(installation)) == COUNT
    all_go_after(installation, port)


def test_closed_with_421_at_the_dot_the_route_pauses_and_all_stay_queued(
    installation: Installation, port: int
) -> None:
    with sink(port, "-Q", "."):
        halted = deliver(installation).halted
    assert halted is not None
    assert "421" in halted
    assert statuses(installation) == {"queued": COUNT}
    all_go_after(installation, port)


def test_450_at_rcpt_defers_the_readers_and_slows_the_domain(
    installation: Installation, port: int
) -> None:
    with sink(port, "-r", "RCPT"):
        delivered = deliver(installation)
    assert (delivered.results, delivered.halted) == ({Result.DEFERRED: COUNT}, None)
    assert delivered.slowed == {"example.org": 960}
    assert statuses(installation) == {"queued": COUNT}
    all_go_after(installation, port)


def test_500_at_the_dot_to_everyone_halts_and_suppresses_nobody(
    installation: Installation, port: int
) -> None:
    with sink(port, "-f", "."):
        delivered = deliver(installation)
    failed = delivered.results[Result.REFUSED]
    assert delivered.halted is not None
    assert 3 <= failed <= 4
    assert statuses(installation) == {"failed": failed, "queued": COUNT - failed}
    with installation.database.read() as connection:
        assert suppressions.count(connection) == (0, 0)
