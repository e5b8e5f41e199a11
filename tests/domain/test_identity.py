"""How a paper is recognised again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.identity import (
    Known,
    Recognition,
    arxiv_id,
    arxiv_version,
    doi,
    identities,
    openreview_id,
    recognise,
    title_identity,
)
from service.domain.papers import Paper


def known(paper_id: int, paper: Paper) -> Known:
    return Known(paper_id, frozenset(identities(paper)), paper.authors)


def recognised(paper: Paper, stored: list[Known]) -> Recognition:
    return recognise(identities(paper), paper.authors, stored)


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
        ("https://arxiv.org/abs/2403.00001v3", "2403.00001"),
        ("http://arxiv.org/pdf/2403.00001.pdf", "2403.00001"),
        ("https://www.arxiv.org/html/2403.00001v1#S1", "2403.00001"),
        ("https://export.arxiv.org/abs/hep-th/9901001?context=x", "hep-th/9901001"),
        ("https://huggingface.co/papers/2403.00001", "2403.00001"),
        ("https://doi.org/10.48550/arXiv.2403.00001", "2403.00001"),
        ("10.48550/arXiv.2403.00001", "2403.00001"),
        ("oai:arXiv.org:2403.00001v2", "2403.00001"),
        ("https://arxiv.org.evil.example/abs/2403.00001", None),
        ("https://arxiv.org/list/cs.CL/2403", None),
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
        "openreview:aB",
        title_identity("Tides"),
    )


def test_the_subject_class_of_an_old_arxiv_id_tells_nothing_apart() -> None:
    with_class, without = (
        identities(Paper(title="Tides", arxiv_id=written))
        for written in ("math.GT/0309136", "math/0309136")
    )
    assert with_class == without


def test_a_version_is_told_where_it_is_named() -> None:
    assert arxiv_version("https://arxiv.org/abs/2403.00001v12") == 12
    assert arxiv_version("2403.00001") is None


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("10.1000/182", "10.1000/182"),
        ("doi:10.1000/ABC.d", "10.1000/abc.d"),
        ("https://doi.org/10.1000/a%2Fb", "10.1000/a/b"),
        ("http://dx.doi.org/10.1000/182.", "10.1000/182"),
        ("10.48550/arXiv.2403.00001", None),
        ("10.1/x y", None),
        ("2403.00001", None),
    ],
)
def test_a_doi_is_found_in_any_form(written: str, name: str | None) -> None:
    assert doi(written) == name


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("aB3_xY-90z", "aB3_xY-90z"),
        ("https://openreview.net/forum?id=aB3_xY-90z", "aB3_xY-90z"),
        ("https://openreview.net/pdf?noteId=1&id=aB3_xY-90z#page", "aB3_xY-90z"),
        ("https://openreview.net/group?id=ICLR", None),
        ("a b", None),
    ],
)
def test_an_openreview_id_is_found_in_any_form(written: str, name: str | None) -> None:
    assert openreview_id(written) == name


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
        known(1, Paper(title="Tides", doi="10.1/other", authors=("Cy Ode",))),
        known(2, Paper(title="Old Name", arxiv_id="2403.00001", authors=("Ada Lind",))),
    ]
    told = Paper(title="Tides", arxiv_id="2403.00001", authors=("Ada Lind",))
    assert recognised(told, stored) == Recognition((2,), (1,))


def test_a_paper_without_an_id_is_recognised_by_its_title() -> None:
    stored = [known(1, Paper(title="Tides", arxiv_id="2403.00001"))]
    assert recognised(Paper(title="TIDES!"), stored) == Recognition((1,))


def test_a_paper_that_gains_an_id_stays_the_same_paper() -> None:
    told = Paper(title="Tides", doi="10.1/x")
    assert recognised(told, [known(1, Paper(title="Tides"))]) == Recognition((1,))


def test_a_title_that_changed_between_versions_does_not_make_two() -> None:
    stored = [known(1, Paper(title="Tides", arxiv_id="2403.00001"))]
    assert recognised(Paper(title="Ebb", arxiv_id="2403.00001"), stored).same == (1,)


def test_two_papers_of_one_title_and_different_ids_stay_two() -> None:
    stored = [known(1, Paper(title="Tides", arxiv_id="2403.00001"))]
    told = Paper(title="Tides", arxiv_id="2403.00002")
    assert recognised(told, stored) == Recognition((), (1,))


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        (("Ada Lind",), ("Ada Lind", "Bo Ek"), True),
        (("A. Lind",), ("Ada Lind",), True),
        (("Lind, Ada",), ("Bo Ek", "ADA LIND"), True),
        (("Bo Ek", "Ada Lind"), ("Ada Lind", "Bo Ek"), True),
        ((), ("Ada Lind",), True),
        (("A. B.",), ("Ada Lind",), True),
        (("Cy Ode",), ("Ada Lind", "Bo Ek"), False),
        (("Cy Ode", "Bo Ek"), ("Ada Lind", "Bo Ek"), False),
    ],
)
def test_authors_tell_two_papers_of_one_title_apart(
    ours: tuple[str, ...], theirs: tuple[str, ...], same: bool
) -> None:
    stored = [known(1, Paper(title="Tides", authors=theirs))]
    assert bool(recognised(Paper(title="Tides", authors=ours), stored).same) is same


def test_a_record_may_show_that_two_stored_papers_are_one() -> None:
    stored = [
        known(1, Paper(title="Tides")),
        known(2, Paper(title="Ebb", arxiv_id="2403.00001")),
    ]
    told = Paper(title="Tides", arxiv_id="2403.00001")
    assert recognised(told, stored).same == (2, 1)


def test_one_wrong_record_does_not_join_papers_that_contradict_each_other() -> None:
    stored = [
        known(1, Paper(title="Tides", arxiv_id="2403.00001")),
        known(2, Paper(title="Dunes", arxiv_id="2403.00002", doi="10.1/x")),
    ]
    told = Paper(title="Tides", arxiv_id="2403.00001", doi="10.1/x")
    assert recognised(told, stored) == Recognition((1,), (2,))


def test_a_title_of_two_papers_is_ambiguous() -> None:
    stored = [
        known(1, Paper(title="Tides", arxiv_id="2403.00001")),
        known(2, Paper(title="Tides", arxiv_id="2403.00002")),
    ]
    assert recognised(Paper(title="Tides"), stored) == Recognition((1,), (2,))


def test_an_unknown_paper_is_new() -> None:
    assert recognised(Paper(title="Dunes"), [known(1, Paper(title="Tides"))]) == Recognition(())
