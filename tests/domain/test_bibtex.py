"""Papers as BibTeX."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.bibtex import bibtex
from service.domain.papers import Paper

LAMP = Paper(
    title="The Lamp: R&D in 100% Light_Years",
    authors=("Zoë O'Neil", "Okafor, Ben", "Salt and Pepper"),
    arxiv_id="2608.00001",
    doi="10.5555/lamp_1",
    categories=("cs.CL",),
    page="https://arxiv.org/abs/2608.00001",
    published=date(2026, 8, 20),
)


def test_an_entry_tells_all_that_is_known() -> None:
    assert bibtex([LAMP]) == (
        "@misc{neil2026lamp,\n"
        "  title         = {{The Lamp: R\\&D in 100\\% Light\\_Years}},\n"
        "  author        = {Zoë O'Neil and {Okafor, Ben} and {Salt and Pepper}},\n"
        "  year          = {2026},\n"
        "  eprint        = {2608.00001},\n"
        "  archiveprefix = {arXiv},\n"
        "  primaryclass  = {cs.CL},\n"
        "  doi           = {10.5555/lamp_1},\n"
        "  url           = {https://arxiv.org/abs/2608.00001},\n"
        "  month         = aug,\n"
        "}\n"
    )


def test_papers_that_would_share_a_key_are_told_apart() -> None:
    keys = re.findall(r"@misc\{(.+),", bibtex([LAMP] * 29))
    assert keys[:3] == ["neil2026lamp", "neil2026lampa", "neil2026lampb"]
    assert keys[-1] == "neil2026lampab"
    assert len(set(keys)) == 29


@pytest.mark.parametrize("title", ["世界模型", "2001", "The", "..."])
def test_a_title_without_latin_letters_has_a_key_too(title: str) -> None:
    assert re.match(r"@misc\{paper[0-9]*,", bibtex([Paper(title=title)])) or title == "The"


@given(st.text(min_size=1), st.lists(st.text(min_size=1), max_size=3))
def test_braces_are_balanced_whatever_the_words(title: str, authors: list[str]) -> None:
    entry = bibtex([Paper(title=title, authors=tuple(authors), page=f"https://e.example/{title}")])
    depth = 0
    for sign in entry:
        depth += (sign == "{") - (sign == "}")
        assert depth >= 0
    assert depth == 0
    assert "\n\n" not in entry
