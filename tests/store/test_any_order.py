"""The same digest files in any order, twice, or by two processes at once: the same papers."""

import multiprocessing
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from conftest import OpenWith, make_settings
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from service import pipeline
from service.domain.papers import Edition, Paper
from service.installation import open_installation
from service.store import editions, papers
from service.store.engine import Database

NOW = datetime(2026, 8, 21, 7, tzinfo=UTC)


@dataclass(frozen=True)
class File:
    name: str
    date: date | None
    written: datetime
    papers: tuple[Paper, ...]


@st.composite
def a_record(draw: st.DrawFn) -> Paper:
    """One of five works in any dress: under either of its titles, with any of its names."""
    number = draw(st.integers(1, 5))
    version = draw(st.none() | st.integers(1, 2))
    title = f"Work {number}" if version != 2 else f"Work {number}, Revised"
    optional = lambda value: draw(st.sampled_from([None, value]))  # noqa: E731
    return Paper(
        title=draw(st.sampled_from([title, title.upper()])),
        abstract=draw(st.sampled_from(["", "Light.", "Sand."])),
        authors=draw(st.sampled_from([(), (f"Ada{number} Lind",), (f"A. Ada{number}", "Bo Ek")])),
        arxiv_id=optional(f"2403.0000{number}"),
        doi=optional(f"10.1000/{number}"),
        openreview_id=optional(f"openrev{number}"),
        upvotes=draw(st.none() | st.integers(0, 9)),
        version=version,
    )


FILES = st.lists(
    st.builds(
        lambda day, hour, records: (day, hour, tuple(records)),
        st.none() | st.integers(1, 5),
        st.integers(0, 3),
        st.lists(a_record(), max_size=5),
    ),
    min_size=1,
    max_size=4,
).map(
    lambda drawn: [
        File(
            f"{number}.json",
            date(2026, 8, day) if day else None,
            NOW.replace(hour=hour),
            records,
        )
        for number, (day, hour, records) in enumerate(drawn)
    ]
)


def put_in(database: Database, files: Sequence[File]) -> None:
    for file in files:
        edition = Edition(format="test", papers=file.papers, date=file.date)
        editions.store(
            database, edition, sha256=file.name, file=file.name, now=NOW, written=file.written
        )


def contents(database: Database) -> list[str]:
    """Return all that is known of all papers, but for their numbers and keys."""
    with database.read() as connection:
        stored = papers.between(connection, 0, 10**9)
        names = papers.names_of(
            connection, connection.scalars(text("SELECT name FROM identity")).all()
        )
        accounts = papers.accounts(connection, names)
    assert set(names) == {paper.paper_id for paper in stored}
    return sorted(
        f"{sorted(names[paper_id])} {known.paper} {sorted(known.told.items())}"
        for paper_id, (_, known) in accounts.items()
    )


def emptied(database: Database) -> Database:
    with database.write() as connection:
        for table in ("rejection", "edition_paper", "identity", "paper", "edition"):
            connection.execute(text(f"DELETE FROM {table}"))
    return database


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    folder = tmp_path_factory.mktemp("database")
    database = open_installation(make_settings(f"sqlite:///{folder}/x.db", folder)).database
    yield database
    database.close()


@settings(max_examples=settings().max_examples * 3 // 5)
@given(files=FILES, chance=st.randoms(use_true_random=False))
def test_any_order_gives_the_same_papers(
    database: Database, files: list[File], chance: random.Random
) -> None:
    results = []
    for order in (files, chance.sample(files, len(files))):
        put_in(emptied(database), order)
        results.append(contents(database))
    assert results[0] == results[1]


def test_the_corpus_in_any_order_gives_the_same_papers(open_with: OpenWith, corpus: Path) -> None:
    files = sorted([*corpus.glob("hf-daily/*.json"), *corpus.glob("pages/*.txt")])
    installation = open_with()
    results = []
    for seed in (1, 2):
        chance = random.Random(seed)
        twice = chance.sample(files, len(files)) + chance.sample(files, len(files))
        reports = list(pipeline.ingest(installation, twice, lambda: NOW))
        assert [r.status for r in reports] == ["ingested"] * len(files) + ["unchanged"] * len(files)
        results.append(contents(installation.database))
        emptied(installation.database)
    assert results[0] == results[1]
    assert len(results[0]) == 205 + 646


def _ingest_in_a_process(database_url: str, folder: str, files: list[str]) -> None:
    installation = open_installation(make_settings(database_url, Path(folder)))
    statuses = [r.status for r in pipeline.ingest(installation, map(Path, files), lambda: NOW)]
    installation.database.close()
    os._exit(0 if set(statuses) <= {"ingested", "unchanged"} else 1)


def test_two_processes_take_each_file_in_once(
    open_with: OpenWith, database_url: str, corpus: Path, tmp_path: Path
) -> None:
    files = [str(path) for path in sorted(corpus.glob("hf-daily/2026-0*.json"))]
    installation = open_with()
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=_ingest_in_a_process, args=(database_url, str(tmp_path), order))
        for order in (files, files[::-1])
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
        assert process.exitcode == 0
    with installation.database.read() as connection:
        assert editions.count(connection) == len(files)
        rows = editions.newest_first(connection, 100)
        assert sum(row.new for row in rows) == papers.last_seq(connection)
        assert papers.count(connection) == papers.last_seq(connection)
