"""The rankings of one plan: every topic is run once over the papers that may be new to someone."""

from collections.abc import Mapping
from datetime import date

from service.domain.papers import Paper
from service.domain.ranking import Match, Ranked, rank
from service.domain.topics import parse
from service.matching.index import PaperIndex


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
        self._ranked: dict[int, list[Ranked]] = {}

    def of(self, topic_id: int) -> list[Ranked]:
        """Return the papers that match a topic, best first."""
        if topic_id not in self._ranked:
            matches = self._index.run(parse(self._queries[topic_id]))
            self._ranked[topic_id] = rank(matches, self._papers, self._today)
        return self._ranked[topic_id]

    def trending(self) -> list[Ranked]:
        """Return all papers, most trending first."""
        if 0 not in self._ranked:
            everything = {paper_id: Match(0) for paper_id in self._papers}
            self._ranked[0] = rank(everything, self._papers, self._today)
        return self._ranked[0]

    def __enter__(self) -> "Rankings":
        return self

    def __exit__(self, *_: object) -> None:
        self._index.close()
