"""What was found for many readers, and the choice of each from it: arrays in, arrays out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from service.domain.digests import ALSO_LISTED, TRENDING_LISTED
from service.matching.strengths import (
    FOLLOWED,
    MUTED,
    NOTHING,
    Integers,
    Octets,
    Strengths,
    cells,
    first_places,
    runs,
)

Flags: TypeAlias = npt.NDArray[np.bool_]

_STRENGTH_BITS = NOTHING.bit_length()
NAMELESS = -1


@dataclass(frozen=True, slots=True)
class Wants:
    """What the readers of a page want.

    Each want is something that finds papers for a reader: `reader` is the reader's number from 0,
    ascending, each with one at least; `finder` the number of a run of `Finds`; `name` the number
    of what a paper found so says of it, or NAMELESS. By reader: the seq up to which papers are not
    new to them, the most cards they take, the fewest upvotes they ask for, and whether they have
    topics.
    """

    reader: Integers
    finder: Integers
    name: Integers
    served_to: Integers
    max_papers: Integers
    min_upvotes: Integers
    topical: Flags


@dataclass(frozen=True, slots=True)
class Choice:
    """The papers of a page of readers.

    By reader: how many `matched` and are not kept out, how many are `muted` or `below` the minimum
    of upvotes, how many get a card, and how many are listed also.

    By entry, in the order of readers and then of their letters, cards before what is listed: its
    `reader`, its `place`, and where in `found_by` its wants begin, the strongest first; `names`
    ends with the length of that.

    `trending` are pairs of reader and place. `unlisted` are readers, and for each a row of flags
    by place: what stands nowhere in the letter.
    """

    matched: Integers
    muted: Integers
    below: Integers
    cards: Integers
    also: Integers
    reader: Integers
    place: Integers
    names: Integers
    found_by: Integers
    trending: tuple[Integers, Integers]
    unlisted: tuple[Integers, Flags]


class Finds:
    """The papers that were found, each finder's in one run of two long arrays.

    `seqs` and `upvotes` are those of the papers by place; no count of upvotes is None. `noticed`
    are the places that may be listed as trending.
    """

    def __init__(
        self, seqs: Sequence[int], upvotes: Sequence[int | None], noticed: Sequence[int]
    ) -> None:
        self._seqs = np.array(seqs, dtype=np.int64)
        # A minimum holds nothing back that comes from where upvotes are not counted.
        most = np.iinfo(np.int64).max
        self._upvotes = np.array([most if count is None else count for count in upvotes], np.int64)
        self._oldest = self._seqs.min(initial=most)
        self._noticed = np.array(noticed, dtype=np.int64)
        self._starts = np.zeros(1, dtype=np.int64)
        # A place, and behind it the strength.
        self._found = np.zeros(0, dtype=np.int32)

    def add(self, found: Iterable[Sequence[tuple[int, int]]]) -> None:
        """Append runs of finds, each of them the pair of its strength and its place."""
        found = list(found)
        if not found:
            return
        packed = [place << _STRENGTH_BITS | strength for run in found for strength, place in run]
        ends = self._starts[-1] + np.cumsum([len(run) for run in found], dtype=np.int64)
        self._starts = np.concatenate((self._starts, ends))
        self._found = np.concatenate((self._found, np.array(packed, dtype=np.int32)))

    def count(self, finder: int) -> int:
        """Return how many papers a finder found."""
        return int(self._starts[finder + 1] - self._starts[finder])

    def choose(self, wants: Wants) -> Choice:
        """Choose each reader's papers from those that are new to them.

        A paper stands by its strongest find, once however many there are; equals stand by place.
        """
        strengths = self._strengths(wants)
        best = strengths.best()
        if (wants.served_to >= self._oldest).any():
            best[self._seqs <= wants.served_to[:, None]] = NOTHING
        trending = self._trending(wants, best)
        muted = _take_muted(best, strengths)
        below = self._take_below(best, wants)
        matched = np.count_nonzero(best != NOTHING, axis=1)
        listed = np.minimum(matched, wants.max_papers + np.where(wants.topical, ALSO_LISTED, 0))
        reader, place = first_places(best, listed)
        best[reader, place] = NOTHING
        unlisted = np.flatnonzero((matched > listed) & wants.topical)
        entry, found_by, _ = strengths.of(reader, place)
        if not (named := wants.name[found_by] != NAMELESS).all():
            entry, found_by = entry[named], found_by[named]
        cards = np.minimum(matched, wants.max_papers)
        return Choice(
            matched=matched,
            muted=muted,
            below=below,
            cards=cards,
            also=listed - cards,
            reader=reader,
            place=place,
            names=np.concatenate(([0], np.cumsum(np.bincount(entry, minlength=len(reader))))),
            found_by=found_by,
            trending=trending,
            unlisted=(unlisted, best[unlisted] != NOTHING),
        )

    def _strengths(self, wants: Wants) -> Strengths:
        asked = np.zeros(len(self._starts) - 1, dtype=np.int64)
        asked[wants.finder] = 1
        finders = np.flatnonzero(asked)
        asked[finders] = np.arange(len(finders))
        starts = self._starts[finders]
        counts = self._starts[finders + 1] - starts
        found = self._found[runs(starts, counts)]
        table = np.full((len(finders), len(self._seqs)), NOTHING, dtype=np.uint8)
        row = np.repeat(np.arange(len(finders)), counts)
        table[row, found >> _STRENGTH_BITS] = found & (1 << _STRENGTH_BITS) - 1
        return Strengths(wants.reader, asked[wants.finder], table)

    def _take_below(self, best: Octets, wants: Wants) -> Integers:
        """Take out papers below readers' minimum of upvotes, and return how many of each.

        Upvotes count as they stand now. A paper below may rise later and is offered again by
        none: who lets such papers come on their second day begins here.
        """
        below = np.zeros(len(best), dtype=np.int64)
        asking = np.flatnonzero(wants.min_upvotes)
        found = best[asking]
        low = self._upvotes < wants.min_upvotes[asking, None]
        low &= (found != FOLLOWED) & (found != NOTHING)
        found[low] = NOTHING
        best[asking], below[asking] = found, np.count_nonzero(low, axis=1)
        return below

    def _trending(self, wants: Wants, best: Octets) -> tuple[Integers, Integers]:
        """Return what is noticed, new, and neither found nor unwanted: the first of each reader."""
        noticed = self._noticed
        open_to = best[:, noticed] == NOTHING
        open_to &= self._seqs[noticed] > wants.served_to[:, None]
        open_to &= self._upvotes[noticed] >= wants.min_upvotes[:, None]
        open_to &= wants.topical[:, None]
        open_to &= np.cumsum(open_to, axis=1, dtype=np.int32) <= TRENDING_LISTED
        of, which = cells(open_to)
        return of, noticed[which]


def _take_muted(best: Octets, strengths: Strengths) -> Integers:
    """Take out what a mute found, and return how many of it each reader's other wants found."""
    reader, place = cells(best == MUTED)
    best[reader, place] = NOTHING
    pair, _, strength = strengths.of(reader, place)
    found = np.zeros(len(reader), dtype=np.bool_)
    found[pair[strength != MUTED]] = True
    return np.bincount(reader[found], minlength=len(best))
