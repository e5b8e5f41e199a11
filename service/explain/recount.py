"""What is not on record is worked out again: how papers stood for what a reader wanted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from service.domain.digests import Skipped
from service.domain.filters import Filters, by_author, noticed
from service.domain.matches import Verdict
from service.domain.papers import Paper
from service.domain.topics import parse
from service.domain.wishes import Wish
from service.matching.index import PaperIndex
from service.matching.rankings import Rankings
from service.matching.sieve import Sieve
from service.store.papers import StoredPaper
from service.store.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Recount:
    """How papers stand for a reader: all that are left for them, best first, how many each topic
    finds, and how many of what was found the reader's mutes and minimum of upvotes keep out.

    It is recomputed from the papers as they are told of now, which later editions may have changed.
    """

    ranked: tuple[StoredPaper, ...] = ()
    by_topic: tuple[tuple[Wish, int], ...] = ()
    muted: int = 0
    below: int = 0

    def rank(self, paper_id: int) -> int | None:
        """Return the place of a paper from 1, or None where it is not among those left."""
        ids = [stored.paper_id for stored in self.ranked]
        return ids.index(paper_id) + 1 if paper_id in ids else None


@dataclass(frozen=True, slots=True)
class TopicVerdict:
    """How one paper meets one of a reader's topics."""

    wish: Wish
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class FilterVerdict:
    """How one paper meets a reader's filters.

    `muted_by` names the first mute it meets, `below` says that it lacks upvotes, and `follows`
    names its authors whom the reader follows, for whom upvotes do not count.
    """

    muted_by: str | None = None
    below: bool = False
    follows: tuple[str, ...] = ()


UNFILTERED = FilterVerdict()


def recount(papers: Sequence[StoredPaper], wanted: Wanted, today: date) -> Recount:
    """Rank papers for what a reader wanted as the plan of a date does."""
    queries = {n: wish.query for n, wish in enumerate(wanted.wishes)}
    by_id = {stored.paper_id: stored for stored in papers}
    filters, topics = wanted.preferences.filters, list(queries)
    numbered = {i: (stored.seq, stored.paper) for i, stored in by_id.items()}
    with Rankings(numbered, queries, today) as rankings:
        sieve = Sieve(rankings)
        # No seq is below: all of them are new.
        digest = sieve.digest(filters, topics, -1, max_papers=len(papers))
        sifted = sieve.sift(filters, topics, -1)
        left = () if isinstance(digest, Skipped) else digest.chosen
        return Recount(
            tuple(by_id[rankings.places[place]] for place in left),
            tuple((w, rankings.levels(n)[0].bit_count()) for n, w in enumerate(wanted.wishes)),
            sifted.muted.bit_count(),
            sifted.below.bit_count(),
        )


def meets(paper: Paper, wanted: Wanted) -> tuple[TopicVerdict, ...]:
    """Return how a paper meets each of a reader's topics."""
    with PaperIndex([paper]) as index:
        return tuple(
            TopicVerdict(wish, index.explain(parse(wish.query).expression, 0))
            for wish in wanted.wishes
        )


def filtered(paper: Paper, filters: Filters) -> FilterVerdict:
    """Return how a paper meets a reader's filters."""
    with PaperIndex([paper]) as index:
        mutes = (text for text in filters.mutes if index.run(parse(text).expression)[0])
        follows = tuple(name for name in filters.follows if index.run(by_author(name))[0])
        return FilterVerdict(
            next(mutes, None), not follows and not noticed(paper, filters.min_upvotes), follows
        )
