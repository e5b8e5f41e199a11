import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from service.cli.app import main
from service.domain.papers import Edition, Paper
from service.installation import open_installation
from service.settings import load
from service.store import editions

PAPERS = (
    Paper(title="World models\nfor [bold]robots", abstract="We plan.", arxiv_id="2608.00001"),
    Paper(
        title="Planning",
        abstract="Long words before. " * 9
        + "A model of the world is learned. "
        + "And after. " * 9,
        arxiv_id="2608.00002",
        upvotes=7,
    ),
)


@pytest.fixture
def papers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'paperround.db'}"
    monkeypatch.setenv("PAPERROUND_DATABASE_URL", url)
    installation = open_installation(load(_env_file=None))
    editions.store(
        installation.database,
        Edition(format="test", papers=PAPERS, date=date(2026, 8, 21)),
        sha256="1",
        file="1.json",
        now=datetime(2026, 8, 22, tzinfo=UTC),
    )
    installation.database.close()


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(["topics", "test", *arguments])
    return int(left.value.code or 0)


def out_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(*arguments) == 0
    return capsys.readouterr().out


@pytest.mark.usefixtures("papers")
def test_the_json_has_the_promised_fields(capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(out_of(capsys, "World  Models", "--against", '"world model"', "--json"))
    assert list(told) == ["canonical", "days", "papers", "gained", "lost"]
    assert told["canonical"] == "world models"
    assert told["days"] == [{"date": "2026-08-21", "matched": 2}]
    first, second = told["papers"]
    assert list(first) == ["key", "title", "date", "score", "matched_terms"]
    assert first["key"] == "arxiv:2608.00001"
    assert first["date"] == "2026-08-21"
    assert first["score"] > second["score"]
    assert first["matched_terms"] == ["world models"]
    assert second["matched_terms"] == ["world", "model"]
    assert told["gained"] == [second]
    assert told["lost"] == []


@pytest.mark.usefixtures("papers")
def test_people_see_the_canonical_form_a_bar_a_day_and_the_reasons(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = out_of(capsys, "models  WORLD")
    assert told.startswith("models world\n2 papers in the 30 days to 21 August 2026.\n")
    # However wide the terminal is.
    flowing = " ".join(told.split())
    assert " 21 Aug ██ 2 " in flowing
    assert " World models for [bold]robots 21 Aug because: models, world (in title)" in flowing
    planning = flowing[
        flowing.index(" Planning 21 Aug, 7 upvotes because: model, world (in abst") :
    ]
    quotation = planning[planning.index("“…") : planning.index("…”")]
    assert "A model of the world is" in quotation


@pytest.mark.usefixtures("papers")
def test_a_topic_that_matches_nothing_is_answered_with_one_that_would(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "models world would have brought 2 papers." in out_of(capsys, '"models world"')
    assert "Nothing wider did either" in out_of(capsys, "zzz")


@pytest.mark.usefixtures("papers")
def test_people_see_what_is_gained_and_lost(capsys: pytest.CaptureFixture[str]) -> None:
    told = out_of(capsys, '"world models"', "--against", "plan*")
    assert "Against plan*:" in told
    assert "0 gained" in told
    assert "1 lost" in told
    assert "- Planning" in told


@pytest.mark.usefixtures("papers")
@pytest.mark.parametrize("arguments", [("bay*es",), ("robots", "--against", "bay*es")])
def test_a_mistake_is_shown_with_its_place(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert run(*arguments) == 2
    assert "bay*es\n   ^\na * stands only at the end of a word" in capsys.readouterr().err


def test_without_papers_people_are_told_to_take_some_in(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PAPERROUND_DATABASE_URL", f"sqlite:///{tmp_path / 'empty.db'}")
    assert "no edition to try it on" in out_of(capsys, "robots")
    assert json.loads(out_of(capsys, "robots", "--json"))["papers"] == []
