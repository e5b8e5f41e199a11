"""FTS5 and a plain-Python reading of the same topics must agree."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.papers import Paper
from service.domain.ranking import ABOUT, MENTIONED
from service.domain.text import fold
from service.domain.topics import TopicError, parse
from service.matching.index import PaperIndex


class Stems:
    """What porter makes of a word, asked of SQLite's own vocabulary table."""

    def __init__(self) -> None:
        self._database = sqlite3.connect(":memory:")
        self._database.executescript(
            "CREATE VIRTUAL TABLE word USING fts5(form, tokenize='porter ascii');"
            "CREATE VIRTUAL TABLE stem USING fts5vocab(word, 'row');"
        )
        self._known: dict[str, str] = {}

    def __call__(self, word: str) -> str:
        if word not in self._known:
            self._database.execute("DELETE FROM word")
            self._database.execute("INSERT INTO word VALUES (?)", (word,))
            ((self._known[word],),) = self._database.execute("SELECT term FROM stem").fetchall()
        return self._known[word]

    def close(self) -> None:
        self._database.close()


@pytest.fixture(scope="module")
def stems() -> Iterator[Stems]:
    stems = Stems()
    yield stems
    stems.close()


Field = dict[str, list[int]]
Holds = Callable[[list[Field]], bool]


def field_of(text: str, stems: Stems) -> Field:
    """Where each stem of a text stands."""
    field: Field = {}
    for position, word in enumerate(fold(text).split()):
        field.setdefault(stems(word), []).append(position)
    return field


def fields_of(paper: Paper, stems: Stems) -> list[Field]:
    return [field_of(paper.title, stems), field_of(paper.abstract, stems)]


@dataclass(frozen=True)
class Question:
    """A topic as text, and the plain-Python reading of it that FTS5 must agree with."""

    text: str
    holds: Holds


def starts(phrase: list[str], field: Field) -> list[int]:
    return [
        start
        for start in field.get(phrase[0], [])
        if all(start + offset in field.get(stem, []) for offset, stem in enumerate(phrase))
    ]


def run_of(terms: list[str], stems: Stems) -> Question:
    phrases = [[stems(word) for word in fold(term).split()] for term in dict.fromkeys(terms)]
    distance = 3 + sum(len(phrase) for phrase in phrases[1:-1])

    def near(field: Field) -> bool:
        places = [starts(phrase, field) for phrase in phrases]
        return any(
            all(
                any(last - len(phrase) - distance <= start <= last for start in places[number])
                for number, phrase in enumerate(phrases)
            )
            for last in {start for found in places for start in found}
        )

    return Question(" ".join(terms), lambda fields: any(map(near, fields)))


def both(parts: list[Question]) -> Question:
    return Question(
        " AND ".join(f"({part.text})" for part in parts),
        lambda fields: all(part.holds(fields) for part in parts),
    )


def either(parts: list[Question]) -> Question:
    return Question(
        "(" + " OR ".join(part.text for part in parts) + ")",
        lambda fields: any(part.holds(fields) for part in parts),
    )


def neither(part: Question) -> Question:
    return Question(f"NOT ({part.text})", lambda fields: not part.holds(fields))


def without(wanted: Question, unwanted: Question) -> Question:
    return Question(
        f"({wanted.text}) -({unwanted.text})",
        lambda fields: wanted.holds(fields) and not unwanted.holds(fields),
    )


# The shape of a question apart from its words: a run holds terms, a term the numbers of its words.
terms = st.integers(0, 99).map(lambda word: (word,)) | st.lists(
    st.integers(0, 99), min_size=1, max_size=3
).map(tuple)
shapes: st.SearchStrategy[Any] = st.recursive(
    st.tuples(st.just("run"), st.lists(terms, min_size=1, max_size=3)),
    lambda inner: st.one_of(
        st.tuples(st.just("both"), st.lists(inner, min_size=2, max_size=3)),
        st.tuples(st.just("either"), st.lists(inner, min_size=2, max_size=3)),
        st.tuples(st.just("neither"), inner),
        st.tuples(st.just("without"), inner, inner),
    ),
    max_leaves=6,
)


