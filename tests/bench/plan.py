"""How long `plan` takes for a crowd of readers: from tables to committed deliveries."""

import argparse
import json
import random
import resource
import shutil
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from service import pipeline, settings
from service.installation import open_installation
from service.store import counters
from service.store.turns import Turn
from tests.bench import _crowd


def main() -> None:
    parser = argparse.ArgumentParser(prog="plan", description=__doc__)
    parser.add_argument("--readers", type=int, default=1_000_000)
    parser.add_argument("--topics", type=int, default=50_000)
    parser.add_argument("--papers", type=int, default=238)
    parser.add_argument("--keep", type=Path, help="keep the SQLite database built, or use it again")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="paperround-bench-"))
    try:
        report = run(folder, chosen)
    finally:
        shutil.rmtree(folder)
    print(f"{'readers':>10} {'letters':>10} {'seconds':>8} {'peak MB':>8} {'write p99 ms':>13}")
    print(
        f"{report['readers']:>10,} {report['letters']:>10,} {report['seconds']:>8} "
        f"{report['peak_mb']:>8} {report['write_p99_ms']:>13}"
    )
    print(json.dumps(report))


def run(folder: Path, chosen: argparse.Namespace) -> dict[str, object]:
    path = folder / "bench.db"
    if chosen.keep and chosen.keep.exists():
        shutil.copy(chosen.keep, path)
    installation = open_installation(
        settings.load(database_url=f"sqlite:///{path}", digest_dir=folder, _env_file=None)
    )
    if not (chosen.keep and chosen.keep.exists()):
        rng = random.Random(7)
        vocabulary = _crowd.words(chosen.topics, rng)
        _crowd.add_papers(installation.database, vocabulary, chosen.papers, rng)
        _crowd.add_readers(installation.database, vocabulary, chosen.readers, chosen.topics, rng)
        if chosen.keep:
            with installation.database.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            shutil.copy(path, chosen.keep)
    waits: list[float] = []
    done = threading.Event()

    def sign_up_now_and_then() -> None:
        while not done.wait(0.02):
            asked = time.perf_counter()
            with installation.database.write(Turn.WEB) as connection:
                counters.hold(connection, counters.DELIVERIES)
            waits.append(time.perf_counter() - asked)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    writer = threading.Thread(target=sign_up_now_and_then)
    writer.start()
    began = time.perf_counter()
    made = pipeline.plan(installation, datetime.now(UTC), everyone=True)
    seconds = time.perf_counter() - began
    done.set()
    writer.join()
    waits.sort()
    return {
        "benchmark": "plan",
        "database": "sqlite",
        "readers": chosen.readers,
        "letters": made.planned,
        "digests": len(made.selections),
        "seconds": round(seconds, 2),
        "before_mb": before // 1024,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "write_p99_ms": round(waits[int(len(waits) * 0.99)] * 1000, 1) if waits else None,
        "writes": len(waits),
    }
