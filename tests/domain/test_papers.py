"""A paper as its readers see it."""

import pytest

from service.domain.papers import short_authors


@pytest.mark.parametrize(
    ("authors", "line"),
    [
        ([], ""),
        (["A"], "A"),
        (["A", "B", "C"], "A, B, C"),
        (["A", "B", "C", "D"], "A, B, … D (4 authors)"),
    ],
)
def test_the_line_of_authors_stays_short(authors: list[str], line: str) -> None:
    assert short_authors(authors) == line