def ask(shape: Any, words: Sequence[str], stems: Stems) -> Question:
    """The question of a shape, worded from `words`."""
    match shape:
        case "run", terms:
            phrases = [" ".join(words[number % len(words)] for number in term) for term in terms]
            return run_of([f'"{phrase}"' if " " in phrase else phrase for phrase in phrases], stems)
        case "both", parts:
            return both([ask(part, words, stems) for part in parts])
        case "either", parts:
            return either([ask(part, words, stems) for part in parts])
        case "neither", part:
            return neither(ask(part, words, stems))
        case _, wanted, unwanted:
            return without(ask(wanted, words, stems), ask(unwanted, words, stems))
        case _:
            raise AssertionError(shape)


def agree(index: PaperIndex, papers: dict[int, list[Field]], question: Question) -> None:
    expected = {paper_id for paper_id, fields in papers.items() if question.holds(fields)}
    if question.holds([{}, {}]):
        # A topic that a paper without any words meets only excludes, and is refused.
        with pytest.raises(TopicError, match="lacks"):
            parse(question.text)
        return
    found = index.run(parse(question.text))
    assert set(found) == expected, question.text
    for paper_id, match in found.items():
        titled = question.holds([papers[paper_id][0], {}])
        assert match.tier == (ABOUT if titled else MENTIONED), question.text


# Words with inflections that share a stem, parts of words, accents, marks and scripts.
WORDS = [
    "model",
    "Models",
    "modelling",
    "world",
    "robot",
    "robotics",
    "GPT-4",
    "Gödel",
    "世界",
    "is",
]


texts = st.lists(st.sampled_from([*WORDS, "of", "x", "y"]), max_size=9).map(" ".join)
small_papers = st.lists(st.builds(Paper, title=texts, abstract=texts), min_size=1, max_size=6)


@settings(max_examples=300, deadline=None)
@given(small_papers, shapes)
def test_fts5_and_a_plain_reading_agree_on_small_papers(
    stems: Stems, papers: list[Paper], shape: Any
) -> None:
    numbered = dict(enumerate(papers, start=1))
    with PaperIndex(numbered) as index:
        agree(
            index,
            {paper_id: fields_of(paper, stems) for paper_id, paper in numbered.items()},
            ask(shape, WORDS, stems),
        )


def pages(corpus: Path) -> dict[int, Paper]:
    """The papers of the two pages of text; an id is a place, so some papers stand twice."""
    papers: list[Paper] = []
    for file in sorted((corpus / "pages").glob("*.txt")):
        _, _, first, *lines = file.read_text(encoding="utf-8").splitlines()
        lines = [first.removeprefix("Subscribe"), *lines]
        papers += [
            Paper(title=title, abstract=abstract)
            for title, abstract in zip(lines[::2], lines[1::2], strict=False)
        ]
    return dict(enumerate(papers, start=1))


@pytest.fixture(scope="module")
def page_papers(corpus: Path) -> dict[int, Paper]:
    papers = pages(corpus)
    assert len(papers) == 238
    return papers


@pytest.fixture(scope="module")
def page_index(page_papers: dict[int, Paper]) -> Iterator[PaperIndex]:
    with PaperIndex(page_papers) as index:
        yield index


@pytest.fixture(scope="module")
def page_fields(page_papers: dict[int, Paper], stems: Stems) -> dict[int, list[Field]]:
    return {paper_id: fields_of(paper, stems) for paper_id, paper in page_papers.items()}


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 238), shapes)
def test_fts5_and_a_plain_reading_agree_on_real_papers(
    page_index: PaperIndex,
    page_papers: dict[int, Paper],
    page_fields: dict[int, list[Field]],
    stems: Stems,
    source: int,
    shape: Any,
) -> None:
    # The words of one title, so that phrases and neighbours are often found.
    words = [*fold(page_papers[source].title).split(), "model", "data", "language", "the"]
    agree(page_index, page_fields, ask(shape, words, stems))


def test_real_titles_are_found_by_their_own_words_and_wider_questions_find_more(
    page_index: PaperIndex, page_papers: dict[int, Paper]
) -> None:
    narrower = 0
    for paper_id, paper in page_papers.items():
        words = fold(paper.title).split()[:8]
        phrase = page_index.run(parse(f'"{" ".join(words)}"'))
        near = page_index.run(parse(" ".join(words)))
        anywhere = page_index.run(parse(" AND ".join(words)))
        assert phrase[paper_id].tier == ABOUT
        assert set(phrase) <= set(near) <= set(anywhere)
        pair = " ".join(words[:2])
        narrower += len(page_index.run(parse(f'"{pair}"'))) < len(
            page_index.run(parse(" AND ".join(words[:2])))
        )
    assert narrower > 50
