"""How strongly papers were found for the readers of a page: a table instead of a list of finds.

A reader with popular topics has hundreds of finds and is shown the best thirty. A row of octets
for each finder, one a paper, compares sixty-four of them in one step of the processor.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from service.domain.ranking import TIERS

Integers: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Octets: TypeAlias = npt.NDArray[np.uint8]

# The strongest first: a mute keeps its paper out, an author who is followed puts it on top, and a
# topic puts it into one of its tiers.
MUTED, FOLLOWED, TOP_TIER = 0, 1, 2
NOTHING = TOP_TIER + TIERS


class Strengths:
    """The finds of a page's wants: how strongly each found each paper, NOTHING where it did not.

    A smaller number is stronger. `reader` is the reader of each want, from 0 and ascending, each
    with one want at least; `row` is the row of each want in `table`, which has a column for each
    place.
    """

    def __init__(self, reader: Integers, row: Integers, table: Octets) -> None:
        self._row, self._table = row, table
        self._begins = row * table.shape[1]
        self._counts = np.bincount(reader)
        self._firsts = np.cumsum(self._counts) - self._counts

    def best(self) -> Octets:
        """Return the strongest find of each reader, by place."""
        best: Octets = self._table[self._row[self._firsts]]
        for nth in range(1, int(self._counts.max(initial=0))):
            more = np.flatnonzero(self._counts > nth)
            # numpy's minimum.reduceat would take ten times as long.
            best[more] = np.minimum(best[more], self._table[self._row[self._firsts[more] + nth]])
        return best

    def of(self, reader: Integers, place: Integers) -> tuple[Integers, Integers, Octets]:
        """Return the finds of some readers' papers: the number of the pair of reader and place,
        the want, and how strong it is; ordered by pair, then the strongest first, then by want.
        """
        counts = self._counts[reader]
        pair = np.repeat(np.arange(len(reader)), counts)
        want = runs(self._firsts[reader], counts)
        strength = self._table.reshape(-1).take(self._begins[want] + place[pair])
        found = np.flatnonzero(strength != NOTHING)
        bits = len(self._row).bit_length()
        # One number holds all that is sorted by: to sort those is faster than any argsort.
        sorting = (pair[found] << 8 | strength[found]) << bits | want[found]
        sorting.sort()
        want = sorting & (1 << bits) - 1
        sorting >>= bits
        return sorting >> 8, want, sorting.astype(np.uint8)


def first_places(best: Octets, wanted: Integers) -> tuple[Integers, Integers]:
    """Return, in the order of readers, the first places of each: the strongest find first, equals
    by place; as many as are `wanted`, of which each reader has that many at least.

    They come as pairs of reader and place.
    """
    at, ends = np.cumsum(wanted) - wanted, np.cumsum(wanted)
    chosen = np.zeros(int(wanted.sum()), dtype=np.int64)
    for strength in range(NOTHING):
        still = np.flatnonzero(at < ends)
        row, place = cells(best[still] == strength)
        counts = np.bincount(row, minlength=len(still))
        taken = np.minimum(counts, (ends - at)[still])
        chosen[runs(at[still], taken)] = place[runs(np.cumsum(counts) - counts, taken)]
        at[still] += taken
    return np.repeat(np.arange(len(wanted)), wanted), chosen


def cells(flags: Flags) -> tuple[Integers, Integers]:
    """Return the rows and columns of what is set, in order: faster than numpy's nonzero."""
    flat = np.flatnonzero(flags)
    row = flat // (flags.shape[1] or 1)
    return row, flat - row * flags.shape[1]


def runs(starts: Integers, counts: Integers) -> Integers:
    """Return the numbers of runs one after the other: each from its start, so many."""
    before = np.cumsum(counts) - counts
    numbers: Integers = np.arange(counts.sum()) + np.repeat(starts - before, counts)
    return numbers
