"""The index and a plain-Python reading of the same topics must agree on every paper and tier."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.acronyms import spellings
from service.domain.expression import Near, Term
from service.domain.papers import Paper
from service.domain.ranking import ABOUT, MENTIONED, NEARBY, TIERS, in_order
from service.domain.text import fold, words
from service.domain.topics import Topic, TopicError, parse
from service.matching.index import PaperIndex

TOPICS = settings().max_examples * 3


@cache
def _porter() -> sqlite3.Connection:
    database = sqlite3.connect(":memory:", check_same_thread=False)
    database.executescript(
        "CREATE VIRTUAL TABLE word USING fts5(form, tokenize='porter ascii');"
        "CREATE VIRTUAL TABLE stem USING fts5vocab(word, 'row');"
    )
    return database


@cache
def stem(word: str) -> str:
    """What porter makes of a word, asked of SQLite's own vocabulary table."""
    _porter().execute("DELETE FROM word")
    _porter().execute("INSERT INTO word VALUES (?)", (word,))
    ((found,),) = _porter().execute("SELECT term FROM stem").fetchall()
    return str(found)


@dataclass
class Said:
    """One text of a paper: where each word and each stem stands, and all its words."""

    forms: dict[str, list[int]] = field(default_factory=dict)
    stems: dict[str, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> "Said":
        said = cls()
        for place, word in enumerate(words(text)):
            said.forms.setdefault(word, []).append(place)
            said.stems.setdefault(stem(word), []).append(place)
        return said


@dataclass
class Read:
    """A paper as the plain reading knows it."""

    paper: Paper
    fields: dict[str, list[Said]]

    @classmethod
    def of(cls, paper: Paper) -> "Read":
        texts = {
            "title": [paper.title],
            "abstract": [paper.abstract],
            "author": paper.authors,
            "keyword": paper.keywords,
            "category": paper.categories,
            "org": [paper.organisation or ""],
        }
        return cls(paper, {name: [Said.of(t) for t in texts[name]] for name in texts})


def begins(part: str, last: bool, term: Term, said: Said, stemmed: bool) -> Iterable[int]:
    if last and term.prefix:
        return {p for form, places in said.forms.items() if form.startswith(part) for p in places}
    if term.exact or not stemmed:
        return said.forms.get(part, ())
    return said.stems.get(stem(part), ())


@cache
def parts_of(term: Term) -> Sequence[str]:
    """The words that a text is looked through for, which are many texts for one term."""
    return words(" ".join(term.words))


spelled = cache(spellings)


def places(term: Term, said: Said, stemmed: bool) -> list[int]:
    """Where a word or phrase begins."""
    parts = parts_of(term)
    found = [
        set(begins(part, number == len(parts) - 1, term, said, stemmed))
        for number, part in enumerate(parts)
    ]
    return sorted(p for p in found[0] if all(p + n in more for n, more in enumerate(found)))


def mentions(wanted: Term | Near, said: Said, stemmed: bool) -> int | None:
    """How often a text has the terms as one phrase; None where they are not even near."""
    terms = wanted.terms if isinstance(wanted, Near) else (wanted,)
    lengths = [len(parts_of(term)) for term in terms]
    found = [places(term, said, stemmed) for term in terms]
    distance = 3 + sum(lengths[1:-1])
    near = any(
        all(
            any(last - length - distance <= first <= last for first in starts)
            for starts, length in zip(found, lengths, strict=True)
        )
        for starts in found
        for last in starts
    )
    if not near:
        return None
    return sum(
        all(first + sum(lengths[:n]) in starts for n, starts in enumerate(found))
        for first in found[0]
    )


@dataclass(frozen=True)
class Leaf:
    """What is sought, as text, and which tier it gives a paper; a fact gives none of its own."""

    text: str
    tier: Callable[[Read], int] = field(compare=False)
    fact: bool = False


def sought(name: str, terms: Sequence[tuple[str, str]]) -> Leaf:
    """A run of terms, each with how it is meant, in one field or (named "") in the text."""
    distinct: dict[Term, str] = {}
    for said, meant in terms:
        named = name in ("author", "category", "org")
        folded = tuple(fold(said).split())
        prefix = meant == "prefix" and len(folded[-1]) >= 3 and folded[-1].isascii()
        plain = named or meant != "exact" or (prefix and len(folded) == 1)
        typed = said + "*" * prefix if " " not in said else f'"{said}{"*" * prefix}"'
        distinct.setdefault(Term(folded, prefix, not plain), "exact:" * (meant == "exact") + typed)
    wanted = next(iter(distinct)) if len(distinct) == 1 else Near(tuple(distinct))
    run = " ".join(distinct.values())
    text = run if not name else f"{name}:({run})"

    def tier(read: Read) -> int:
        ways = [wanted] if name in ("author", "category", "org") else spelled(wanted)
        counted = []
        for field_name in [name] if name else ["title", "abstract"]:
            for said in read.fields[field_name]:
                for way in ways:
                    count = mentions(way, said, name not in ("author", "category", "org"))
                    if count is not None:
                        counted.append(count * (2 if field_name == "title" else 1))
        if name in ("author", "keyword", "category", "org"):
            return TIERS if counted else 0
        return min(TIERS, NEARBY + sum(counted)) if counted else 0

    return Leaf(text, tier, fact=name in ("author", "keyword", "category", "org"))


def at_least(upvotes: int) -> Leaf:
    return Leaf(
        f"upvotes>={upvotes}", lambda read: TIERS * ((read.paper.upvotes or 0) >= upvotes), True
    )


def has(link: str) -> Leaf:
    return Leaf(f"has:{link}", lambda read: TIERS * (getattr(read.paper, link) is not None), True)


# A question with negations at its leaves: a leaf and whether it is denied, or the set of what
# must all, or any of it, hold. Sets make a part that is said twice one.
Meaning = tuple[str, Any]


def joined(kind: str, parts: Iterable[Meaning]) -> Meaning:
    flat: set[Meaning] = set()
    for part in parts:
        flat |= part[1] if part[0] == kind else {part}
    return next(iter(flat)) if len(flat) == 1 else (kind, frozenset(flat))


def tier_of(meaning: Meaning, read: Read) -> int:
    match meaning:
        case "all", parts:
            return min(tier_of(part, read) for part in parts)
        case "any", parts:
            return max(tier_of(part, read) for part in parts)
        case "is", leaf:
            return int(leaf.tier(read))
        case _, leaf:
            return 0 if leaf.tier(read) else TIERS


def speaks(meaning: Meaning) -> bool:
    """Whether some word is sought in title or abstract."""
    kind, parts = meaning
    if kind in ("all", "any"):
        return any(map(speaks, parts))
    return kind == "is" and not parts.fact


def asked_tier(meaning: Meaning, read: Read) -> int:
    if meaning[0] == "any":
        return max(asked_tier(part, read) for part in meaning[1])
    found = tier_of(meaning, read)
    return found if speaks(meaning) else min(found, ABOUT)


def only_excludes(meaning: Meaning) -> bool:
    kind, parts = meaning
    if kind == "all":
        return all(map(only_excludes, parts))
    return any(map(only_excludes, parts)) if kind == "any" else kind == "not"


@dataclass(frozen=True)
class Question:
    """A topic as text, and what it and its negation mean."""

    text: str
    meaning: Meaning
    negated: Meaning


def of_leaf(leaf: Leaf) -> Question:
    return Question(leaf.text, ("is", leaf), ("not", leaf))


def both(parts: Sequence[Question]) -> Question:
    return Question(
        " AND ".join(f"({part.text})" for part in parts),
        joined("all", (part.meaning for part in parts)),
        joined("any", (part.negated for part in parts)),
    )


def either(parts: Sequence[Question]) -> Question:
    return Question(
        "(" + " OR ".join(part.text for part in parts) + ")",
        joined("any", (part.meaning for part in parts)),
        joined("all", (part.negated for part in parts)),
    )


def neither(part: Question) -> Question:
    return Question(f"NOT ({part.text})", part.negated, part.meaning)


# The shape of a question apart from its words, each of which is a number.
MEANT = ["", "", "", "exact", "prefix"]
numbers = st.integers(0, 99)
term_shapes = st.tuples(st.lists(numbers, min_size=1, max_size=3), st.sampled_from(MEANT))
run_shapes = st.lists(term_shapes, min_size=1, max_size=3)
leaf_shapes: st.SearchStrategy[Any] = st.one_of(
    st.tuples(st.just("run"), st.just(""), run_shapes),
    st.tuples(st.just("run"), st.just(""), run_shapes),
    st.tuples(
        st.just("run"),
        st.sampled_from(["title", "abstract", "author", "keyword", "category", "org"]),
        run_shapes,
    ),
    st.tuples(st.just("upvotes"), st.integers(0, 120)),
    st.tuples(st.just("has"), st.sampled_from(["code", "project", "pdf"])),
)
shapes: st.SearchStrategy[Any] = st.recursive(
    leaf_shapes,
    lambda inner: st.one_of(
        st.tuples(st.just("both"), st.lists(inner, min_size=2, max_size=3)),
        st.tuples(st.just("either"), st.lists(inner, min_size=2, max_size=3)),
        st.tuples(st.just("neither"), inner),
        st.tuples(st.just("without"), inner, inner),
    ),
    max_leaves=6,
)


def ask(shape: Any, vocabulary: Sequence[str]) -> Question:
    """The question of a shape, worded from a vocabulary."""
    match shape:
        case "run", name, terms:
            named = [
                (" ".join(vocabulary[n % len(vocabulary)] for n in places), meant)
                for places, meant in terms
            ]
            return of_leaf(sought(name, named))
        case "upvotes", count:
            return of_leaf(at_least(count))
        case "has", link:
            return of_leaf(has(link))
        case "both", parts:
            return both([ask(part, vocabulary) for part in parts])
        case "either", parts:
            return either([ask(part, vocabulary) for part in parts])
        case "neither", part:
            return neither(ask(part, vocabulary))
        case _, wanted, unwanted:
            return both([ask(wanted, vocabulary), neither(ask(unwanted, vocabulary))])
        case _:
            raise AssertionError(shape)


def readable(text: str) -> Topic | None:
    """The topic of a text; None where it is too long, and only there."""
    try:
        return parse(text)
    except TopicError as error:
        if "written out" in error.message or "at most" in error.message:
            return None
        raise


def agree(index: PaperIndex, papers: Sequence[Read], question: Question) -> None:
    if only_excludes(question.meaning):
        with pytest.raises(TopicError, match=r"lacks|written out|at most"):
            parse(question.text)
        return
    topic = readable(question.text)
    if topic is None:
        return
    found = {number: tier for tier, number in in_order(index.run(topic.expression))}
    expected = {
        number: tier
        for number, read in enumerate(papers)
        if (tier := asked_tier(question.meaning, read))
    }
    assert found == expected, question.text


# Words with inflections that share a stem, parts of words, accents, marks, scripts, acronyms.
WORDS = [
    "model",
    "Models",
    "modelling",
    "world",
    "large",
    "language",
    "LLMs",
    "robotics",
    "GPT-4",
    "Gödel",
    "世界",
    "is",
    "cs.CL",
]
texts = st.lists(st.sampled_from([*WORDS, "of", "x", "y"]), max_size=9).map(" ".join)
names = st.lists(texts, max_size=3).map(tuple)
links = st.none() | st.just("https://example.org")
small_papers = st.lists(
    st.builds(
        Paper,
        title=texts,
        abstract=texts,
        authors=names,
        keywords=names,
        categories=names,
        organisation=st.none() | texts,
        upvotes=st.none() | st.integers(0, 120),
        code=links,
        pdf=links,
    ),
    min_size=1,
    max_size=6,
)


@pytest.mark.long
@settings(max_examples=TOPICS)
@given(small_papers, shapes)
def test_the_index_and_a_plain_reading_agree_on_small_papers(
    papers: list[Paper], shape: Any
) -> None:
    with PaperIndex(papers) as index:
        agree(index, [Read.of(paper) for paper in papers], ask(shape, WORDS))


def pages(corpus: Path) -> list[Paper]:
    """The papers of the two pages of text, given the facts that pages lack."""
    papers: list[Paper] = []
    for file in sorted((corpus / "pages").glob("*.txt")):
        _, _, first, *lines = file.read_text(encoding="utf-8").splitlines()
        lines = [first.removeprefix("Subscribe"), *lines]
        papers += [
            Paper(title=title, abstract=abstract)
            for title, abstract in zip(lines[::2], lines[1::2], strict=False)
        ]
    return [
        replace(
            paper,
            upvotes=number % 50 or None,
            code="https://example.org" if number % 3 else None,
            categories=("cs.CL", "stat.ML")[number % 2 :],
            keywords=tuple(paper.abstract.split()[:3]),
        )
        for number, paper in enumerate(papers)
    ]


@pytest.fixture(scope="module")
def page_papers(corpus: Path) -> list[Paper]:
    papers = pages(corpus)
    assert len(papers) == 238
    return papers


@pytest.fixture(scope="module")
def page_index(page_papers: list[Paper]) -> Iterator[PaperIndex]:
    with PaperIndex(page_papers) as index:
        yield index


@pytest.fixture(scope="module")
def read_pages(page_papers: list[Paper]) -> list[Read]:
    return [Read.of(paper) for paper in page_papers]


@pytest.mark.long
@settings(max_examples=TOPICS)
@given(st.integers(0, 237), shapes)
def test_the_index_and_a_plain_reading_agree_on_every_real_paper(
    page_index: PaperIndex,
    page_papers: list[Paper],
    read_pages: list[Read],
    source: int,
    shape: Any,
) -> None:
    # The words of one title, so that phrases and neighbours are often found.
    vocabulary = [*fold(page_papers[source].title).split(), "model", "LLM", "language", "the"]
    agree(page_index, read_pages, ask(shape, vocabulary))


@settings(max_examples=TOPICS)
@given(st.data())
def test_the_index_and_a_plain_reading_agree_on_how_near_words_must_stand(
    page_index: PaperIndex, page_papers: list[Paper], read_pages: list[Read], data: st.DataObject
) -> None:
    # Words and pairs of words of one passage, about as far apart as they may be, in any order.
    said = words(data.draw(st.sampled_from(page_papers)).abstract)
    place = data.draw(st.integers(0, len(said) - 1))
    picked = []
    for _ in range(data.draw(st.integers(2, 4))):
        length = data.draw(st.integers(1, 2))
        picked.append((" ".join(said[place : place + length]), data.draw(st.sampled_from(MEANT))))
        place = min(place + length + data.draw(st.integers(0, 4)), len(said) - 1)
    run = sought("", data.draw(st.permutations(picked)))
    agree(page_index, read_pages, of_leaf(run))


def test_real_titles_are_found_by_their_own_words_and_wider_questions_find_more(
    page_index: PaperIndex, page_papers: list[Paper]
) -> None:
    def found(text: str) -> int:
        return page_index.run(parse(text).expression)[0]

    narrower = 0
    for number, paper in enumerate(page_papers):
        title = fold(paper.title).split()[:8]
        phrase = page_index.run(parse(f'"{" ".join(title)}"').expression)
        near, anywhere = found(" ".join(title)), found(" AND ".join(title))
        assert phrase[ABOUT - 1] >> number & 1
        assert phrase[0] & near == phrase[0]
        assert near & anywhere == near
        pair = title[:2]
        narrower += found(f'"{" ".join(pair)}"') != found(" AND ".join(pair))
    assert narrower > 50


def test_a_single_mention_is_enough_to_match(
    page_index: PaperIndex, page_papers: list[Paper]
) -> None:
    for number, paper in enumerate(page_papers):
        rare = max(words(paper.abstract), key=len)
        assert page_index.run(parse(f"exact:{rare}").expression)[MENTIONED - 1] >> number & 1
