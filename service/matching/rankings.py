"""The rankings of one plan: whatever finds papers for readers is run once over those new to any."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Self, TypeAlias

import numpy as np

from service.domain.expression import Expression
from service.domain.filters import UNFILTERED, Filters, by_author
from service.domain.papers import Paper
from service.domain.ranking import TIERS, in_order, trending
from service.domain.topics import parse
from service.matching.finds import FOLLOWED, MUTED, TOP_TIER, Choice, Finds, Wants
from service.matching.index import PaperIndex

# From so many upvotes on, a paper may be listed as trending.
NOTICED = 10


@dataclass(frozen=True, slots=True)
class Followed:
    """An author by name, who finds his or her papers."""

    author: str


@dataclass(frozen=True, slots=True)
class Muted:
    """A topic that finds what its reader never wants to see."""

    text: str


@dataclass(frozen=True, slots=True)
class Everything:
    """What a reader without topics gets: every paper, as they trend."""


# A topic is known by its id.
Finder: TypeAlias = int | Followed | Muted | Everything
# What finds papers for a reader, and the words the reader knows it by.
Named: TypeAlias = tuple[Finder, str]

EVERYTHING = Everything()
_UNTITLED: Sequence[Named] = ((EVERYTHING, ""),)


class Want(NamedTuple):
    """What one reader wants of the papers with a higher seq than `served_to`.

    `topics` are ids, with the reader's words for them.
    """

    topics: Sequence[tuple[int, str]]
    served_to: int
    max_papers: int
    filters: Filters = UNFILTERED

    def named(self) -> Sequence[Named]:
        """Return what finds papers for the reader, in the order in which papers name them."""
        topics: Sequence[Named] = self.topics or _UNTITLED
        if not self.filters:
            return topics
        followed = [(Followed(author), author) for author in self.filters.follows]
        return [*followed, *topics, *((Muted(text), text) for text in self.filters.mutes)]


class Rankings:
    """Ranks papers for readers on a date.

    `papers` maps a paper id to its seq and the paper. Use it as a context manager: the index is
    closed at the end. A paper is known by its place in the order of trending, from 0, equals by
    lower seq; `places` holds the paper ids in that order, `papers` the papers.
    """

    def __init__(
        self,
        papers: Mapping[int, tuple[int, Paper]],
        today: date,
        *,
        trending_section: bool = False,
    ) -> None:
        scored = [
            (-trending(paper, today), seq, paper_id) for paper_id, (seq, paper) in papers.items()
        ]
        scored.sort()
        self.places = [paper_id for _, _, paper_id in scored]
        self.papers = [papers[paper_id][1] for paper_id in self.places]
        self._index = PaperIndex(self.papers)
        upvotes = [paper.upvotes for paper in self.papers]
        noticed = [place for place, count in enumerate(upvotes) if (count or 0) >= NOTICED]
        self._finds = Finds(
            [seq for _, seq, _ in scored], upvotes, noticed if trending_section else []
        )
        self._numbers: dict[Finder, int] = {}
        self._add({EVERYTHING: [(TOP_TIER, place) for place in range(len(self.places))]})

    def unknown(self, topics: Iterable[int]) -> set[int]:
        """Return the topics that were not learned yet."""
        return set(topics) - self._numbers.keys()

    def learn(self, queries: Mapping[int, str], filters: Iterable[Filters] = ()) -> None:
        """Run topics, given by id with their canonical queries, and filters that are new."""
        filters = list(filters)
        followed = {Followed(author) for chosen in filters for author in chosen.follows}
        muted = {Muted(text) for chosen in filters for text in chosen.mutes}
        avoided = {mute: parse(mute.text) for mute in muted - self._numbers.keys()}
        self._index.expect([*queries.values(), *(topic.canonical for topic in avoided.values())])
        found: dict[Finder, list[tuple[int, int]]] = {
            topic_id: self._tiers(parse(query).expression) for topic_id, query in queries.items()
        }
        for follow in followed - self._numbers.keys():
            found[follow] = self._alike(by_author(follow.author), FOLLOWED)
        for mute, topic in avoided.items():
            found[mute] = self._alike(topic.expression, MUTED)
        self._add(found)

    def count(self, finder: Finder) -> int:
        """Return how many papers a finder that was learned found."""
        return self._finds.count(self._numbers[finder])

    def gather(self, wants: Sequence[Want]) -> tuple[Wants, list[Named]]:
        """Return what readers want as arrays, and what those name by number.

        All of it was learned before.
        """
        by_reader = [want.named() for want in wants]
        named = [each for some in by_reader for each in some]
        numbers = self._numbers
        return Wants(
            reader=np.repeat(np.arange(len(wants)), [len(some) for some in by_reader]),
            finder=np.array([numbers[finder] for finder, _ in named], dtype=np.int64),
            named=np.array([finder is not EVERYTHING for finder, _ in named], dtype=np.bool_),
            served_to=np.array([want.served_to for want in wants], dtype=np.int64),
            max_papers=np.array([want.max_papers for want in wants], dtype=np.int64),
            min_upvotes=np.array([want.filters.min_upvotes for want in wants], np.int64),
            topical=np.array([bool(want.topics) for want in wants], dtype=np.bool_),
        ), named

    def choose(self, wants: Wants) -> Choice:
        """Choose each reader's papers from those that are new to them."""
        return self._finds.choose(wants)

    def _tiers(self, expression: Expression) -> list[tuple[int, int]]:
        found = self._index.run(expression)
        return [(TOP_TIER + TIERS - reached, place) for reached, place in in_order(found)]

    def _alike(self, expression: Expression, strength: int) -> list[tuple[int, int]]:
        return [(strength, place) for _, place in in_order(self._index.run(expression))]

    def _add(self, found: Mapping[Finder, Sequence[tuple[int, int]]]) -> None:
        first = len(self._numbers)
        self._numbers.update((finder, first + n) for n, finder in enumerate(found))
        self._finds.add(found.values())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._index.close()
