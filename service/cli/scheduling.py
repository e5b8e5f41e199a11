"""The schedule in a process of its own, so that who reads pages does not wait for plan and sender.

The pages' process holds one end of a line to it. It is told there to begin and to finish; where the
line goes dead, the pages' process is gone, and so is the schedule at once.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from datetime import datetime
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Self

from service.cli.report import WorkFailed
from service.installation import open_installation
from service.interpreter import collect_only_when_asked
from service.schedule import Schedule
from service.settings import Settings

_NICENESS = 10

_BEGIN, _FINISH, _FINISHING = b"begin", b"finish", b"finishing"


class Scheduling:
    """Make it before there are threads, and use it as a context manager: nothing is opened before
    `begin`, and at the end of the `with` the process is gone.
    """

    def __init__(self, settings: Settings, now: Callable[[], datetime]) -> None:
        # A fork shares what is imported, and is there at once.
        context: Any = multiprocessing.get_context("fork" if hasattr(os, "fork") else "spawn")
        self._line, line = multiprocessing.Pipe()
        self._process: BaseProcess = context.Process(
            target=_work, args=(settings, now, line, self._line), name="schedule"
        )
        self._process.start()
        line.close()

    @property
    def failure(self) -> WorkFailed:
        return WorkFailed("The process that plans and delivers has ended; the log says why.")

    @property
    def ended(self) -> int:
        """What can be waited for like a connection, until the process ends."""
        return self._process.sentinel

    def begin(self) -> None:
        """Have it begin. Raises WorkFailed where it has ended."""
        self._say(_BEGIN)

    def finish(self, told: Callable[[], object]) -> None:
        """Have the letters in flight finished and recorded, and call `told` as soon as no other is
        begun; returns when all is done. Raises WorkFailed where the process ended before.
        """
        self._say(_FINISH)
        if _heard(self._line):
            told()
        self._process.join()
        if self._process.exitcode != 0:
            raise self.failure

    def _say(self, word: bytes) -> None:
        # Of what ends with a process, its line may be the last.
        if wait([self.ended], 0):
            raise self.failure
        try:
            self._line.send_bytes(word)
        except OSError:
            raise self.failure from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()
        self._process.join()


def give_way() -> None:
    """Let the pages' process go first: to the processor, and to the database, whose one turn to
    write this process must not hold while it stands still.
    """
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    collect_only_when_asked()


def _work(
    settings: Settings, now: Callable[[], datetime], line: Connection, other_end: Connection
) -> None:
    other_end.close()
    # A terminal and a supervisor tell all processes at once; this one is told by the pages' own.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    give_way()
    if _heard(line) != _BEGIN:
        return
    told = threading.Event()

    def listen() -> None:
        if _heard(line) != _FINISH:
            os._exit(1)
        told.set()
        if not _heard(line):
            os._exit(1)

    threading.Thread(target=listen, daemon=True).start()
    with open_installation(settings) as installation:
        schedule = Schedule(installation, now, tick_seconds=settings.tick_seconds)
        schedule.start()
        told.wait()
        schedule.stop(lambda: line.send_bytes(_FINISHING))


def _heard(line: Connection) -> bytes:
    """Return what is said next; nothing where the line is dead."""
    try:
        return line.recv_bytes()
    except (EOFError, OSError):
        return b""
