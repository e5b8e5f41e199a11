"""The service in processes of its own, which can be killed at any instruction."""

import gc
import multiprocessing
import multiprocessing.connection
import os
import resource
import signal
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Self

# A server that has imported the service forks each process: it starts in milliseconds, and what
# is killed is a whole one all the same.
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["service.cli.app"])

KEY = "a key for tests, long enough to be one"


class Process:
    """A process at work on its own; use it as a context manager, which kills it at the end."""

    def __init__(self, work: Callable[..., None], *arguments: Any) -> None:
        self._process = _context.Process(target=work, args=arguments)
        self._process.start()
        self._lock = threading.Lock()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        with self._lock:
            return self._process.is_alive()

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def wait(self, seconds: float = 30) -> int:
        """Return the exit code, negative for a signal; fail after the deadline."""
        assert self.ends_within(seconds), f"still running after {seconds} s"
        assert self._process.exitcode is not None
        return self._process.exitcode

    def ends_within(self, seconds: float) -> bool:
        # The exit code can be read once only, and a server's thread may wait for it as well.
        multiprocessing.connection.wait([self._process.sentinel], seconds)
        return not self.running

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._process.kill()
        assert self.ends_within(30), "SIGKILL did not end it"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # Its handle is left to the garbage collector: a server's thread may be about to ask it.
        self.kill()


class Command(Process):
    """`paperround ARGUMENTS`; its output goes to files.

    `settings` are environment variables without PAPERROUND_. `largest_file` is what the process
    may write to one file, in bytes: past that the system refuses, as a full disk does.
    """

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        settings: Mapping[str, str],
        largest_file: int | None = None,
    ) -> None:
        self._folder = folder / f"command-{len(list(folder.glob('command-*')))}"
        self._folder.mkdir()
        super().__init__(_command, arguments, self._folder, settings, largest_file)

    @property
    def out(self) -> str:
        return self._text("out")

    @property
    def err(self) -> str:
        return self._text("err")

    def _text(self, name: str) -> str:
        path = self._folder / name
        return path.read_text() if path.exists() else ""


class Delivery(Process):
    """A sender and nothing else, at a time that stands still: it is at work in milliseconds."""

    def __init__(self, at: datetime, settings: Mapping[str, str]) -> None:
        super().__init__(_delivery, at, settings)


def settings_for(database_url: str, smtp_url: str, folder: Path, **values: str) -> dict[str, str]:
    """Return the settings of a command that works on the test's database."""
    return {
        "DATABASE_URL": database_url,
        "SECRET_KEY": KEY,
        "SMTP_URL": smtp_url,
        "DIGEST_DIR": str(folder / "digests"),
        **values,
    }


def _set_up(settings: Mapping[str, str]) -> None:
    # A collection would touch all that was imported, and so copy it: that takes the most time.
    gc.freeze()
    # Of the environment that pytest was started in, nothing may set the service up.
    for name in [name for name in os.environ if name.startswith("PAPERROUND_")]:
        del os.environ[name]
    os.environ.update({f"PAPERROUND_{name}": value for name, value in settings.items()})


def _command(
    arguments: tuple[str, ...],
    folder: Path,
    settings: Mapping[str, str],
    largest_file: int | None,
) -> None:
    _set_up(settings)
    os.chdir(folder)
    for number, name in ((1, "out"), (2, "err")):
        opened = os.open(folder / name, os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    from service.cli.app import main

    main(arguments)


def _delivery(at: datetime, values: Mapping[str, str]) -> None:
    _set_up(values)
    from service import pipeline, settings
    from service.installation import open_installation

    with open_installation(settings.load(), upgrade=False) as installation:
        pipeline.deliver(installation, lambda: at, threading.Event())
