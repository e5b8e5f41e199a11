"""Editions: whole or not at all, once, and in the order of their arrival."""

import json
import signal
from collections.abc import Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from peers import digest_file, dump, newsroom
from peers.deadline import at_once, until
from peers.newsroom import FRIDAY_NOON
from peers.processes import Command, settings_for
from sqlalchemy import event, func, select

from service import pipeline
from service.domain.papers import Edition, Paper
from service.installation import Installation
from service.intake import Ingested
from service.store import editions, papers, tables
from service.store.papers import StoredPaper

PAPER = tables.table(tables.Paper)
EDITION = tables.table(tables.Edition)


def ingest(installation: Installation, *paths: Path, at: datetime = FRIDAY_NOON) -> list[Ingested]:
    return list(pipeline.ingest(installation, paths, lambda: at))


def shown(installation: Installation) -> list[StoredPaper]:
    """Return the papers that a plan would see."""
    with installation.database.read() as connection:
        return papers.between(connection, 0, papers.last_seq(connection))


def titles(installation: Installation) -> list[str]:
    return [stored.paper.title for stored in shown(installation)]


def rows(installation: Installation, table: Any) -> int:
    with installation.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


@contextmanager
def database_breaks(installation: Installation, statement: str, *, after: int) -> Any:
    """Make the database fail at a statement that does so, once it has let pass `after`."""
    seen = 0

    def fail(_c: Any, _cursor: Any, said: str, *_: Any) -> None:
        nonlocal seen
        if f"{statement} " in said:
            seen += 1
            if seen > after:
                raise OSError("the disk is gone")

    event.listen(installation.database.engine, "before_cursor_execute", fail)
    try:
        yield
    finally:
        event.remove(installation.database.engine, "before_cursor_execute", fail)


def test_the_two_pages_are_read_238_times_and_kept_as_205_papers(
    installation: Installation, corpus: Path
) -> None:
    first, second = ingest(installation, corpus / "pages")
    assert (first.status, first.papers, first.new) == ("ingested", 119, 119)
    assert (second.status, second.papers, second.new) == ("ingested", 119, 205 - 119)
    assert len(shown(installation)) == len(set(titles(installation))) == 205
    assert rows(installation, tables.EditionPaper) >= 205


def test_every_real_file_gives_an_edition_and_a_second_time_changes_nothing(
    installation: Installation, corpus: Path
) -> None:
    folders = (corpus / "hf-daily", corpus / "pages")
    reports = ingest(installation, *folders)
    assert len(reports) == 39 + 2
    assert {report.status for report in reports} == {"ingested"}
    for report in reports:
        assert report.papers > 0, report.file
        assert report.error is None
    daily = [report for report in reports if report.file.endswith(".json")]
    assert {report.day for report in daily} == {
        date.fromisoformat(Path(report.file).stem) for report in daily
    }
    assert [stored.seq for stored in shown(installation)] == list(
        range(1, sum(report.new for report in reports) + 1)
    )
    before = dump.dump(installation.database)
    again = ingest(installation, *folders, at=FRIDAY_NOON + timedelta(hours=1))
    assert {report.status for report in again} == {"unchanged"}
    assert [(r.file, r.day, r.papers) for r in again] == [
        (r.file, r.day, r.papers) for r in reports
    ]
    assert dump.dump(installation.database) == before


def test_a_file_that_cannot_be_read_is_named_and_the_others_go_in(
    installation: Installation, tmp_path: Path
) -> None:
    (tmp_path / "digests").mkdir()
    (tmp_path / "digests" / "a-broken.json").write_text('[{"paper": {"title"')
    digest_file.put(tmp_path / "digests", "b-good.json", "Robots")
    (tmp_path / "digests" / "c-empty.txt").write_text("")
    broken, good, empty = ingest(installation, tmp_path / "digests")
    assert (broken.status, good.status, empty.status) == ("failed", "ingested", "failed")
    assert "cut off" in (broken.error or "")
    assert "empty" in (empty.error or "")
    assert titles(installation) == ["Robots"]


