"""What is not on record is worked out again: how papers stood for what a reader wanted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from service.domain.matches import Verdict
from service.domain.papers import Paper
from service.domain.ranking import TIERS, in_order
from service.domain.wishes import Wish
from service.domain.topics import Topic, parse
from service.matching.index import PaperIndex
from service.matching.rankings import Rankings
from service.store.papers import StoredPaper
from service.store.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Recount:
    """How papers stand for a reader: all that match, best first, and how many each topic finds.

    It is recomputed from the papers as they are told of now, which later editions may have changed.
    """

    ranked: tuple[StoredPaper, ...]
    by_topic: tuple[tuple[Wish, int], ...]

    def rank(self, paper_id: int) -> int | None:
        """Return the place of a paper from 1, or None where it did not match."""
        ids = [stored.paper_id for stored in self.ranked]
        return ids.index(paper_id) + 1 if paper_id in ids else None


@dataclass(frozen=True, slots=True)
class TopicVerdict:
    """How one paper meets one of a reader's topics."""

    wish: Wish
    verdict: Verdict


def recount(papers: Sequence[StoredPaper], wanted: Wanted, today: date) -> Recount:
    """Rank papers for what a reader wanted as the plan of a date does."""
    topics: dict[int, str | Topic] = {n: wish.query for n, wish in enumerate(wanted.wishes)}
    mutes = range(len(topics), len(topics) + len(wanted.mutes))
    topics |= dict(zip(mutes, wanted.mutes, strict=True))
    by_id = {stored.paper_id: stored for stored in papers}
    with Rankings({i: (s.seq, s.paper) for i, s in by_id.items()}, topics, today) as rankings:
        shown = sum(
            1 << place
            for place, paper_id in enumerate(rankings.places)
            if not too_few_upvotes(by_id[paper_id].paper, wanted)
        )
        for mute in mutes:
            shown &= ~rankings.levels(mute)[0]
        best: dict[int, int] = {}
        by_topic = []
        for number, wish in enumerate(wanted.wishes):
            levels = rankings.levels(number)
            by_topic.append((wish, levels[0].bit_count()))
            for tier, place in in_order(levels, shown):
                best[place] = max(best.get(place, 0), tier)
        if not wanted.wishes:
            best = {n: TIERS for n in range(len(rankings.places)) if shown >> n & 1}
        order = sorted(best, key=lambda place: (-best[place], place))
        return Recount(
            tuple(by_id[rankings.places[place]] for place in order),
            tuple(by_topic),
        )


def meets(paper: Paper, wanted: Wanted) -> tuple[TopicVerdict, ...]:
    """Return how a paper meets each of a reader's topics."""
    with PaperIndex([paper]) as index:
        return tuple(
            TopicVerdict(wish, index.explain(parse(wish.query).expression, 0))
            for wish in wanted.wishes
        )


def muted_by(paper: Paper, wanted: Wanted) -> str | None:
    """Return in words what of a reader's own filters keeps a paper out, or None."""
    with PaperIndex([paper]) as index:
        for mute in wanted.mutes:
            if index.explain(parse(mute).expression, 0).tier:
                return f"never show {mute}"
    if too_few_upvotes(paper, wanted):
        return f"upvotes below {wanted.min_upvotes}"
    return None


def too_few_upvotes(paper: Paper, wanted: Wanted) -> bool:
    """Tell whether a paper has fewer upvotes than a reader asks for."""
    return wanted.min_upvotes is not None and (paper.upvotes or 0) < wanted.min_upvotes
