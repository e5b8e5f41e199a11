"""How fast digest files go in, and in how much memory: text repair and database included.

Each run is a process of its own on one core, with an empty SQLite database. It takes in made-up
papers as JSON (daily papers and JSON Lines): 1,300 characters of abstract, every third with LaTeX
or its remains, six authors. `seconds` is by the clock and includes the pauses that let other
writers have their turn; `cpu` is what the processor worked.
"""

import argparse
import json
import multiprocessing
import os
import random
import resource
import tempfile
import time
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from service import pipeline, settings
from service.installation import open_installation

SYLLABLES = "ta ri no se lu ma ke vo di pra ston ner lin ge mo".split()
REMAINS = [
    r"gains of 4.83\% on average", "a 2.85times speedup", r"in $O(n^2)$ time", "a W_{2}-distance",
    r"{\em failure modes}", 'Schr{"o}dinger bridges', "``chain of thought''", "R&amp;D budgets",
]  # fmt: skip


def papers(count: int) -> Any:
    chance = random.Random(7)
    words = ["".join(chance.choices(SYLLABLES, k=chance.randint(1, 4))) for _ in range(5_000)]
    for number in range(count):
        abstract = chance.choices(words, k=190)
        if number % 3 == 0:
            abstract[10] = chance.choice(REMAINS)
        yield {
            "title": " ".join(chance.choices(words, k=9)).capitalize(),
            "abstract": " ".join(abstract),
            "authors": [" ".join(chance.choices(words, k=2)).title() for _ in range(6)],
            "arxiv_id": f"{2001 + number // 99_999:04}.{number % 99_999:05}",
            "published": "2026-08-21T09:00:00.000Z",
            "upvotes": number % 90,
            "keywords": chance.choices(words, k=5),
        }


def write(path: Path, kind: str, count: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        if kind == "json-lines":
            file.writelines(json.dumps(paper) + "\n" for paper in papers(count))
            return
        for place, paper in enumerate(papers(count)):
            item = {
                "id": paper["arxiv_id"],
                "title": paper["title"],
                "summary": paper["abstract"],
                "authors": [{"name": name, "hidden": False} for name in paper["authors"]],
                "publishedAt": paper["published"],
                "upvotes": paper["upvotes"],
                "ai_keywords": paper["keywords"],
            }
            file.write(("[" if place == 0 else ",") + json.dumps({"paper": item, "numComments": 1}))
        file.write("]")


def measure(path: Path, folder: Path, results: Connection) -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    installation = open_installation(
        settings.load(
            database_url=f"sqlite:///{folder}/bench.db",
            digest_dir=folder,
            max_file_bytes=2**40,
            _env_file=None,
        )
    )
    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.perf_counter()
    [report] = pipeline.ingest(installation, [path], lambda: datetime.now(UTC))
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    results.send((report.new, seconds, cpu, after.ru_maxrss / 1024))


def run(kind: str, count: int) -> dict[str, float | str]:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        path = folder / "papers.json"
        write(path, kind, count)
        here, there = multiprocessing.Pipe()
        process = multiprocessing.get_context("spawn").Process(
            target=measure, args=(path, folder, there)
        )
        process.start()
        new, seconds, cpu, megabytes = here.recv()
        process.join()
        assert new == count
        return {
            "format": kind,
            "papers": count,
            "file_mb": round(path.stat().st_size / 1e6, 1),
            "seconds": round(seconds, 2),
            "papers_a_second": round(count / seconds),
            "papers_a_cpu_second": round(count / cpu),
            "peak_mb": round(megabytes),
        }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--papers", type=int, nargs="*", default=[1_000, 20_000, 100_000])
    chosen = options.parse_args()
    rows = [run(kind, count) for kind in ("hf-daily", "json-lines") for count in chosen.papers]
    print(*(f"{name:>20}" for name in rows[0]))
    for row in rows:
        print(*(f"{value:>20}" for value in row.values()))
    print(json.dumps({"bench": "ingest", "rows": rows}))


if __name__ == "__main__":
    main()
