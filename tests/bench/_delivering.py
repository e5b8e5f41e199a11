"""Planned letters in databases of the bench's own, and processes that deliver them."""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

import psycopg

from service import pipeline, settings
from service.installation import Installation, open_installation
from service.mail.dkim import new_key
from service.settings import Settings
from service.store import migrate
from service.store.engine import Database
from tests.bench import _crowd
from tests.peers import postgres

_KEY = "a key for a bench, of thirty-two signs or more"


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a run came to, all its processes together."""

    letters: int
    seconds: float
    cpu_us: float
    peak_mb: int


class Planned:
    """A database with letters planned, which is copied for each run."""

    def __init__(self, folder: Path, server: str | None, letters: int, topics: int) -> None:
        """Plan that many letters, in SQLite, or on a PostgreSQL server given by its URL."""
        self.folder = folder
        self._server = server
        self._runs = 0
        if server is not None:
            self._sql("CREATE DATABASE planned")
        self._plan(letters, topics)

    @contextmanager
    def copy(self) -> Iterator[str]:
        """Give the URL of a database with the letters in the queue."""
        self._runs += 1
        if self._server is None:
            file = self.folder / f"run{self._runs}.db"
            shutil.copy(self.folder / "planned.db", file)
            yield f"sqlite:///{file}"
            for left in self.folder.glob(f"{file.name}*"):
                shutil.rmtree(left) if left.is_dir() else left.unlink()
            return
        name = f"run{self._runs}"
        self._sql(f"CREATE DATABASE {name} TEMPLATE planned")
        yield self._server.format(database=name)
        self._sql(f"DROP DATABASE {name} WITH (FORCE)")

    def multiply(self, letters: int) -> None:
        """Queue the letters again, on SQLite, until there are that many."""
        database = Database(_settings(f"sqlite:///{self.folder / 'planned.db'}").database)
        with database.write() as connection:
            table = connection.exec_driver_sql("SELECT * FROM delivery LIMIT 0").keys()
            names = [name for name in table if name != "id"]
            chosen = ", ".join("random_token" if n == "token" else n for n in names)
            chosen = chosen.replace("random_token", "randomblob(16)").replace("nth", "nth + :n")
            there = connection.exec_driver_sql("SELECT count(*) FROM delivery").scalar_one()
            for n in range(1, -(-letters // there)):
                connection.exec_driver_sql(
                    f"INSERT INTO delivery ({', '.join(names)}) SELECT {chosen} FROM delivery"
                    " WHERE nth = 0",
                    {"n": n},
                )
        database.close()

    def _plan(self, letters: int, topics: int) -> None:
        url = f"sqlite:///{self.folder / 'planned.db'}"
        if self._server is not None:
            url = self._server.format(database="planned")
        chosen = _settings(url)
        migrate.upgrade(Database(chosen.database))
        with open_installation(chosen) as installation:
            rng = random.Random(7)
            vocabulary = _crowd.words(topics, rng)
            _crowd.add_papers(installation.database, vocabulary, 238, rng)
            _crowd.add_readers(installation.database, vocabulary, letters, topics, rng)
            pipeline.plan(installation, datetime.now(UTC), everyone=True)
            if self._server is None:
                with installation.database.engine.connect() as connection:
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def _sql(self, statement: str) -> None:
        assert self._server is not None
        with psycopg.connect(self._server.format(database="postgres"), autocommit=True) as server:
            server.execute(statement)


@contextmanager
def planned(letters: int, topics: int, *, postgresql: bool = False) -> Iterator[Planned]:
    """Give planned letters; PostgreSQL runs with the durability it has by default."""
    with _folder() as folder:
        if not postgresql:
            yield Planned(folder, None, letters, topics)
            return
        programs = postgres.find_programs()
        if programs is None:
            sys.exit("PostgreSQL is not installed here")
        with postgres.server(programs, durable=True) as url:
            yield Planned(folder, url, letters, topics)


def opened(url: str) -> Installation:
    """Open the installation that has its letters there."""
    return open_installation(_settings(url))


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="paperround-bench-") as name:
        yield Path(name)


def deliver(
    letters: Planned,
    port: int,
    *,
    connections: int = 10,
    processes: int = 1,
    signed: bool = False,
    environment: Mapping[str, str] | None = None,
    most: int | None = None,
) -> Delivered:
    """Deliver all letters, or `most` of them, in processes of their own; the clock starts when
    each of them is ready.
    """
    with letters.copy() as url:
        command = [sys.executable, "-m", "tests.bench._delivering", url, str(port)]
        command += ["--connections", str(connections // processes), "--most", str(most or 0)]
        command += ["--signed"] if signed else []
        children = [
            subprocess.Popen(
                command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            for _ in range(processes)
        ]
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n", "a sender did not start"
        began = time.perf_counter()
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.close()
        said = [json.loads(child.stdout.readline()) for child in children if child.stdout]
        seconds = time.perf_counter() - began
        for child in children:
            child.wait()
            child.stdout.close() if child.stdout else None
    sent = sum(each["letters"] for each in said)
    cpu = sum(each["cpu"] for each in said)
    return Delivered(sent, seconds, cpu / sent * 1e6, max(each["peak_mb"] for each in said))


def _settings(url: str, **values: object) -> Settings:
    return settings.load(
        database_url=url, secret_key=_KEY, digest_dir=Path("digests"), _env_file=None, **values
    )


def _child() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("port", type=int)
    parser.add_argument("--connections", type=int)
    parser.add_argument("--most", type=int)
    parser.add_argument("--signed", action="store_true")
    chosen = parser.parse_args()
    values: dict[str, object] = {}
    with _folder() as folder:
        if chosen.signed:
            (folder / "key.pem").write_bytes(new_key("rsa"))
            values = {"dkim_domain": "example.org", "dkim_selector": "bench"}
            values["dkim_key_file"] = folder / "key.pem"
        route = f"smtp://127.0.0.1:{chosen.port}"
        with open_installation(
            _settings(chosen.url, smtp_url=route, smtp_connections=chosen.connections, **values)
        ) as installation:
            print("ready", flush=True)
            sys.stdin.readline()
            stop = threading.Event()

            def tried(done: int, due: int) -> None:
                if done == chosen.most:
                    stop.set()

            before = getrusage(RUSAGE_SELF)
            done = pipeline.deliver(installation, lambda: datetime.now(UTC), stop, tried)
            after = getrusage(RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert done.halted is None, done.halted
    report = {"letters": done.results.total(), "cpu": cpu, "peak_mb": after.ru_maxrss // 1024}
    print(json.dumps(report), flush=True)


if __name__ == "__main__":
    _child()
