"""The rankings of one plan: every topic is run once over the papers that may be new to someone."""

from collections.abc import Mapping
from datetime import date

from service.domain.digests import Standing, mask_of
from service.domain.papers import Paper
from service.domain.ranking import ABOUT, Match, Ranked, rank
from service.domain.topics import parse
from service.matching.index import PaperIndex

# The most papers a letter can hold, and so the most that one topic need offer.
MOST_PAPERS = 50


class Rankings:
    """Ranks papers for topics on a date.

    `papers` maps a paper id to its seq and the paper; `queries` maps a topic id to its canonical
    query. Use it as a context manager: the index is closed at the end.
    """

    def __init__(
        self, papers: Mapping[int, tuple[int, Paper]], queries: Mapping[int, str], today: date
    ) -> None:
        self._papers = papers
        self._queries = queries
        self._today = today
        self._index = PaperIndex({paper_id: paper for paper_id, (_, paper) in papers.items()})
        everything = {paper_id: Match(0) for paper_id in papers}
        self._trending = rank(everything, papers, today)
        self.places = [ranked.paper_id for ranked in self._trending]
        self._place_of = {paper_id: place for place, paper_id in enumerate(self.places)}
        self._newer: dict[int, int] = {}
        self._standings: dict[tuple[int, int], Standing] = {}

    def of(self, topic_id: int) -> list[Ranked]:
        """Return the papers that match a topic, best first."""
        return rank(self._index.run(parse(self._queries[topic_id])), self._papers, self._today)

    def standing(self, topic_id: int, watermark: int) -> Standing:
        """Return how the papers with a higher seq than `watermark` stand for a topic."""
        key = (topic_id, watermark)
        found = self._standings.get(key)
        if found is None:
            found = self._standings[key] = self._stand(self.of(topic_id), watermark)
        return found

    def trending(self, watermark: int) -> Standing:
        """Return how the papers with a higher seq than `watermark` stand for one with no topic."""
        key = (0, watermark)
        found = self._standings.get(key)
        if found is None:
            found = self._standings[key] = self._stand(self._trending, watermark)
        return found

    def _stand(self, ranked: list[Ranked], watermark: int) -> Standing:
        places = len(self.places)
        newer = [
            (ABOUT - paper.score[0]) * places + self._place_of[paper.paper_id]
            for paper in ranked
            if paper.seq > watermark
        ]
        return Standing(mask_of(entry % places for entry in newer), newer[:MOST_PAPERS])

    def __enter__(self) -> "Rankings":
        return self

    def __exit__(self, *_: object) -> None:
        self._index.close()
