"""The rankings of one plan: every topic is run once over the papers that may be new to someone."""

from collections.abc import Mapping
from datetime import date
from itertools import islice

from service.domain.papers import Paper
from service.domain.ranking import TIERS, Levels, Ranked, in_order, trending
from service.domain.topics import Topic, parse
from service.matching.index import PaperIndex


class Rankings:
    """Ranks papers for topics on a date.

    `papers` maps a paper id to its seq and the paper; `queries` maps a topic id to its canonical
    query, or to the topic where it was parsed before. Use it as a context manager: the index is
    closed at the end.

    A paper is known by its place in the order of trending, from 0, equals by lower seq; `places`
    holds the paper ids in that order, `seqs` their seqs. A set of papers is an integer with one
    bit a place, so the lowest bit of a tier is its best paper.
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
        self._trends = [-score for score, _, _ in scored]
        self._queries = queries
        self._index = PaperIndex([papers[paper_id][1] for paper_id in self.places])
        self._levels: dict[int, Levels] = {}

    def levels(self, topic_id: int) -> Levels:
        """Return the papers that match a topic, by tier; the first set holds all of them."""
        if topic_id not in self._levels:
            query = self._queries[topic_id]
            topic = query if isinstance(query, Topic) else parse(query)
            self._levels[topic_id] = self._index.run(topic.expression)
        return self._levels[topic_id]

    def new_after(self, seq: int) -> int:
        """Return the set of papers with a higher seq."""
        return sum(1 << place for place, own in enumerate(self.seqs) if own > seq)

    def top(self, topic_id: int, limit: int, among: int = -1) -> list[int]:
        """Return the ranks of a topic's best papers of a set, best first.

        A rank is `tiers below the highest * number of papers + the paper's place`. Lower is
        better over all topics of the plan, so a reader's best papers are those of lowest rank.
        """
        ranked = in_order(self.levels(topic_id), among)
        return [
            (TIERS - reached) * len(self.places) + place for reached, place in islice(ranked, limit)
        ]

    def of(self, topic_id: int) -> list[Ranked]:
        """Return the papers that match a topic, best first."""
        return [self._ranked(reached, place) for reached, place in in_order(self.levels(topic_id))]

    def trending(self) -> list[Ranked]:
        """Return all papers, most trending first."""
        return [self._ranked(0, place) for place in range(len(self.places))]

    def _ranked(self, reached: int, place: int) -> Ranked:
        return Ranked(self.places[place], self.seqs[place], (reached, self._trends[place]))

    def __enter__(self) -> "Rankings":
        return self

    def __exit__(self, *_: object) -> None:
        self._index.close()
