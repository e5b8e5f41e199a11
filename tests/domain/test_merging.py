"""A paper after another source has spoken of it."""

import dataclasses
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from service.domain.merging import merge
from service.domain.papers import Paper

KNOWN = Paper(
    title="Maps of Rivers",
    abstract="On maps.",
    authors=("Ada Example",),
    arxiv_id="2608.00001",
    published=date(2026, 8, 20),
    upvotes=7,
    keywords=("maps",),
)


def test_what_the_newer_source_says_wins() -> None:
    told = Paper(title="Maps of Rivers, Revised", abstract="On better maps.", upvotes=9)
    merged = merge(KNOWN, told)
    assert (merged.title, merged.abstract, merged.upvotes) == (told.title, told.abstract, 9)


def test_what_the_newer_source_leaves_out_stays() -> None:
    merged = merge(KNOWN, Paper(title="Maps of Rivers"))
    assert merged == KNOWN


def test_an_old_file_that_comes_late_does_not_lower_a_count() -> None:
    assert merge(KNOWN, Paper(title="Maps of Rivers", upvotes=3)).upvotes == 7
    assert merge(Paper(title="Maps"), Paper(title="Maps", comments=0)).comments == 0


PAPERS = st.builds(
    Paper,
    title=st.text(min_size=1, max_size=5),
    abstract=st.text(max_size=5),
    authors=st.lists(st.text(min_size=1, max_size=3), max_size=3).map(tuple),
    upvotes=st.none() | st.integers(0, 9),
    comments=st.none() | st.integers(0, 9),
    stars=st.none() | st.integers(0, 9),
    keywords=st.lists(st.text(min_size=1, max_size=3), max_size=3).map(tuple),
    page=st.none() | st.just("https://example.org"),
)


@given(PAPERS, PAPERS)
def test_telling_the_same_twice_changes_nothing_and_no_knowledge_is_lost(
    known: Paper, told: Paper
) -> None:
    merged = merge(known, told)
    assert merge(merged, told) == merged
    assert merge(known, known) == known
    for field in dataclasses.fields(Paper):
        before, after = getattr(known, field.name), getattr(merged, field.name)
        if before not in (None, "", ()):
            assert after not in (None, "", ()), f"{field.name} was lost"
