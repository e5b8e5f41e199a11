"""From the digest folder into the database: what is torn, bad or half written leaves no trace."""

import gzip
import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conftest import OpenWith
from sqlalchemy import text

from service import pipeline
from service.domain.papers import Edition, Paper
from service.installation import Installation
from service.intake import Ingested
from service.sources import formats
from service.store import editions, papers

NOW = datetime(2026, 8, 21, 7, tzinfo=UTC)
ITEMS = [{"paper": {"title": f"Tide {number}", "id": f"2403.0000{number}"}} for number in (1, 2)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "digests"
    made.mkdir()
    return made


def put(path: Path, data: bytes | str, age: float = 60) -> Path:
    """Write a file that was finished `age` seconds ago."""
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    moment = time.time() - age
    os.utime(path, (moment, moment))
    return path


def ingest(installation: Installation, *paths: Path) -> dict[str, Ingested]:
    asked = paths or (installation.digest_dir,)
    return {report.file: report for report in pipeline.ingest(installation, asked, lambda: NOW)}


def rows(installation: Installation) -> int:
    with installation.database.read() as connection:
        tables = ("edition", "paper", "identity", "edition_paper", "rejection")
        return sum(
            connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0 for table in tables
        )


def test_formats_are_mixed_and_packed(installation: Installation, folder: Path) -> None:
    put(folder / "2026-08-20.json", json.dumps(ITEMS))
    put(folder / "2026-08-21.gz", gzip.compress(b'{"title": "Tide 1"}\n{"title": "Dunes"}\n'))
    reports = ingest(installation)
    assert [(r.status, r.new, str(r.day)) for r in reports.values()] == [
        ("ingested", 2, "2026-08-20"),
        ("ingested", 1, "2026-08-21"),
    ]
    assert {r.status for r in ingest(installation).values()} == {"unchanged"}


def test_a_torn_file_leaves_no_trace_and_goes_to_quarantine(
    installation: Installation, folder: Path
) -> None:
    many = [{"paper": {"title": f"Work {number}"}} for number in range(5_000)]
    put(folder / "torn.json", json.dumps(many)[:-9])
    put(folder / "whole.json", json.dumps(ITEMS))
    reports = ingest(installation)
    assert reports["torn.json"].status == "failed"
    assert reports["whole.json"].new == 2
    assert sorted(path.name for path in folder.iterdir()) == ["quarantine", "whole.json"]
    reason = (folder / "quarantine" / "torn.json.reason.txt").read_text()
    assert "the JSON is cut off at line 1, column" in reason
    assert reports["torn.json"].error == reason.strip()
    with installation.database.read() as connection:
        assert papers.last_seq(connection) == 2
    assert rows(installation) == 1 + 2 + 4 + 2


def test_a_bad_file_elsewhere_is_named_and_left(installation: Installation, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    bad = put(elsewhere / "bad.json", "[")
    assert ingest(installation, elsewhere)["bad.json"].status == "failed"
    assert bad.exists()


def test_a_bad_file_stays_where_nothing_may_be_moved(
    installation: Installation, folder: Path
) -> None:
    put(folder / "bad.json", "[")
    (folder / "quarantine").write_text("a file in the way")
    reports = ingest(installation)
    assert reports["bad.json"].error is not None
    assert (folder / "bad.json").exists()


def test_done_files_are_put_away_if_so_configured(open_with: OpenWith, folder: Path) -> None:
    installation = open_with(done="move")
    put(folder / "day.json", json.dumps(ITEMS))
    assert ingest(installation)["day.json"].status == "ingested"
    put(folder / "copy.json", json.dumps(ITEMS))
    assert ingest(installation)["copy.json"].status == "unchanged"
    assert sorted(path.name for path in (folder / "done").iterdir()) == ["copy.json", "day.json"]


def test_a_file_that_grows_while_it_is_read_waits(
    installation: Installation, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(folder / "day.jsonl", '{"title": "Tides"}\n')
    reading = formats.reading

    def reading_while_it_grows(*arguments: object):  # type: ignore[no-untyped-def]
        with path.open("a") as growing:
            growing.write('{"title": "Du')
        return reading(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(formats, "reading", reading_while_it_grows)
    assert ingest(installation)["day.jsonl"].status == "waiting"
    assert rows(installation) == 0
    monkeypatch.undo()
    put(path, '{"title": "Tides"}\n{"title": "Dunes"}\n')
    assert ingest(installation)["day.jsonl"].new == 2


class BrokenOff(list[Paper]):
    """Papers whose reading is broken off after the first chunk was stored."""

    def __iter__(self) -> Iterator[Paper]:
        for place, paper in enumerate(super().__iter__()):
            if place == 150:
                raise KeyboardInterrupt
            yield paper


def test_an_edition_broken_off_is_completed_by_the_next_call(installation: Installation) -> None:
    many = [Paper(title=f"Work {number}") for number in range(600)]

    def put_in(told: list[Paper]) -> None:
        edition = Edition(format="test", papers=told)
        editions.store(installation.database, edition, sha256="a", file="a", now=NOW)

    with pytest.raises(KeyboardInterrupt):
        put_in(BrokenOff(many))
    assert rows(installation) > 300
    with installation.database.read() as connection:
        assert papers.between(connection, 0, 10**9) == []
        assert editions.count(connection) == 0
    put_in(many)
    with installation.database.read() as connection:
        stored = papers.between(connection, 0, 10**9)
    assert [paper.paper.title for paper in stored] == [paper.title for paper in many]
