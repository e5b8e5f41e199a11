"""JSON Lines of our own schema: every field in its place, every bad line named."""

import json
from datetime import date
from typing import Any

import pytest

from service.domain.papers import Edition, Original, Paper, Rejected, UnreadableFile
from service.sources.formats import parse
from service.sources.jsonlines import schema

EVERYTHING: dict[str, Any] = {
    "title": r"Lanterns for $n^2$ Fields",
    "abstract": "We carry\nlight.",
    "authors": ["Ada Lind", "Bo Ek"],
    "arxiv_id": "arXiv:2403.00007v2",
    "doi": "https://doi.org/10.1000/ABC",
    "openreview_id": "https://openreview.net/forum?id=aB3_xY-90z",
    "published": "2024-03-01T23:30:00-05:00",
    "page": "https://lamps.example/paper",
    "pdf": "https://lamps.example/paper.pdf",
    "code": "https://github.com/ada/lantern",
    "project": "https://lamps.example/",
    "upvotes": 3,
    "comments": 2,
    "stars": 1,
    "keywords": ["light"],
    "categories": ["cs.CL"],
    "organisation": "The Lamp Institute",
}


def edition(*lines: object, name: str = "2024-03-05.jsonl", end: str = "\n") -> Edition:
    written = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    return parse(("\n".join(written) + end).encode(), name)


def test_every_field_arrives() -> None:
    read = edition(EVERYTHING)
    assert (read.format, read.date, read.rejected) == ("json-lines", date(2024, 3, 5), ())
    assert list(read.papers) == [
        Paper(
            title="Lanterns for n² Fields",
            abstract="We carry light.",
            authors=("Ada Lind", "Bo Ek"),
            arxiv_id="2403.00007",
            doi="10.1000/abc",
            openreview_id="aB3_xY-90z",
            version=2,
            published=date(2024, 3, 2),
            page="https://lamps.example/paper",
            pdf="https://lamps.example/paper.pdf",
            code="https://github.com/ada/lantern",
            project="https://lamps.example/",
            upvotes=3,
            comments=2,
            stars=1,
            keywords=("light",),
            categories=("cs.CL",),
            organisation="The Lamp Institute",
            original=Original(title=r"Lanterns for $n^2$ Fields"),
        )
    ]


def test_the_schema_names_exactly_the_fields_that_are_read() -> None:
    described = json.loads(schema())
    assert described["required"] == ["title"]
    assert set(described["properties"]) == set(EVERYTHING) | {"version"}


def test_a_title_alone_is_enough_and_null_is_absent() -> None:
    bare = {"title": "Alone", "abstract": None, "upvotes": None, "extra": [1]}
    assert list(edition(bare).papers) == [Paper(title="Alone")]


def test_identifiers_are_found_in_links() -> None:
    [arxiv, review, named] = edition(
        {"title": "A", "page": "https://arxiv.org/abs/2403.00008v1"},
        {"title": "B", "page": "https://openreview.net/forum?id=aB3_xY-90z"},
        {"title": "C", "doi": "10.48550/arXiv.2403.00009"},
    ).papers
    assert (arxiv.arxiv_id, arxiv.pdf) == ("2403.00008", "https://arxiv.org/pdf/2403.00008")
    assert review.openreview_id == "aB3_xY-90z"
    assert (named.arxiv_id, named.doi) == ("2403.00009", None)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{'title': 1}", "not JSON at column 2: Expecting property name enclosed in double quotes"),
        ("[1]", "not an object"),
        ({"abstract": "x"}, "no title"),
        ({"title": "<b></b>"}, "no title"),
        ({"title": 3}, "title is a number, not text"),
        ({"title": "x", "authors": "Ada"}, "authors is the text “Ada”, not a list"),
        ({"title": "x", "upvotes": -1}, "upvotes is not between 0 and 2,147,483,647"),
        ("[" * 100_000, "nested too deeply"),
        ('{"title": "x", "upvotes": ' + "9" * 5_000 + "}", "holds a number of thousands of digits"),
        ('{"title": "' + "x" * 1_000_000 + '"}', "longer than 1,000,000 characters"),
    ],
)
def test_a_bad_line_is_rejected_and_the_others_go_in(line: object, reason: str) -> None:
    read = edition({"title": "One"}, line, "", {"title": "Four"})
    assert [paper.title for paper in read.papers] == ["One", "Four"]
    assert read.rejected == (Rejected("line 2", reason),)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"arxiv_id": "nonsense"}, ("arxiv_id", "identifier dropped: arxiv_id is none")),
        ({"doi": "nonsense"}, ("doi", "identifier dropped: doi is none")),
        ({"openreview_id": "?"}, ("openreview_id", "identifier dropped: openreview_id is none")),
        ({"page": "ftp://a.example/"}, ("page", "link dropped: not https but ftp")),
        ({"published": "soon"}, ("published", "date dropped: published is no date: “soon”")),
    ],
)
def test_a_bad_fact_is_dropped_and_its_paper_stays(
    facts: dict[str, str], expected: tuple[str, str]
) -> None:
    read = edition({"title": "Kept", **facts})
    assert list(read.papers) == [Paper(title="Kept")]
    [rejected] = read.rejected
    assert (rejected.position, rejected.reason) == (f"line 1, {expected[0]}", expected[1])


def test_a_file_whose_last_line_is_cut_off_is_unreadable() -> None:
    with pytest.raises(UnreadableFile, match="cut off in line 2, the last"):
        edition({"title": "One"}, '{"title": "Tw', end="")


def test_a_last_line_without_its_end_is_whole() -> None:
    assert len(edition({"title": "One"}, {"title": "Two"}, end="").papers) == 2


@pytest.mark.parametrize("lines", [[{"name": "x"}], ["{"], [{"name": "x"}] * 200])
def test_lines_of_another_kind_are_unreadable(lines: list[object]) -> None:
    with pytest.raises(UnreadableFile, match=r"unknown shape.*line 1"):
        edition(*lines)
