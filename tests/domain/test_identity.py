"""How a paper is recognised again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.papers import (
    Known,
    Paper,
    arxiv_id,
    identities,
    recognise,
    short_authors,
    title_identity,
)


def known(paper_id: int, paper: Paper) -> Known:
    return Known(paper_id, frozenset(identities(paper)))


@pytest.mark.parametrize(
    ("written", "bare"),
    [
        ("2403.00001", "2403.00001"),
        ("2403.00001v12", "2403.00001"),
        (" arXiv:0704.0001v1 ", "0704.0001"),
        ("hep-th/9901001v2", "hep-th/9901001"),
        ("math.GT/0309136", "math.GT/0309136"),
        ("2413.00001", None),
        ("2403.001", None),
        ("2403.00001v", None),
        ("٢٤٠٣.٠٠٠٠١", None),
        ("10.1000/182", None),
        ("", None),
    ],
)
def test_an_arxiv_id_is_told_apart_and_loses_its_version(written: str, bare: str | None) -> None:
    assert arxiv_id(written) == bare


def test_identities_stand_in_order_of_strength_and_end_with_the_title() -> None:
    paper = Paper(title="Tides", arxiv_id="2403.00001", doi="10.1/X", openreview_id="aB")
    assert identities(paper) == (
        "arxiv:2403.00001",
        "doi:10.1/x",
        "openreview:ab",
        title_identity("Tides"),
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("State-of-the-Art Tides", "state of the art  tides"),
        ("Schrödinger’s Tide", "Schrodingers tide"),
        ("Ｔｉｄｅｓ", "tides"),
        ("eﬃcient tides", "Efficient: Tides!"),
    ],
)
def test_a_title_is_the_same_in_any_dress(one: str, other: str) -> None:
    assert title_identity(one) == title_identity(other)


def test_titles_of_symbols_alone_stay_apart() -> None:
    assert title_identity("???") != title_identity("!!!")


@given(st.text(min_size=1).filter(str.strip))
def test_a_title_keeps_its_identity_in_capitals_and_between_spaces(title: str) -> None:
    assert title_identity(f"  {title} ") == title_identity(title)


def test_an_identifier_decides_before_the_title() -> None:
    stored = [
        known(1, Paper(title="Tides")),
        known(2, Paper(title="Old Name", arxiv_id="2403.00001")),
    ]
    assert recognise(Paper(title="Tides", arxiv_id="2403.00001"), stored) == 2


def test_a_paper_without_an_id_is_recognised_by_its_title() -> None:
    stored = [known(1, Paper(title="Tides", arxiv_id="2403.00001"))]
    assert recognise(Paper(title="TIDES!"), stored) == 1


def test_a_paper_that_gains_an_id_stays_the_same_paper() -> None:
    assert recognise(Paper(title="Tides", doi="10.1/x"), [known(1, Paper(title="Tides"))]) == 1


def test_two_papers_of_one_title_and_different_ids_stay_two() -> None:
    stored = [known(1, Paper(title="Tides", arxiv_id="2403.00001"))]
    assert recognise(Paper(title="Tides", arxiv_id="2403.00002"), stored) is None


def test_a_contradicted_title_does_not_hide_a_fitting_one() -> None:
    stored = [
        known(1, Paper(title="Tides", arxiv_id="2403.00001")),
        known(2, Paper(title="Tides", doi="10.1/x")),
    ]
    assert recognise(Paper(title="Tides", arxiv_id="2403.00002"), stored) == 2


def test_an_unknown_paper_is_new() -> None:
    assert recognise(Paper(title="Dunes"), [known(1, Paper(title="Tides"))]) is None


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
