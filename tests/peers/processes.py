"""The command `paperround` in processes of its own, which can be killed at any instruction."""

import multiprocessing
import multiprocessing.connection
import os
import resource
import signal
import threading
from collections.abc import Mapping
from pathlib import Path

# A server that has imported the service forks each command: it starts in milliseconds, and what
# is killed is a whole process all the same.
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["service.cli.app"])

KEY = "a key for tests, long enough to be one"


class Command:
    """`paperround ARGUMENTS`, running; its output goes to files. Use it as a context manager.

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
        environment = {f"PAPERROUND_{name}": value for name, value in settings.items()}
        self._process = _context.Process(
            target=_run, args=(arguments, self._folder, environment, largest_file)
        )
        self._process.start()
        self._lock = threading.Lock()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def out(self) -> str:
        return self._text("out")

    @property
    def err(self) -> str:
        return self._text("err")

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

    def __enter__(self) -> "Command":
        return self

    def __exit__(self, *_: object) -> None:
        # Its handle is left to the garbage collector: a server's thread may be about to ask it.
        self.kill()

    def _text(self, name: str) -> str:
        path = self._folder / name
        return path.read_text() if path.exists() else ""


def settings_for(database_url: str, smtp_url: str, folder: Path, **values: str) -> dict[str, str]:
    """Return the settings of a command that works on the test's database."""
    return {
        "DATABASE_URL": database_url,
        "SECRET_KEY": KEY,
        "SMTP_URL": smtp_url,
        "DIGEST_DIR": str(folder / "digests"),
        **values,
    }


def _run(
    arguments: tuple[str, ...],
    folder: Path,
    environment: Mapping[str, str],
    largest_file: int | None,
) -> None:
    # Of the environment that pytest was started in, nothing may set the service up.
    for name in [name for name in os.environ if name.startswith("PAPERROUND_")]:
        del os.environ[name]
    os.environ.update(environment)
    os.chdir(folder)
    for number, name in ((1, "out"), (2, "err")):
        opened = os.open(folder / name, os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    from service.cli.app import main

    main(arguments)
