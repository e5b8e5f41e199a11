"""Readers' own filters, held against the papers of one plan."""

from collections.abc import Iterable, Sequence
from functools import reduce
from itertools import islice
from operator import or_

from service.domain.digests import Digest, Skipped, Standing, compose, mask_of
from service.domain.expression import Expression
from service.domain.filters import Filters, Sifted, by_author, noticed, sift
from service.domain.ranking import TIERS, Levels, in_order
from service.domain.topics import parse
from service.matching.rankings import Rankings


class Sieve:
    """Chooses digests for readers who have filters.

    Each distinct mute, author and minimum is looked up once, however many readers have it.
    """

    def __init__(self, rankings: Rankings) -> None:
        self._rankings = rankings
        self._expressions: dict[str, Expression] = {}
        self._muted: dict[str, int] = {}
        self._followed: dict[str, int] = {}
        self._noticed: dict[int, int] = {}

    def expect(self, filters: Iterable[Filters]) -> None:
        """Prepare for filters that will be asked for: many at once cost far less."""
        fresh = {text for chosen in filters for text in chosen.mutes} - self._expressions.keys()
        topics = {text: parse(text) for text in fresh}
        self._rankings.expect(topic.canonical for topic in topics.values())
        self._expressions |= {text: topic.expression for text, topic in topics.items()}

    def digest(
        self, filters: Filters, topic_ids: Sequence[int], watermark: int, max_papers: int
    ) -> Digest | Skipped:
        """Return the best papers with a higher seq than `watermark` that the filters leave, or why
        none is left; without topics, the most trending ones.
        """
        found = [self._rankings.levels(topic_id) for topic_id in topic_ids]
        sifted = self.sift(filters, topic_ids, watermark)
        if reason := sifted.nothing_left():
            return Skipped(reason)
        places = len(self._rankings.places)

        def standing(levels: Levels, among: int, tiers_up: int = 0) -> Standing:
            best = [
                (TIERS - reached - tiers_up) * places + place
                for reached, place in islice(in_order(levels, among), max_papers)
            ]
            return Standing(levels[0] & among, best)

        # One tier above all others; the others are cut only here, after the filters.
        standings = [standing(_alike(sifted.followed), sifted.followed, tiers_up=1)]
        standings += [
            standing(levels, sifted.others) for levels in found or [_alike(sifted.others)]
        ]
        return compose(standings, places=places, max_papers=max_papers)

    def sift(self, filters: Filters, topic_ids: Sequence[int], watermark: int) -> Sifted:
        """Return what the filters make of the papers with a higher seq than `watermark`."""
        new = self._rankings.new_after(watermark)
        matched = new
        if topic_ids:
            matched &= reduce(or_, (self._rankings.levels(topic_id)[0] for topic_id in topic_ids))
        return sift(
            matched,
            followed=new & reduce(or_, map(self.followed, filters.follows), 0),
            muted=reduce(or_, map(self.muted, filters.mutes), 0),
            noticed=self._with_upvotes(filters.min_upvotes),
        )

    def followed(self, author: str) -> int:
        """Return the set of an author's papers."""
        if author not in self._followed:
            self._followed[author] = self._rankings.meeting(by_author(author))
        return self._followed[author]

    def muted(self, text: str) -> int:
        """Return the set of papers that a mute keeps out."""
        if text not in self._muted:
            expression = self._expressions.get(text) or parse(text).expression
            self._muted[text] = self._rankings.meeting(expression)
        return self._muted[text]

    def _with_upvotes(self, least: int) -> int:
        if least not in self._noticed:
            papers = enumerate(self._rankings.papers)
            self._noticed[least] = mask_of(n for n, paper in papers if noticed(paper, least))
        return self._noticed[least]


def _alike(papers: int) -> Levels:
    """Return papers as found all in the highest tier: trending alone orders them."""
    return (papers,) * TIERS