def told(title: str, arxiv: str, **facts: Any) -> Paper:
    return Paper(title=title, arxiv_id=arxiv, **facts)


def test_a_corrected_file_updates_its_papers_and_keeps_their_seq_and_key(
    installation: Installation,
) -> None:
    first = told("Robots lern", "2608.00001", abstract="Old.", upvotes=7)
    newsroom.publish(installation, FRIDAY_NOON, first, told("Maps", "2608.00002"))
    before = shown(installation)
    later = FRIDAY_NOON + timedelta(days=1)
    corrected = told("Robots learn", "2608.00001", abstract="New.", upvotes=3)
    stored = newsroom.publish(installation, later, corrected, told("Maps", "2608.00002"))
    assert (stored.papers, stored.new, stored.updated) == (2, 0, 1)
    after = shown(installation)
    assert [(s.seq, s.key, s.paper_id) for s in after] == [
        (s.seq, s.key, s.paper_id) for s in before
    ]
    robots = after[0].paper
    assert (robots.title, robots.abstract, robots.upvotes) == ("Robots learn", "New.", 7)
    # It answers to both titles now.
    newsroom.publish(installation, later, "Robots lern!", "ROBOTS LEARN")
    assert len(shown(installation)) == 2


def test_a_paper_that_stands_twice_in_a_file_is_one_paper(installation: Installation) -> None:
    stored = newsroom.publish(installation, FRIDAY_NOON, "Robots", "Maps", "Robots")
    assert (stored.papers, stored.new) == (3, 2)
    assert titles(installation) == ["Robots", "Maps"]


def test_two_works_of_one_title_stay_two_papers_with_keys_of_their_own(
    installation: Installation,
) -> None:
    newsroom.publish(
        installation, FRIDAY_NOON, told("A Survey", "2608.00001"), told("A Survey", "2608.00002")
    )
    assert len({stored.key for stored in shown(installation)}) == 2


# Two chunks; the first takes one statement for what belongs to the edition.
MANY = [f"Robots number {number}" for number in range(230)]


@pytest.mark.parametrize("after", [0, 1])
def test_an_edition_broken_off_shows_no_paper_until_the_next_run_completes_it(
    installation: Installation, after: int
) -> None:
    newsroom.publish(installation, FRIDAY_NOON, "Maps")
    broken = database_breaks(installation, "INSERT INTO edition_paper", after=after)
    with pytest.raises(OSError, match="the disk is gone"), broken:
        newsroom.publish(installation, FRIDAY_NOON, *MANY)
    assert titles(installation) == ["Maps"]
    with installation.database.read() as connection:
        assert editions.count(connection) == 1
    # A chunk that did go in is there, unseen.
    assert (rows(installation, PAPER) > 1) == (after > 0)
    stored = newsroom.publish(installation, FRIDAY_NOON + timedelta(hours=1), *MANY)
    assert titles(installation) == ["Maps", *MANY]
    assert (stored.papers, stored.new, stored.updated) == (230, 230, 0)
    assert [stored.seq for stored in shown(installation)] == list(range(1, 232))


def test_a_publication_that_fails_shows_nothing_and_spends_no_number(
    installation: Installation,
) -> None:
    broken = database_breaks(installation, "UPDATE edition", after=0)
    with pytest.raises(OSError, match="the disk is gone"), broken:
        newsroom.publish(installation, FRIDAY_NOON, "Robots", "Maps")
    assert shown(installation) == []
    newsroom.publish(installation, FRIDAY_NOON, "Agents")
    newsroom.publish(installation, FRIDAY_NOON, "Robots", "Maps")
    assert [(s.seq, s.paper.title) for s in shown(installation)] == [
        (1, "Agents"),
        (2, "Robots"),
        (3, "Maps"),
    ]


def test_papers_of_a_broken_edition_are_shown_by_the_next_that_has_them(
    installation: Installation,
) -> None:
    broken = database_breaks(installation, "INSERT INTO edition_paper", after=1)
    with pytest.raises(OSError, match="the disk is gone"), broken:
        newsroom.publish(installation, FRIDAY_NOON, *MANY)
    arrived = FRIDAY_NOON + timedelta(days=2)
    newsroom.publish(installation, arrived, MANY[5], "Maps")
    assert titles(installation) == [MANY[5], "Maps"]
    with installation.database.read() as connection:
        assert papers.seq_arrived_before(connection, arrived) == 0


