"""Pages of trending papers: titles and abstracts by turns, below their banners."""

from datetime import date

import pytest

from service.domain.papers import Edition, Rejected
from service.sources.formats import parse

BANNERS = [
    "Get trending papers in your email inbox once a day!",
    "Get trending papers in your email inbox!",
]
ABSTRACTS = [f"Abstract {number}: " + "we look at the sky and count. " * 14 for number in range(5)]


def edition(*lines: str) -> Edition:
    return parse("\n".join([*BANNERS, *lines]).encode(), "page.txt")


def pairs(read: Edition) -> list[tuple[str, str]]:
    return [(paper.title, paper.abstract[:10]) for paper in read.papers]


def test_titles_and_abstracts_alternate_below_the_banners() -> None:
    read = edition("SubscribeNight Sky", ABSTRACTS[0], "Day Sky", ABSTRACTS[1], "")
    assert read.format == "pages"
    assert pairs(read) == [("Night Sky", "Abstract 0"), ("Day Sky", "Abstract 1")]
    assert read.rejected == ()
    assert read.date is None
    assert read.papers[0].page is None


def test_short_abstracts_alternate_as_well() -> None:
    read = edition("SubscribeA", "Short.", "B", "Brief.", "C", "Terse.")
    assert pairs(read) == [("A", "Short."), ("B", "Brief."), ("C", "Terse.")]


def test_blank_lines_and_foreign_line_ends_are_harmless() -> None:
    lines = ["", *BANNERS, "Subscribe", "Night  Sky", "", ABSTRACTS[0], "   "]
    read = parse(("\ufeff" + "\r\n\r\n".join(lines)).encode(), "page-2024-03-05.txt")
    assert pairs(read) == [("Night Sky", "Abstract 0")]
    assert read.rejected == ()
    assert read.date == date(2024, 3, 5)


def test_the_button_is_removed_from_the_first_title_only() -> None:
    read = edition("SubscribeNight Sky", ABSTRACTS[0], "Subscriber Churn", ABSTRACTS[1])
    assert [paper.title for paper in read.papers] == ["Night Sky", "Subscriber Churn"]


def test_two_pages_in_one_file_are_read_as_one() -> None:
    read = edition("SubscribeA", ABSTRACTS[0], *BANNERS, "SubscribeB", ABSTRACTS[1])
    assert pairs(read) == [("A", "Abstract 0"), ("B", "Abstract 1")]


@pytest.mark.parametrize(
    ("lines", "kept", "rejected"),
    [
        (
            ["SubscribeA", ABSTRACTS[0], "Left over"],
            ["A"],
            Rejected("line 5", "a title without an abstract"),
        ),
        (
            ["SubscribeA", "B", ABSTRACTS[1], "C", ABSTRACTS[2]],
            ["B", "C"],
            Rejected("line 3", "a title without an abstract"),
        ),
        (
            ["SubscribeA", ABSTRACTS[0], ABSTRACTS[1], "C", ABSTRACTS[2]],
            ["A", "C"],
            Rejected("line 5", "an abstract without a title"),
        ),
    ],
)
def test_an_odd_line_spoils_no_other_paper(
    lines: list[str], kept: list[str], rejected: Rejected
) -> None:
    read = edition(*lines)
    assert [paper.title for paper in read.papers] == kept
    assert read.rejected == (rejected,)


def test_banners_alone_are_an_empty_edition() -> None:
    assert edition() == Edition(format="pages", papers=())
