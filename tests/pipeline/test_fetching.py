"""Sources are asked when they are due, and what they give becomes digest files, once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import OpenWith
from peers.http import Site, site

from service import fetching, pipeline
from service.domain.sources import Condition
from service.fetching import Fetched, Report
from service.installation import Installation

NOW = datetime(2026, 8, 21, 9, tzinfo=UTC)
PAPERS = b'{"title": "Tides"}\n{"title": "Dunes"}\n'


@pytest.fixture
def server() -> Iterator[Site]:
    with site() as running:
        yield running


@pytest.fixture
def fetches(open_with: OpenWith, server: Site) -> Installation:
    return open_with(sources=f"json:{server.address}/papers@08:00", sources_allow_private=True)


def ask(installation: Installation, now: datetime = NOW) -> list[Fetched]:
    return list(fetching.fetch(installation, now))


def report(installation: Installation, now: datetime = NOW) -> Report:
    with installation.database.read() as connection:
        [told] = fetching.reports(connection, installation.sources, now)
    return told


def take_in(installation: Installation, now: datetime = NOW) -> list[str]:
    folder = [installation.digest_dir]
    return [done.status for done in pipeline.ingest(installation, folder, lambda: now)]


def test_what_is_new_becomes_a_digest_file_once(fetches: Installation, server: Site) -> None:
    server.gives("/papers", PAPERS)
    [fetched] = ask(fetches)
    [name] = fetched.files
    assert (fetches.digest_dir / name).read_bytes() == PAPERS
    assert "_2026-08-21_" in name
    [again] = ask(fetches, NOW + timedelta(hours=1))
    assert again.files == ()
    assert [path.name for path in fetches.digest_dir.iterdir()] == [name]
    server.gives("/papers", PAPERS + b'{"title": "Ebb"}\n')
    [more] = ask(fetches, NOW + timedelta(hours=2))
    assert len(more.files) == 1


def test_a_run_can_be_replayed_from_the_files(
    fetches: Installation, server: Site, open_with: OpenWith
) -> None:
    server.gives("/papers", PAPERS)
    ask(fetches)
    assert take_in(fetches) == ["ingested"]
    assert take_in(fetches) == ["unchanged"]


def test_a_source_is_not_asked_before_it_is_due(fetches: Installation, server: Site) -> None:
    server.gives("/papers", PAPERS)
    assert len(ask(fetches)) == 1
    assert ask(fetches, NOW + timedelta(minutes=59)) == []
    assert len(list(fetching.fetch(fetches, NOW, due_only=False))) == 1
    assert len(server.requests) == 2


def test_validators_are_kept_for_the_next_time(fetches: Installation, server: Site) -> None:
    server.gives("/papers", PAPERS, headers={"ETag": '"a"'})
    ask(fetches)
    server.gives("/papers", status=304, headers={"Content-Length": "0"})
    assert ask(fetches, NOW + timedelta(hours=1)) == [Fetched(fetches.sources[0].name)]
    ask(fetches, NOW + timedelta(hours=2))
    assert [headers.get("if-none-match") for _, headers in server.requests] == [None, '"a"', '"a"']


def test_a_failing_source_is_asked_again_soon_then_later(
    fetches: Installation, server: Site
) -> None:
    server.gives("/papers", status=503)
    [failed] = ask(fetches)
    assert failed.error == "answered 503 Service Unavailable"
    assert list(fetches.digest_dir.iterdir()) == []
    assert ask(fetches, NOW + timedelta(seconds=59)) == []
    assert len(ask(fetches, NOW + timedelta(minutes=1))) == 1
    assert ask(fetches, NOW + timedelta(minutes=2)) == []
    server.gives("/papers", PAPERS)
    [well] = ask(fetches, NOW + timedelta(minutes=3))
    assert well.error is None
    told = report(fetches).polled
    assert told is not None
    assert (told.failures, told.error) == (0, None)


def test_a_source_that_wants_us_later_is_left_alone(fetches: Installation, server: Site) -> None:
    server.gives("/papers", status=429, headers={"Retry-After": "7200"})
    ask(fetches)
    assert ask(fetches, NOW + timedelta(minutes=119)) == []
    assert len(ask(fetches, NOW + timedelta(minutes=120))) == 1


def test_one_failing_source_does_not_keep_out_another(open_with: OpenWith, server: Site) -> None:
    server.gives("/papers", PAPERS)
    installation = open_with(
        sources=f"json:{server.address}/nowhere json:{server.address}/papers",
        sources_allow_private=True,
    )
    failed, well = ask(installation)
    assert failed.error == "answered 404 Not Found"
    assert len(well.files) == 1


def test_private_addresses_are_not_asked_by_default(open_with: OpenWith, server: Site) -> None:
    [refused] = ask(open_with(sources=f"json:{server.address}/papers"))
    assert refused.error is not None
    assert "a private address" in refused.error
    assert server.requests == []


def test_a_day_is_late_until_its_papers_are_in(fetches: Installation, server: Site) -> None:
    assert report(fetches).condition is Condition.UNASKED
    server.gives("/papers", b"")
    ask(fetches, NOW - timedelta(hours=2))
    assert report(fetches).condition is Condition.LATE
    server.gives("/papers", PAPERS)
    ask(fetches)
    assert take_in(fetches).count("ingested") == 1
    told = report(fetches)
    assert (told.condition, str(told.day), told.papers) == (Condition.FINE, "2026-08-21", 2)
    assert report(fetches, NOW + timedelta(days=1)).condition is Condition.LATE


def test_a_day_without_papers_is_empty_not_fine(fetches: Installation, server: Site) -> None:
    server.gives("/papers", b"[]")
    ask(fetches)
    assert take_in(fetches) == ["ingested"]
    assert report(fetches).condition is Condition.EMPTY


def test_while_one_process_asks_another_does_not(fetches: Installation, server: Site) -> None:
    server.gives("/papers", PAPERS)
    held = fetches.database.locks.take("fetch")
    assert held is not None
    assert ask(fetches) == []
    held.release()
    assert len(ask(fetches)) == 1


def test_a_folder_that_cannot_be_made_is_an_error(fetches: Installation, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    blocked = replace(fetches, digest_dir=tmp_path / "file" / "digests")
    with pytest.raises(OSError, match="Not a directory"):
        ask(blocked)
