"""How long `plan` takes for a crowd of readers: from tables to committed deliveries.

`CPU s` is what this process worked; another writes a sign-up every 20 ms, and a server of
PostgreSQL works beside it, as durable as it is in service.
"""

import argparse
import json
import multiprocessing
import random
import resource
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

from sqlalchemy.engine import URL

from service import pipeline, settings
from service.installation import open_installation
from service.store import counters, migrate
from service.store.engine import Database
from service.store.turns import Turn
from tests.bench import _crowd
from tests.peers import postgres

_BETWEEN_SIGN_UPS = 0.02
_KEY = "a key for a bench, of thirty-two signs or more"


def main() -> None:
    parser = argparse.ArgumentParser(prog="plan", description=__doc__)
    parser.add_argument("--readers", type=int, default=1_000_000)
    parser.add_argument("--topics", type=int, default=50_000)
    parser.add_argument("--papers", type=int, default=238)
    parser.add_argument("--keep", type=Path, help="keep the SQLite database built, or use it again")
    parser.add_argument("--postgresql", action="store_true", help="a server of the bench's own")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="paperround-bench-"))
    try:
        if chosen.postgresql:
            programs = postgres.find_programs()
            if programs is None:
                parser.error("PostgreSQL is not installed here")
            with postgres.server(programs, durable=True) as url:
                report = run(folder, chosen, url.format(database="postgres"))
        else:
            report = run(folder, chosen, f"sqlite:///{folder / 'bench.db'}")
    finally:
        shutil.rmtree(folder)
    heads = ("readers", "letters", "seconds", "CPU s", "peak MB", "write p99 ms")
    print(" ".join(f"{head:>12}" for head in heads))
    told = ("readers", "letters", "seconds", "cpu_seconds", "peak_mb", "write_p99_ms")
    print(" ".join(f"{report[name]:>12}" for name in told))
    print(json.dumps(report))


def run(folder: Path, chosen: argparse.Namespace, url: str) -> dict[str, object]:
    kept = chosen.keep and not chosen.postgresql and chosen.keep.exists()
    if kept:
        shutil.copy(chosen.keep, folder / "bench.db")
    chosen_settings = settings.load(
        database_url=url, secret_key=_KEY, digest_dir=folder, _env_file=None
    )
    migrate.upgrade(Database(chosen_settings.database))
    installation = open_installation(chosen_settings)
    if not kept:
        rng = random.Random(7)
        vocabulary = _crowd.words(chosen.topics, rng)
        _crowd.add_papers(installation.database, vocabulary, chosen.papers, rng)
        _crowd.add_readers(installation.database, vocabulary, chosen.readers, chosen.topics, rng)
        if chosen.keep and not chosen.postgresql:
            with installation.database.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            shutil.copy(folder / "bench.db", chosen.keep)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with _sign_ups(chosen_settings.database) as waits:
        began, worked = time.perf_counter(), time.process_time()
        made = pipeline.plan(installation, datetime.now(UTC), everyone=True)
        seconds, cpu = time.perf_counter() - began, time.process_time() - worked
    waits.sort()
    return {
        "benchmark": "plan",
        "database": "postgresql" if chosen.postgresql else "sqlite",
        "readers": chosen.readers,
        "letters": made.planned,
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu, 2),
        "before_mb": before // 1024,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "write_p99_ms": round(waits[int(len(waits) * 0.99)] * 1000, 1) if waits else None,
        "writes": len(waits),
    }


@contextmanager
def _sign_ups(url: URL) -> Iterator[list[float]]:
    """Have another process write now and then, as that of the pages does; give, at the end, how
    many seconds each write took.
    """
    waits: list[float] = []
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_sign_up_now_and_then, args=(url, theirs))
    process.start()
    ours.recv()
    yield waits
    ours.send(None)
    waits += ours.recv()
    process.join()


def _sign_up_now_and_then(url: URL, line: Connection) -> None:
    database = Database(url)
    waits: list[float] = []
    with database.write(Turn.WEB) as connection:
        counters.hold(connection, counters.DELIVERIES)
    line.send(None)
    while not line.poll(_BETWEEN_SIGN_UPS):
        asked = time.perf_counter()
        with database.write(Turn.WEB) as connection:
            counters.hold(connection, counters.DELIVERIES)
        waits.append(time.perf_counter() - asked)
    line.send(waits)
    database.close()
