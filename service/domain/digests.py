"""What one reader gets on one date: a selection of papers, or a reason for none.

A plan numbers its papers by their place in the trending order, 0 being the most trending. A set
of papers is then an integer with a bit for each place, and one comparison of integers orders two
papers for a topic.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class SkipReason(StrEnum):
    """Why a reader who was due gets no letter."""

    NO_NEW_PAPERS = "no_new_papers"
    NO_MATCH = "no_match"
    MUTED = "muted"
    BELOW_UPVOTES = "below_upvotes"
    SUPPRESSED = "suppressed"

    @property
    def words(self) -> str:
        """The reason as a person is told it, to follow "no letter:"."""
        match self:
            case SkipReason.NO_NEW_PAPERS:
                return "no new paper had come"
            case SkipReason.NO_MATCH:
                return "none of the new papers matched a topic"
            case SkipReason.MUTED:
                return "all new papers that matched were muted"
            case SkipReason.BELOW_UPVOTES:
                return "no new paper that matched had the upvotes asked for"
            case SkipReason.SUPPRESSED:
                return "the address is suppressed"


class Standing(NamedTuple):
    """How the papers of a plan stand for one topic.

    `mask` has the bit of each place whose paper matches. `best` lists the matching papers, the
    best first, each as `tiers_below_the_top * places + place`; it may end early, but not before
    the most papers a letter can hold.
    """

    mask: int
    best: Sequence[int]


class Digest(NamedTuple):
    """The places of a selection, in order; `matched` counts every match, shown or not."""

    chosen: Sequence[int]
    matched: int


@dataclass(frozen=True, slots=True)
class Skipped:
    reason: SkipReason


def compose(standings: Sequence[Standing], *, places: int, max_papers: int) -> Digest | Skipped:
    """Choose a reader's papers from how they stand for each of the reader's topics.

    Papers are merged over the topics by their best standing, so that a paper stands once however
    many topics found it. The best of all topics are among the best of each: longer lists would
    not change the choice.
    """
    if len(standings) == 1:
        mask, best = standings[0]
        if not mask:
            return Skipped(SkipReason.NO_MATCH)
        return Digest([entry % places for entry in best[:max_papers]], mask.bit_count())
    mask = 0
    entries: list[int] = []
    for standing in standings:
        mask |= standing.mask
        entries += standing.best[:max_papers]
    if not mask:
        return Skipped(SkipReason.NO_MATCH)
    entries.sort()
    # A dict keeps the first, which is the best, of the entries for one place.
    chosen = list(dict.fromkeys(entry % places for entry in entries))
    return Digest(chosen[:max_papers], mask.bit_count())


def mask_of(places: Iterable[int]) -> int:
    """Return the set of those places."""
    mask = 0
    for place in places:
        mask |= 1 << place
    return mask
