import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.papers import Paper
from service.domain.ranking import ABOUT, MENTIONED
from service.domain.topics import TopicError, parse
from service.matching.index import PaperIndex

PAPERS = {
    1: Paper(title="World models for robots", abstract="We learn to plan."),
    2: Paper(title="Planning", abstract="A model of the world, for a robot."),
    3: Paper(title="Models", abstract="Nothing of the kind, though worlds apart in time and aim."),
    4: Paper(title="A survey", abstract="The world is large. Any good scientist models it."),
    5: Paper(title="Schrödinger's “ﬁne” state‑of‑the‑art LLMs", abstract=""),
}


@pytest.fixture(scope="module")
def index() -> Iterator[PaperIndex]:
    with PaperIndex(PAPERS) as index:
        yield index


@pytest.mark.parametrize(
    ("text", "tiers"),
    [
        ('"world models"', {1: ABOUT}),
        ("world models", {1: ABOUT, 2: MENTIONED}),
        ("world AND models", {1: ABOUT, 2: MENTIONED, 3: MENTIONED, 4: MENTIONED}),
        ("models", {1: ABOUT, 2: MENTIONED, 3: ABOUT, 4: MENTIONED}),
        ("models -robot", {3: ABOUT, 4: MENTIONED}),
        ("models AND NOT (robot OR survey)", {3: ABOUT}),
        (
            "models AND (planning OR NOT robots)",
            {1: MENTIONED, 2: MENTIONED, 3: ABOUT, 4: MENTIONED},
        ),
        ("schrodinger", {5: ABOUT}),
        ("“state of the art” LLM", {5: ABOUT}),
        ("FINE", {5: ABOUT}),
        ("quantum", {}),
    ],
)
def test_a_topic_finds_its_papers(index: PaperIndex, text: str, tiers: dict[int, int]) -> None:
    assert {key: match.tier for key, match in index.run(parse(text)).items()} == tiers


def test_an_index_of_no_papers_finds_none() -> None:
    with PaperIndex({}) as empty:
        assert empty.run(parse("robots")) == {}


def test_a_closed_index_answers_no_more() -> None:
    index = PaperIndex(PAPERS)
    index.close()
    with pytest.raises(sqlite3.ProgrammingError):
        index.run(parse("robots"))


def test_the_largest_topic_allowed_runs() -> None:
    terms = [f"w{number}" for number in range(31)]
    nested = terms[0]
    for number in range(1, 9):
        nested = f"({nested} {'AND' if number % 2 else 'OR'} {terms[number]})"
    with PaperIndex({1: Paper(title="w30"), 2: Paper(title=" ".join(terms))}) as index:
        assert set(index.run(parse(" OR ".join([*terms[1:], "w30"])))) == {1, 2}
        assert set(index.run(parse(" AND ".join(terms)))) == {2}
        assert set(index.run(parse(" ".join(terms)))) == {2}
        assert set(index.run(parse(nested))) == {2}
        assert set(index.run(parse("w30 NOT " + " NOT ".join(terms[:30])))) == {1}


signs = st.text(alphabet="aAbé世*^:+{}[]()-\"'“”.,;&|!~\\%$# \t0ØANDORT_NEAR", max_size=30)


@settings(deadline=None)
@given(signs)
def test_no_text_reaches_sqlite_as_query_syntax(index: PaperIndex, text: str) -> None:
    try:
        topic = parse(text)
    except TopicError:
        return
    assert set(index.run(topic)) <= set(PAPERS)
