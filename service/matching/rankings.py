"""The rankings of one plan: whatever finds papers for readers is run once over those new to any."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import NamedTuple, Self, TypeAlias

import numpy as np

from service.domain.expression import Expression
from service.domain.filters import Filters, by_author
from service.domain.papers import Paper
from service.domain.ranking import TIERS, in_order, trending
from service.domain.topics import parse
from service.matching.finds import NAMELESS, Choice, Finds, Wants
from service.matching.index import PaperIndex
from service.matching.strengths import FOLLOWED, MUTED, TOP_TIER, Integers

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


class Readers(NamedTuple):
    """What readers want of the papers with a higher seq than they were served to, by column.

    A reader is known by a number from 0. By number: `served_to` and the most papers; `filters` of
    those who have some. By wish, in the order of readers and of their wishes: the reader's number,
    `wisher`, and in `topics` the number of the topic's name.
    """

    served_to: Integers
    max_papers: Integers
    wisher: Integers
    topics: Integers
    filters: Mapping[int, Filters]


class _Numbers(dict[Named, int]):
    """Numbers from 0 for names, in the order in which they are first asked for."""

    def __missing__(self, named: Named) -> int:
        number = self[named] = len(self)
        return number


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
        self._runs: dict[Finder, int] = {}
        self._add({EVERYTHING: [(TOP_TIER, place) for place in range(len(self.places))]})
        self._names = _Numbers()
        # By the number of the name.
        self.named: list[Named] = []
        self._run_of = np.zeros(0, dtype=np.int64)

    def number(self, named: Iterable[Named]) -> Integers:
        """Return the numbers by which names go in this plan; a new one gets the next number.

        Millions of wishes share few names: what is done by number costs them no Python object.
        """
        numbers = np.fromiter(map(self._names.__getitem__, named), np.int64)
        if len(self._names) > len(self.named):
            self.named += islice(self._names, len(self.named), None)
        return numbers

    def unknown(self) -> set[int]:
        """Return the topics among what was numbered that were not learned yet."""
        fresh = (finder for finder, _ in self.named[len(self._run_of) :])
        return {finder for finder in fresh if isinstance(finder, int)} - self._runs.keys()

    def learn(self, queries: Mapping[int, str], filters: Iterable[Filters] = ()) -> None:
        """Run topics, given by id with their canonical queries, and filters that are new."""
        filters = list(filters)
        followed = {Followed(author) for chosen in filters for author in chosen.follows}
        muted = {Muted(text) for chosen in filters for text in chosen.mutes}
        avoided = {mute: parse(mute.text) for mute in muted - self._runs.keys()}
        self._index.expect([*queries.values(), *(topic.canonical for topic in avoided.values())])
        found: dict[Finder, list[tuple[int, int]]] = {
            topic_id: self._tiers(parse(query).expression) for topic_id, query in queries.items()
        }
        for follow in followed - self._runs.keys():
            found[follow] = self._alike(by_author(follow.author), FOLLOWED)
        for mute, topic in avoided.items():
            found[mute] = self._alike(topic.expression, MUTED)
        self._index.forget()
        self._add(found)

    def count(self, finder: Finder) -> int:
        """Return how many papers a finder that was learned found."""
        return self._finds.count(self._runs[finder])

    def gather(self, readers: Readers) -> Wants:
        """Return what readers want, as arrays.

        All of it was learned before. A reader's wants come in the order in which papers name them.
        """
        count = len(readers.served_to)
        topical = np.bincount(readers.wisher, minlength=count) > 0
        others: list[tuple[int, Named]] = []
        first: list[tuple[int, Named]] = []
        min_upvotes = np.zeros(count, dtype=np.int64)
        for number, filters in readers.filters.items():
            min_upvotes[number] = filters.min_upvotes
            first += [(number, (Followed(author), author)) for author in filters.follows]
            others += [(number, (Muted(text), text)) for text in filters.mutes]
        untopical = np.flatnonzero(~topical)
        everything = np.repeat(self.number([(EVERYTHING, "")]), len(untopical))
        of = [number for number, _ in first], [number for number, _ in others]
        names = [self.number(named for _, named in some) for some in (first, others)]
        reader = np.concatenate((of[0], readers.wisher, of[1], untopical)).astype(np.int64)
        name = np.concatenate((names[0], readers.topics, names[1], everything))
        if len(name) > len(readers.topics):
            order = np.argsort(reader, kind="stable")
            reader, name = reader[order], name[order]
        fresh = [self._runs[finder] for finder, _ in self.named[len(self._run_of) :]]
        self._run_of = np.concatenate((self._run_of, np.array(fresh, dtype=np.int64)))
        finder = self._run_of[name]
        return Wants(
            reader=reader,
            finder=finder,
            name=np.where(finder == self._runs[EVERYTHING], NAMELESS, name),
            served_to=readers.served_to,
            max_papers=readers.max_papers,
            min_upvotes=min_upvotes,
            topical=topical,
        )

    def choose(self, wants: Wants) -> Choice:
        """Choose each reader's papers from those that are new to them."""
        return self._finds.choose(wants)

    def _tiers(self, expression: Expression) -> list[tuple[int, int]]:
        found = self._index.run(expression)
        return [(TOP_TIER + TIERS - reached, place) for reached, place in in_order(found)]

    def _alike(self, expression: Expression, strength: int) -> list[tuple[int, int]]:
        return [(strength, place) for _, place in in_order(self._index.run(expression))]

    def _add(self, found: Mapping[Finder, Sequence[tuple[int, int]]]) -> None:
        first = len(self._runs)
        self._runs.update((finder, first + n) for n, finder in enumerate(found))
        self._finds.add(found.values())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._index.close()
