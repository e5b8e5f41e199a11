"""The bundled sample is a digest file like any other, and what it says is short and complete."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.sources import formats

SAMPLE = Path(__file__).parents[2] / "service" / "demo" / "sample.json"
PAPERS = [item["paper"] for item in json.loads(SAMPLE.read_text(encoding="utf-8"))]


def test_it_holds_enough_papers_and_each_once() -> None:
    assert len(PAPERS) >= 42
    assert len({paper["id"] for paper in PAPERS}) == len(PAPERS)
    assert len({paper["title"].casefold() for paper in PAPERS}) == len(PAPERS)


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper["id"])
def test_each_paper_is_complete_and_says_nothing_invented(paper: dict[str, object]) -> None:
    assert set(paper) - {"githubRepo"} == {"id", "title", "authors", "publishedAt", "summary"}
    published = datetime.fromisoformat(str(paper["publishedAt"]))
    assert datetime(2024, 1, 1, tzinfo=UTC) <= published
    assert re.fullmatch(r"2[4-6](0[1-9]|1[0-2])\.\d{5}", str(paper["id"]))
    # An identifier is given out in the month of submission, or just after its last day.
    submitted = (published.year - 2000) * 12 + published.month
    assert (int(str(paper["id"])[:2]) * 12 + int(str(paper["id"])[2:4])) - submitted in (0, 1)
    summary = str(paper["summary"])
    assert 80 <= len(summary) <= 300
    assert summary.endswith(".")
    assert paper["authors"]
    assert str(paper.get("githubRepo", "https://github.com/")).startswith("https://github.com/")


def test_our_own_reader_takes_every_paper_of_it() -> None:
    edition = formats.parse(SAMPLE.read_bytes(), SAMPLE.name)
    assert edition.rejected == ()
    assert [paper.arxiv_id for paper in edition.papers] == [paper["id"] for paper in PAPERS]
    assert [paper.title for paper in edition.papers] == [paper["title"] for paper in PAPERS]
    assert [paper.abstract for paper in edition.papers] == [paper["summary"] for paper in PAPERS]


@pytest.mark.parametrize(
    ("words", "least"),
    [
        ("agent", 8),
        ("diffusion", 6),
        ("reinforcement learning", 5),
        ("video", 3),
        ("robot", 3),
        ("speech", 2),
        ("interpretability", 1),
        ("protein", 1),
    ],
)
def test_readers_with_different_interests_find_something(words: str, least: int) -> None:
    texts = [f"{paper['title']} {paper['summary']}".lower() for paper in PAPERS]
    assert sum(words in text for text in texts) >= least
