"""Papers indexed once, in memory; topics run against them."""

import sqlite3
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from service.domain.expression import And, Expression, Near, Not, Or, Term, finds, negation
from service.domain.papers import Paper
from service.domain.ranking import ABOUT, MENTIONED, Match
from service.domain.text import fold
from service.domain.topics import NEAR_WORDS, Topic

# `fold` alone decides what a word is, whatever Unicode version SQLite was built with: the ascii
# tokenizer takes each folded word as it stands, and porter makes `models` find `model`.
# Contentless, because only ids are asked for.
_CREATE = """
    CREATE VIRTUAL TABLE paper USING fts5(
        title, abstract, content='', tokenize='porter ascii'
    )
"""
_INSERT = "INSERT INTO paper (rowid, title, abstract) VALUES (?, ?, ?)"
_MATCH = "SELECT rowid FROM paper WHERE paper MATCH ?"


class PaperIndex:
    """A full-text index of papers by title and abstract; close it, or use it in a `with`."""

    def __init__(self, papers: Mapping[int, Paper]) -> None:
        """Index the papers; the keys are the ids that `run` answers with."""
        self._database = sqlite3.connect(":memory:")
        with self._database:
            self._database.execute(_CREATE)
            self._database.executemany(
                _INSERT,
                (
                    (paper_id, fold(paper.title), fold(paper.abstract))
                    for paper_id, paper in papers.items()
                ),
            )

    def run(self, topic: Topic) -> dict[int, Match]:
        """Return the papers that meet a topic, by id in increasing order."""
        query = _compiled(topic.expression)
        found = self._ids(query)
        if not found:
            return {}
        titled = set(self._ids(f"{{title}} : ({query})"))
        return {paper_id: Match(ABOUT if paper_id in titled else MENTIONED) for paper_id in found}

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _ids(self, query: str) -> list[int]:
        return [paper_id for (paper_id,) in self._database.execute(_MATCH, (query,))]


def _compiled(expression: Expression) -> str:
    """Return the FTS5 query of an expression that finds (see `expression.finds`)."""
    match expression:
        case Term(words):
            return f'"{" ".join(words)}"'
        case Near(terms):
            # FTS5 counts the words between the first term and the last, those of the terms in the
            # middle included, which would make a long run of words miss its own exact phrase.
            distance = NEAR_WORDS + sum(len(term.words) for term in terms[1:-1])
            return f"NEAR({' '.join(map(_compiled, terms))}, {distance})"
        case Or(operands):
            return f"({' OR '.join(map(_compiled, operands))})"
        case And(operands):
            # In FTS5, NOT stands between two operands; what only excludes becomes its right side.
            wanted = [_compiled(operand) for operand in operands if finds(operand)]
            unwanted = [_compiled(negation(operand)) for operand in operands if not finds(operand)]
            both = f"({' AND '.join(wanted)})"
            return f"({both} NOT ({' OR '.join(unwanted)}))" if unwanted else both
        case Not():
            raise ValueError(f"only excludes: {expression}")
