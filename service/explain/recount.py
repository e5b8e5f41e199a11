"""What is not on record is worked out again: how papers stood for what a reader wanted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from service.domain.filters import Filters, by_author, enough_upvotes
from service.domain.matches import Verdict
from service.domain.papers import Paper
from service.domain.topics import parse
from service.domain.wishes import Wish
from service.matching.index import PaperIndex
from service.matching.rankings import Rankings, Readers
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
    by_id = {stored.paper_id: stored for stored in papers}
    with Rankings(
        {i: (stored.seq, stored.paper) for i, stored in by_id.items()}, today
    ) as rankings:
        rankings.learn(
            {n: wish.query for n, wish in enumerate(wanted.wishes)}, [wanted.preferences.filters]
        )
        topics = rankings.number((n, wish.shown) for n, wish in enumerate(wanted.wishes))
        # No seq is below: all of them are new.
        reader = Readers(
            served_to=np.array([-1]),
            max_papers=np.array([len(papers)]),
            wisher=np.zeros(len(topics), dtype=np.int64),
            topics=topics,
            filters={0: wanted.preferences.filters},
        )
        choice = rankings.choose(rankings.gather(reader))
        return Recount(
            tuple(by_id[rankings.places[place]] for place in choice.place),
            tuple((wish, rankings.count(n)) for n, wish in enumerate(wanted.wishes)),
            int(choice.muted[0]),
            int(choice.below[0]),
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
            next(mutes, None),
            not follows and not enough_upvotes(paper, filters.min_upvotes),
            follows,
        )
