"""What one reader gets on one date: a selection of papers, or a reason for none.

A plan numbers its papers by their place in the trending order, 0 being the most trending. A set
of papers is then an integer with a bit for each place, and one comparison of integers orders two
papers for a topic.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

# Beyond the cards, a letter lists as many papers by title, and as many that trend.
ALSO_LISTED = 20
TRENDING_LISTED = 3


class SkipReason(StrEnum):
    """Why a reader who was due gets no letter."""

    NO_NEW_PAPERS = "no_new_papers"
    NO_MATCH = "no_match"
    MUTED = "muted"
    SUPPRESSED = "suppressed"


class Standing(NamedTuple):
    """How the papers of a plan stand for one topic.

    `mask` has the bit of each place whose paper matches. `best` lists the matching papers, the
    best first, each as `tiers_below_the_top * places + place`; it may end early, but not before
    the most papers a letter can hold.
    """

    mask: int
    best: Sequence[int]


class Digest(NamedTuple):
    """The places of a selection, in order.

    `chosen` get a card each; `also` are the next best, listed by title; `trending` are no match of
    the reader's. `matching` is the set of all that match, shown or not.
    """

    chosen: Sequence[int]
    also: Sequence[int]
    trending: Sequence[int]
    matching: int

    @property
    def unlisted(self) -> int:
        """The set of the places that match but stand nowhere in the letter."""
        if self.matching.bit_count() == len(self.chosen) + len(self.also):
            return 0
        return self.matching & ~mask_of((*self.chosen, *self.also))


@dataclass(frozen=True, slots=True)
class Skipped:
    reason: SkipReason


def compose(
    standings: Sequence[Standing],
    *,
    places: int,
    max_papers: int,
    also_listed: int = ALSO_LISTED,
    noticed: int = 0,
) -> Digest | Skipped:
    """Choose a reader's papers from how they stand for each of the reader's topics.

    Papers are merged over the topics by their best standing, so that a paper stands once however
    many topics found it. The best of all topics are among the best of each: longer lists would
    not change the choice. `noticed` is the set of papers that may be listed as trending.
    """
    listed = max_papers + also_listed
    if len(standings) == 1:
        mask, best = standings[0]
        order = [entry % places for entry in best[:listed]]
    else:
        mask = 0
        entries: list[int] = []
        for standing in standings:
            mask |= standing.mask
            entries += standing.best[:listed]
        entries.sort()
        # A dict keeps the first, which is the best, of the entries for one place.
        order = list(dict.fromkeys(entry % places for entry in entries))
    if not mask:
        return Skipped(SkipReason.NO_MATCH)
    trending = lowest(noticed & ~mask, TRENDING_LISTED) if noticed else ()
    return Digest(order[:max_papers], order[max_papers:listed], trending, mask)


def lowest(places: int, count: int) -> list[int]:
    """Return the lowest places of a set, at most `count`."""
    found: list[int] = []
    while places and len(found) < count:
        bit = places & -places
        found.append(bit.bit_length() - 1)
        places ^= bit
    return found


def mask_of(places: Iterable[int]) -> int:
    """Return the set of those places."""
    mask = 0
    for place in places:
        mask |= 1 << place
    return mask