def test_an_ingest_that_is_killed_shows_nothing_and_the_next_completes_it(
    installation: Installation, database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "2026-08-21.json"
    many = [f"Robots {number:05}" for number in range(1500)]
    items = [
        {"paper": {"id": f"2608.{number:05}", "title": title, "summary": "-", "authors": []}}
        for number, title in enumerate(many)
    ]
    file.write_text(json.dumps(items))
    settings = settings_for(database_url, "smtp://127.0.0.1:1", tmp_path)
    with Command(tmp_path, "ingest", str(file), settings=settings) as command:
        until(lambda: rows(installation, PAPER) > 0 or not command.running)
        command.signal(signal.SIGKILL)
        assert command.wait() == -signal.SIGKILL
    assert 0 < rows(installation, PAPER) < 1500
    assert shown(installation) == []
    (report,) = ingest(installation, file)
    assert (report.status, report.papers, report.new) == ("ingested", 1500, 1500)
    assert titles(installation) == many


def test_two_processes_with_files_of_the_same_papers_make_each_paper_once(
    installation: Installation, database_url: str, tmp_path: Path
) -> None:
    names = [f"Robots {number}" for number in range(300)]
    here = digest_file.put(tmp_path, "here.json", *names)
    there = digest_file.put(tmp_path, "there.json", *reversed(names))
    settings = settings_for(database_url, "smtp://127.0.0.1:1", tmp_path)
    with (
        Command(tmp_path, "ingest", "--json", str(here), settings=settings) as one,
        Command(tmp_path, "ingest", "--json", str(there), settings=settings) as two,
    ):
        assert (one.wait(), two.wait()) == (0, 0), one.err + two.err
        reports = [json.loads(ran.out)["editions"][0] for ran in (one, two)]
    distinct = len(shown(installation))
    assert sorted(titles(installation)) == sorted(set(titles(installation)))
    assert sorted(report["new"] for report in reports) == [0, distinct]
    assert [stored.seq for stored in shown(installation)] == list(range(1, distinct + 1))


def test_writers_at_the_same_moment_recognise_each_others_papers(
    installation: Installation,
) -> None:
    def store(file: str, names: Sequence[str]) -> editions.Stored:
        # Without the lock `ingest`, on purpose: what holds must hold in each transaction.
        edition = Edition(format="test", papers=tuple(Paper(title=name) for name in names))
        return editions.store(
            installation.database, edition, sha256=file, file=file, now=FRIDAY_NOON
        )

    names = [f"Robots {number}" for number in range(250)]
    one, two = at_once(
        lambda: store("one", names), lambda: store("two", [*reversed(names), "Maps"])
    )
    assert one.new + two.new == 251
    assert sorted(titles(installation)) == sorted([*names, "Maps"])


def test_a_number_is_never_seen_before_a_lower_one(installation: Installation) -> None:
    writing = True
    seen: list[list[int]] = []

    def store(name: str) -> None:
        for day in range(12):
            edition = Edition(
                format="test", papers=tuple(Paper(title=f"{name} {day} {n}") for n in range(9))
            )
            editions.store(
                installation.database,
                edition,
                sha256=f"{name} {day}",
                file=name,
                now=datetime(2026, 8, 21, tzinfo=UTC),
            )

    def write() -> None:
        nonlocal writing
        try:
            at_once(lambda: store("one"), lambda: store("two"))
        finally:
            writing = False

    def watch() -> None:
        while writing:
            with installation.database.read() as connection:
                seen.append(list(connection.scalars(select(PAPER.c.seq).where(PAPER.c.seq > 0))))

    at_once(write, watch, watch)
    assert len({len(numbers) for numbers in seen}) > 3, "the watchers saw the papers grow"
    for numbers in seen:
        assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert len(shown(installation)) == 2 * 12 * 9
