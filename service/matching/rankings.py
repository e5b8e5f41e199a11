"""The rankings of one plan: every topic is run once over the papers that may be new to someone."""

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import islice

from service.domain.digests import Standing, mask_of
from service.domain.expression import Expression
from service.domain.papers import Paper
from service.domain.ranking import TIERS, Levels, in_order, trending
from service.domain.topics import Topic, parse
from service.matching.index import PaperIndex

# The most papers a letter can hold, and so the most that one topic need offer.
MOST_PAPERS = 50


class Rankings:
    """Ranks papers for topics on a date.

    `papers` maps a paper id to its seq and the paper; `queries` maps a topic id to its canonical
    query, or to the topic where it was parsed before. Use it as a context manager: the index is
    closed at the end.

    A paper is known by its place in the order of trending, from 0, equals by lower seq; `places`
    holds the paper ids in that order, `papers` and `seqs` what belongs to them. A set of papers is
    an integer with one bit a place, so the lowest bit of a tier is its best paper.
    """

    def __init__(
        self,
        papers: Mapping[int, tuple[int, Paper]],
        queries: Mapping[int, str | Topic],
        today: date,
    ) -> None:
        scored = [
            (-trending(paper, today), seq, paper_id) for paper_id, (seq, paper) in papers.items()
        ]
        scored.sort()
        self.places = [paper_id for _, _, paper_id in scored]
        self.seqs = [seq for _, seq, _ in scored]
        self._queries = queries
        self.papers = [papers[paper_id][1] for paper_id in self.places]
        self._index = PaperIndex(self.papers)
        self._levels: dict[int, Levels] = {}
        self._new: dict[int, int] = {}
        self._standings: dict[tuple[int, int], Standing] = {}

    def expect(self, queries: Iterable[str]) -> None:
        """Prepare for canonical queries that will be asked for: many at once cost far less."""
        self._index.expect(queries)

    def levels(self, topic_id: int) -> Levels:
        """Return the papers that match a topic, by tier; the first set holds all of them."""
        if topic_id not in self._levels:
            query = self._queries[topic_id]
            topic = query if isinstance(query, Topic) else parse(query)
            self._levels[topic_id] = self._index.run(topic.expression)
        return self._levels[topic_id]

    def meeting(self, expression: Expression) -> int:
        """Return the set of papers that meet an expression."""
        return self._index.run(expression)[0]

    def new_after(self, seq: int) -> int:
        """Return the set of papers with a higher seq."""
        if seq not in self._new:
            self._new[seq] = mask_of(place for place, own in enumerate(self.seqs) if own > seq)
        return self._new[seq]

    def standing(self, topic_id: int, watermark: int) -> Standing:
        """Return how the papers with a higher seq than `watermark` stand for a topic."""
        key = (topic_id, watermark)
        found = self._standings.get(key)
        if found is None:
            new, levels = self.new_after(watermark), self.levels(topic_id)
            best = [
                (TIERS - reached) * len(self.places) + place
                for reached, place in islice(in_order(levels, new), MOST_PAPERS)
            ]
            found = self._standings[key] = Standing(levels[0] & new, best)
        return found

    def trending(self, watermark: int) -> Standing:
        """Return how the papers with a higher seq than `watermark` stand without any topic."""
        new = self.new_after(watermark)
        every = (place for place in range(len(self.places)) if new >> place & 1)
        return Standing(new, list(islice(every, MOST_PAPERS)))

    def __enter__(self) -> "Rankings":
        return self

    def __exit__(self, *_: object) -> None:
        self._index.close()
