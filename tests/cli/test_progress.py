"""Long work shows its progress to a person who looks on, and to nobody else."""

import os
import subprocess
from pathlib import Path

import pytest
from peers.command import CHECKOUT, PROGRAM, Paperround
from peers.digest_file import put

from service.demo.catcher import Catcher


def at_a_terminal(*arguments: str) -> tuple[bytes, bytes]:
    """Run the command with a terminal for its errors; return its output and what that showed."""
    ours, theirs = os.openpty()
    kept = {name: value for name, value in os.environ.items() if name.startswith("PAPERROUND_")}
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": CHECKOUT, "TERM": "xterm"} | kept
    with subprocess.Popen(
        [*PROGRAM, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=environment | {"COLUMNS": "100", "PYTHONIOENCODING": "utf-8"},
    ) as running:
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 65536):
                shown += piece
        except OSError:
            # So Linux tells that nobody holds the other end any more.
            pass
        assert running.stdout is not None
        out = running.stdout.read()
    os.close(ours)
    assert running.returncode == 0, shown
    return out, shown


@pytest.fixture
def ready(paperround: Paperround, digests: Path, catcher: Catcher) -> None:
    put(digests, "2026-08-21.json", "Maps of Rivers")
    paperround("subscribers", "add", "ada@example.org", "--status", "active")


def test_a_person_sees_how_far_the_work_is(ready: None) -> None:
    out, shown = at_a_terminal("send", "--now")
    for work, unit in (("Taking in", "files"), ("Planning", "readers"), ("Delivering", "letters")):
        assert work.encode() in shown
        assert unit.encode() in shown
    assert b"1/1" in shown
    assert b"Delivered: 1 sent" in out


def test_who_wants_quiet_sees_no_progress(ready: None) -> None:
    out, shown = at_a_terminal("send", "--now", "--quiet")
    assert b"Delivered: 1 sent" in out
    assert shown == b""


def test_where_nobody_looks_on_nothing_is_shown(ready: None, paperround: Paperround) -> None:
    assert paperround("send", "--now").err == ""
