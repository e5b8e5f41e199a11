"""Papers indexed once, in memory; topics run against them."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Self, TypeAlias

from service.domain.acronyms import spellings
from service.domain.expression import (
    NAMES,
    And,
    Expression,
    Field,
    Has,
    In,
    Leaf,
    Near,
    Not,
    Or,
    Term,
    Upvotes,
)
from service.domain.matches import Found, Verdict
from service.domain.papers import Paper
from service.domain.ranking import ABOUT, TIERS, TITLE_POINTS, Levels, levels
from service.matching.column import Column
from service.matching.stems import Stems

_WORD = re.compile(r"\w+")

_Words: TypeAlias = Term | Near | In

_NAMED: dict[Field, Callable[[Paper], Iterable[str]]] = {
    Field.AUTHOR: lambda paper: paper.authors,
    Field.KEYWORD: lambda paper: paper.keywords,
    Field.CATEGORY: lambda paper: paper.categories,
    Field.ORG: lambda paper: (paper.organisation or "",),
}
# What a paper is about is read from these.
_TEXT = (Field.TITLE, Field.ABSTRACT)


class PaperIndex:
    """A full-text index of papers, known by their numbers from 0; close it, or use it in a `with`.

    Sets of papers are integers with one bit a paper. What topics have in common is looked up once
    and kept, so an index is meant for one plan or one question.
    """

    def __init__(self, papers: Sequence[Paper], stems: Stems | None = None) -> None:
        """Index the papers; `stems` may be lent, and is then not closed with the index."""
        self._papers = papers
        self._everything = (1 << len(papers)) - 1
        self._stems = stems or Stems()
        self._stems_are_lent = stems is not None
        # All titles, then all abstracts, so that what may stand in both is looked up once.
        texts = [*(paper.title for paper in papers), *(paper.abstract for paper in papers)]
        self._text = Column(zip([*range(len(papers))] * 2, texts, strict=True), self._stems)
        self._columns: dict[Field, Column] = {}
        self._known: dict[Leaf, Levels] = {}

    def expect(self, queries: Iterable[str]) -> None:
        """Learn the stems of all words of some canonical queries at once."""
        self._stems.of(word for query in queries for word in _WORD.findall(query))

    def run(self, expression: Expression) -> Levels:
        """Return the papers that meet an expression, by tier.

        What only states a fact (upvotes>=20, author:x, NOT x) leaves the tier to the words that
        stand with it by AND; alone, it counts as much as a mention in the title.
        """
        if isinstance(expression, Or):
            return self._either(map(self.run, expression.operands))
        found = self._levels(expression)
        if _graded(expression):
            return found
        return found[:ABOUT] + (0,) * (TIERS - ABOUT)

    def explain(self, expression: Expression, paper: int) -> Verdict:
        """Return why the paper of that number meets an expression, or does not."""
        bit = 1 << paper
        reached = sum(bool(level & bit) for level in self.run(expression))
        found: dict[Leaf, Found] = {}
        missing: list[str] = []
        unwanted: list[Found] = []

        def look(part: Expression, needed: bool) -> None:
            holds = bool(self._levels(part)[0] & bit)
            match part:
                case And(operands) | Or(operands):
                    needed_inside = needed and isinstance(part, And)
                    if needed and not holds and isinstance(part, Or):
                        missing.append(str(part))
                    for operand in operands:
                        look(operand, needed_inside)
                case Not(leaf):
                    if needed and not holds:
                        unwanted.append(self._found(leaf, paper))
                case leaf:
                    if holds:
                        found.setdefault(leaf, self._found(leaf, paper))
                    elif needed:
                        missing.append(str(leaf))

        look(expression, True)
        return Verdict(reached, tuple(found.values()), tuple(missing), tuple(unwanted))

    def terms(self, expression: Expression, paper: int) -> list[list[str]]:
        """Return what title and abstract of a paper say of what an expression seeks.

        Each term is given by the forms it stands there in, folded.
        """
        terms: dict[Sequence[str], list[str]] = {}
        for leaf in _wanted(expression):
            said, fields = self._said(leaf, paper)
            if any(field in _TEXT for field in fields):
                for form in said:
                    forms = terms.setdefault(self._stems.of_words(form), [])
                    if form not in forms:
                        forms.append(form)
        return list(terms.values())

    def spelled_otherwise(self, expression: Expression, paper: int) -> str | None:
        """Return what title and abstract of a paper say for a topic of one term, folded, where
        they have it in another spelling only: the long form of an acronym, or the acronym.
        """
        if not isinstance(expression, Term | Near):
            return None
        known = spellings(expression)
        if len(known) == 1:
            return None
        for number, spelling in enumerate(known):
            for field in _TEXT:
                column, segments = self._segments(field, paper)
                said, _ = column.quote(spelling, segments)
                if said:
                    return next(iter(said)) if number else None
        return None

    def forget(self) -> None:
        """Let go of what was looked up for topics that are not asked about again."""
        self._known.clear()

    def close(self) -> None:
        if not self._stems_are_lent:
            self._stems.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _levels(self, expression: Expression) -> Levels:
        match expression:
            case And(operands):
                first, *others = map(self._levels, operands)
                for other in others:
                    first = tuple(one & two for one, two in zip(first, other, strict=True))
                return first
            case Or(operands):
                return self._either(map(self._levels, operands))
            case Not(leaf):
                return (self._everything & ~self._levels(leaf)[0],) * TIERS
            case leaf:
                known = self._known.get(leaf)
                if known is None:
                    known = self._known[leaf] = self._look_up(leaf)
                return known

    def _either(self, operands: Iterable[Levels]) -> Levels:
        first, *others = operands
        for other in others:
            first = tuple(one | two for one, two in zip(first, other, strict=True))
        return first

    def _look_up(self, leaf: Leaf) -> Levels:
        match leaf:
            case Upvotes(least):
                return self._where(lambda paper: (paper.upvotes or 0) >= least)
            case Has(link):
                return self._where(lambda paper: getattr(paper, link.value) is not None)
            case In(field) if field not in _TEXT:
                papers = {
                    self._column(field).owners[segment]
                    for wanted in _spellings(leaf)
                    for segment in self._column(field).find(wanted)
                }
                return (sum(1 << paper for paper in papers),) * TIERS
            case words:
                return self._grade(words)

    def _where(self, holds: Callable[[Paper], bool]) -> Levels:
        return (sum(1 << n for n, paper in enumerate(self._papers) if holds(paper)),) * TIERS

    def _grade(self, words: _Words) -> Levels:
        only = words.field if isinstance(words, In) else None
        abstracts = len(self._papers)
        points: dict[int, int] = {}
        for wanted in _spellings(words):
            found = self._text.find(wanted)
            for segment, count in found.items():
                if segment < abstracts:
                    if only is not Field.ABSTRACT:
                        points[segment] = points.get(segment, 0) + count * TITLE_POINTS
                elif only is not Field.TITLE:
                    paper = segment - abstracts
                    points[paper] = points.get(paper, 0) + count
        return levels(points.items())

    def _found(self, leaf: Leaf, paper: int) -> Found:
        said, fields = self._said(leaf, paper)
        return Found(str(leaf), tuple(said), tuple(fields))

    def _said(self, leaf: Leaf, paper: int) -> tuple[Iterable[str], Sequence[Field]]:
        """Return what a paper says of the words of a leaf, folded, and in which fields."""
        if isinstance(leaf, Upvotes | Has):
            return (), ()
        phrases: dict[str, None] = {}
        loose: dict[str, None] = {}
        fields = []
        ways = _spellings(leaf)
        for field in (leaf.field,) if isinstance(leaf, In) else _TEXT:
            column, segments = self._segments(field, paper)
            quotes = [column.quote(wanted, segments) for wanted in ways]
            for exact, near in quotes:
                phrases |= exact
                loose |= near
            if any(exact or near for exact, near in quotes):
                fields.append(field)
        return phrases or loose, fields

    def _segments(self, field: Field, paper: int) -> tuple[Column, Iterable[int]]:
        if field is Field.TITLE:
            return self._text, (paper,)
        if field is Field.ABSTRACT:
            return self._text, (paper + len(self._papers),)
        column = self._column(field)
        return column, column.segments_of(paper)

    def _column(self, field: Field) -> Column:
        if field not in self._columns:
            read = _NAMED[field]
            texts = ((n, text) for n, paper in enumerate(self._papers) for text in read(paper))
            self._columns[field] = Column(texts, None if field in NAMES else self._stems)
        return self._columns[field]


def _wanted(expression: Expression) -> Iterable[Leaf]:
    """Return the leaves of an expression but those that must not be there, each once."""
    match expression:
        case And(operands) | Or(operands):
            return dict.fromkeys(leaf for operand in operands for leaf in _wanted(operand))
        case Not():
            return ()
        case leaf:
            return (leaf,)


def _graded(expression: Expression) -> bool:
    """Tell whether words of title or abstract say how much a match is about the topic."""
    match expression:
        case And(operands) | Or(operands):
            return any(map(_graded, operands))
        case In(field):
            return field in _TEXT
        case Term() | Near():
            return True
        case _:
            return False


def _spellings(words: _Words) -> list[Term | Near]:
    if not isinstance(words, In):
        return spellings(words)
    return [words.wanted] if words.field in NAMES else spellings(words.wanted)
