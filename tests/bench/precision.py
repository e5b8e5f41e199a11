"""How often the ten papers shown for a topic are about it, by those who labelled them.

    python -m tests.bench precision [CORPUS] [--least 5]

CORPUS is the folder of real digest files (PAPERROUND_CORPUS, or ../shared/corpus beside the
checkout). The papers are those of its daily files that come with keywords. A topic is a keyword
that at least so many papers bear, as such, inside a longer one, or by its acronym or long form;
those papers are its right answers. The keywords are then taken off the papers, and each topic,
typed as plain words, is run over all of them. Compared are four orders of the matches: by upvotes,
by SQLite's bm25 of title and abstract, by tier and upvotes, and the order that letters have, by
tier and trending. The tiers were chosen by one half of the topics (tuning); the other half (kept)
shows what they are worth elsewhere.

Precision at 10 is the share of ten places that hold a right answer; a topic with fewer answers
cannot reach 1, so the share of what was possible stands beside it.
"""

import argparse
import json
import os
import sqlite3
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from service.domain.acronyms import spellings
from service.domain.expression import Near, Term
from service.domain.papers import Paper
from service.domain.ranking import in_order, trending
from service.domain.text import fold
from service.domain.topics import TopicError, parse
from service.matching.index import PaperIndex
from service.sources import formats

SHOWN = 10


@dataclass(frozen=True)
class Labelled:
    """A topic, which papers meet it (number to tier), and which of all are right."""

    words: tuple[str, ...]
    tiers: dict[int, int]
    right: frozenset[int]


def load(corpus: Path) -> list[tuple[date, Paper]]:
    """Return each paper with keywords once, with the date of the first file that has it."""
    papers: dict[str, tuple[date, Paper]] = {}
    for file in sorted((corpus / "hf-daily").glob("*.json")):
        for paper in formats.parse(file.read_bytes(), file.name).papers:
            if paper.keywords and paper.arxiv_id:
                papers.setdefault(paper.arxiv_id, (date.fromisoformat(file.stem), paper))
    return list(papers.values())


def labels(papers: Iterable[Paper], least: int) -> dict[tuple[str, ...], frozenset[int]]:
    """Return the papers that bear each keyword, a plural s aside."""
    bears: dict[tuple[str, ...], set[int]] = defaultdict(set)
    keywords: set[tuple[str, ...]] = set()
    for number, paper in enumerate(papers):
        for keyword in paper.keywords:
            words = tuple(word.removesuffix("s") for word in fold(keyword).split())
            keywords.add(words)
            for first in range(len(words)):
                for last in range(first + 1, len(words) + 1):
                    bears[words[first:last]].add(number)
    right = {
        words: frozenset().union(*(bears.get(name, ()) for name in _names(words)))
        for words in sorted(keywords)
        if words
    }
    return {words: answers for words, answers in right.items() if len(answers) >= least}


def _names(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    names = (name for name in spellings(Term(words)) if isinstance(name, Term))
    return [tuple(word.removesuffix("s") for word in name.words) for name in names]


def bm25(papers: Sequence[Paper]) -> Callable[[tuple[str, ...]], dict[int, float]]:
    """Return a function that scores the papers for words near each other, higher is better."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE paper USING fts5(title, abstract, tokenize=porter)")
    database.executemany(
        "INSERT INTO paper (rowid, title, abstract) VALUES (?, ?, ?)",
        ((n, fold(paper.title), fold(paper.abstract)) for n, paper in enumerate(papers)),
    )

    def score(words: tuple[str, ...]) -> dict[int, float]:
        near = " ".join(f'"{word}"' for word in words)
        query = f"NEAR({near}, {3 + max(0, len(words) - 2)})"
        rows = database.execute("SELECT rowid, -rank FROM paper WHERE paper MATCH ?", (query,))
        return dict(rows.fetchall())

    return score


def figures(
    topics: Sequence[Labelled], order: Callable[[Labelled], Iterable[int]]
) -> tuple[float, float]:
    """Return precision at 10, and what it is of the possible."""
    total = possible = 0.0
    for topic in topics:
        hits = len(topic.right & set(list(order(topic))[:SHOWN]))
        total += hits / SHOWN
        possible += hits / min(SHOWN, len(topic.right))
    return total / len(topics), possible / len(topics)


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    beside = Path(__file__).resolve().parents[3] / "shared" / "corpus"
    corpus = Path(os.environ.get("PAPERROUND_CORPUS", beside))
    arguments.add_argument("corpus", type=Path, nargs="?", default=corpus)
    arguments.add_argument("--least", type=int, default=5)
    chosen = arguments.parse_args()
    dated = load(chosen.corpus)
    right = labels([paper for _, paper in dated], chosen.least)
    papers = [replace(paper, keywords=()) for _, paper in dated]
    upvotes = [paper.upvotes or 0 for paper in papers]
    # Each paper as it stood in its own day's letter.
    trend = [trending(paper, day) for day, paper in dated]
    topics: list[Labelled] = []
    with PaperIndex(papers) as index:
        for words, answers in right.items():
            try:
                asked = parse(" ".join(words)).expression
            except TopicError:
                continue
            assert isinstance(asked, Near | Term)
            tiers = {number: tier for tier, number in in_order(index.run(asked))}
            topics.append(Labelled(words, tiers, answers))
    score = bm25(papers)

    def by_bm25(topic: Labelled) -> list[int]:
        scores = score(topic.words)
        return sorted(scores, key=scores.__getitem__, reverse=True)

    orders: dict[str, Callable[[Labelled], Iterable[int]]] = {
        "upvotes": lambda t: sorted(t.tiers, key=upvotes.__getitem__, reverse=True),
        "bm25": by_bm25,
        "tier, upvotes": lambda t: sorted(
            t.tiers, key=lambda n: (t.tiers[n], upvotes[n]), reverse=True
        ),
        "tier, trending": lambda t: sorted(
            t.tiers, key=lambda n: (t.tiers[n], trend[n]), reverse=True
        ),
    }
    halves = [
        [t for t in topics if zlib.crc32(" ".join(t.words).encode()) % 2 == h] for h in (0, 1)
    ]
    sets = {"all": topics, "tuning": halves[0], "kept": halves[1]}
    print(f"{len(papers)} papers, {len(topics)} topics with at least {chosen.least} right answers")
    print(f"{'order':16}" + "".join(f"{name + f' ({len(t)})':>22}" for name, t in sets.items()))
    report: dict[str, dict[str, list[float]]] = {}
    for name, order in orders.items():
        row = {
            which: [round(value, 3) for value in figures(chosen_topics, order)]
            for which, chosen_topics in sets.items()
        }
        report[name] = row
        print(f"{name:16}" + "".join(f"{p:>14.3f} ({share:4.0%})" for p, share in row.values()))
    print(json.dumps({"precision_at_10": report, "topics": len(topics), "papers": len(papers)}))


if __name__ == "__main__":
    main()
