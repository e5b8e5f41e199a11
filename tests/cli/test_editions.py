"""`paperround editions`, `fetch`, `ingest --schema` and the sources in `status`."""

import json
from pathlib import Path
from typing import Any

import pytest
from peers.http import site

from service.cli.app import main


@pytest.fixture(autouse=True)
def _two_editions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "2026-08-20.jsonl").write_text(
        '{"title": "Tides"}\n{"title": "Dunes"}\n{"no": 1}\n'
    )
    (tmp_path / "2026-08-21.jsonl").write_text('{"title": "Dunes"}\n')
    assert (
        run("ingest", str(tmp_path / "2026-08-20.jsonl"), str(tmp_path / "2026-08-21.jsonl")) == 0
    )
    capsys.readouterr()


def run(*arguments: str) -> int:
    try:
        main(arguments)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_editions_are_listed_newest_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("editions", "list", "--json") == 0
    listed = printed(capsys)["editions"]
    assert [(row["file"], row["papers"], row["new"], row["rejected"]) for row in listed] == [
        ("2026-08-21.jsonl", 1, 0, 0),
        ("2026-08-20.jsonl", 2, 2, 1),
    ]
    assert run("editions", "list", "--limit", "1") == 0
    assert "2026-08-20.jsonl" not in capsys.readouterr().out


def test_an_edition_is_shown_with_its_rejects(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("1", "2026-08-20.jsonl"):
        assert run("editions", "show", name, "--json") == 0
        shown = printed(capsys)
        assert shown["rejects"] == [{"position": "line 3", "reason": "no title"}]
        assert [paper["title"] for paper in shown["titles"]] == ["Tides", "Dunes"]
    assert run("editions", "show", "1") == 0
    assert "no title" in capsys.readouterr().out


def test_rejects_beyond_the_listed_ones_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "many.jsonl").write_text('{"title": "Ebb"}\n' + "[]\n" * 1_500)
    assert run("ingest", str(tmp_path / "many.jsonl")) == 0
    told = capsys.readouterr()
    assert "1500" in told.out
    assert "1,480 more were rejected; `paperround editions show` lists the first 1,000" in told.err
    assert run("editions", "list", "--limit", "1", "--json") == 0
    [row] = printed(capsys)["editions"]
    assert (row["rejected"], row["unlisted"]) == (1_500, 500)
    assert run("editions", "show", "many.jsonl") == 0
    assert "500 more were rejected" in capsys.readouterr().out


def test_a_date_to_come_is_dropped_and_no_papers_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "9999-12-31.jsonl").write_text('{"title": "Ebb"}\n')
    (tmp_path / "none.json").write_text("[]")
    assert run("ingest", str(tmp_path / "9999-12-31.jsonl"), str(tmp_path / "none.json")) == 0
    told = capsys.readouterr()
    assert "9999-12-31.jsonl, date: date dropped: 9999-12-31 is still to come" in told.err
    assert "none.json: holds no papers" in told.err
    assert run("editions", "show", "9999-12-31.jsonl", "--json") == 0
    assert not printed(capsys)["date"].startswith("9999")


def test_a_forgotten_edition_hides_its_own_papers(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("editions", "forget", "2026-08-20.jsonl", "--json") == 0
    assert printed(capsys) == {"edition": 1, "file": "2026-08-20.jsonl", "hidden": 1}
    assert run("editions", "forget", "1") == 0
    assert "was forgotten before" in capsys.readouterr().out
    assert run("status", "--json") == 0
    assert printed(capsys)["papers"] == 1
    assert run("editions", "list", "--json") == 0
    assert [row["forgotten"] is None for row in printed(capsys)["editions"]] == [True, False]
    assert run("editions", "forget", "2") == 0
    assert "is forgotten: 1 paper hidden." in capsys.readouterr().out


def test_an_edition_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("editions", "show", "99") == 1
    assert "There is no edition '99'" in capsys.readouterr().err


def test_the_schema_of_a_line_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("ingest", "--schema") == 0
    assert printed(capsys)["required"] == ["title"]


def test_sources_are_fetched_and_their_state_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with site() as server:
        server.gives("/papers", b'{"title": "Ebb"}\n')
        sources = f"json:{server.address}/papers json:{server.address}/gone"
        monkeypatch.setenv("PAPERROUND_SOURCES", sources)
        monkeypatch.setenv("PAPERROUND_SOURCES_ALLOW_PRIVATE", "true")
        assert run("fetch", "--json") == 1
        well, failed = printed(capsys)["sources"]
        assert (len(well["files"]), failed["error"]) == (1, "answered 404 Not Found")
        assert run("status", "--json") == 0
        assert [source["condition"] for source in printed(capsys)["sources"]] == ["fine", "failing"]


def test_a_wrong_source_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAPERROUND_SOURCES", "hf-weekly")
    assert run("fetch") == 2
    assert "PAPERROUND_SOURCES: holds 'hf-weekly'" in capsys.readouterr().err
