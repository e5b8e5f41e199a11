"""What was found for many readers, and the choice of each from it: arrays in, arrays out.

A million readers have some three million topics. Sorting integers in bulk chooses for all of them
in seconds, where a loop over readers takes a minute.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from service.domain.digests import ALSO_LISTED, TRENDING_LISTED
from service.domain.ranking import TIERS

Integers: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]

# How a find counts, the strongest first: a mute keeps its paper out, an author who is followed
# puts it on top, and a topic puts it into one of its tiers.
MUTED, FOLLOWED, TOP_TIER = 0, 1, 2
_STRENGTH_BITS = (TOP_TIER + TIERS).bit_length()


@dataclass(frozen=True, slots=True)
class Wants:
    """What the readers of a page want.

    Each want is something that finds papers for a reader: `reader` is the reader's number from 0,
    ascending, `finder` the number of a run of `Finds`, `named` whether a paper found so says so.
    By reader: the seq up to which papers are not new to them, the most cards they take, the fewest
    upvotes they ask for, and whether they have topics.
    """

    reader: Integers
    finder: Integers
    named: Flags
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
        self._noticed = np.array(noticed, dtype=np.int64)
        self._starts = np.zeros(1, dtype=np.int64)
        # A place, and behind it the strength.
        self._found = np.zeros(0, dtype=np.int64)

    def add(self, found: Iterable[Sequence[tuple[int, int]]]) -> None:
        """Append runs of finds, each of them the pair of its strength and its place."""
        found = list(found)
        packed = [place << _STRENGTH_BITS | strength for run in found for strength, place in run]
        ends = self._starts[-1] + np.cumsum([len(run) for run in found], dtype=np.int64)
        self._starts = np.concatenate((self._starts, ends))
        self._found = np.concatenate((self._found, np.array(packed, dtype=np.int64)))

    def count(self, finder: int) -> int:
        """Return how many papers a finder found."""
        return int(self._starts[finder + 1] - self._starts[finder])

    def choose(self, wants: Wants) -> Choice:
        """Choose each reader's papers from those that are new to them.

        A paper stands by its strongest find, once however many there are; equals stand by place.
        """
        readers, bits = len(wants.served_to), len(self._seqs).bit_length()
        sorting, want_bits = self._sorted(wants, bits)
        paper = sorting >> want_bits + _STRENGTH_BITS
        firsts = np.flatnonzero(np.diff(paper, prepend=-1))
        sizes = np.diff(firsts, append=len(paper))
        strength = sorting[firsts] >> want_bits & _ones(_STRENGTH_BITS)
        paper = paper[firsts]
        reader, place = paper >> bits, paper & _ones(bits)
        muted = strength == MUTED
        # Upvotes count as they stand now. A paper below may rise later and is offered again by
        # none: who lets such papers come on their second day begins here.
        below = self._upvotes[place] < wants.min_upvotes[reader]
        below &= ~muted & (strength != FOLLOWED)
        kept = np.flatnonzero(~(muted | below))
        matched = np.bincount(reader[kept], minlength=readers)
        # Where the last find, the weakest, is a mute too, nothing else found the paper.
        muted = np.flatnonzero(muted)
        last = sorting[firsts[muted] + sizes[muted] - 1] >> want_bits & _ones(_STRENGTH_BITS)

        best_first = reader[kept] << _STRENGTH_BITS | strength[kept]
        kept = kept[_order(best_first << bits | place[kept])]
        listed = np.minimum(matched, wants.max_papers + np.where(wants.topical, ALSO_LISTED, 0))
        begin = np.cumsum(matched) - matched
        entries = kept[runs(begin, listed)]
        rest = kept[runs(begin + listed, matched - listed)]
        named = sorting[runs(firsts[entries], sizes[entries])] & _ones(want_bits)
        found_by, times = _named(wants, named, sizes[entries])
        cards = np.minimum(matched, wants.max_papers)
        return Choice(
            matched=matched,
            muted=np.bincount(reader[muted[last != MUTED]], minlength=readers),
            below=np.bincount(reader[below], minlength=readers),
            cards=cards,
            also=listed - cards,
            reader=reader[entries],
            place=place[entries],
            names=np.concatenate(([0], np.cumsum(times))),
            found_by=found_by,
            trending=self._trending(wants, reader, place),
            unlisted=_flags(reader[rest], place[rest], len(self._seqs), wants.topical),
        )

    def _sorted(self, wants: Wants, bits: int) -> tuple[Integers, int]:
        """Return every new find as one number, sorted: the reader's number, in `bits` the place,
        the strength and the number of the want; and in how many bits the last one stands.
        """
        starts = self._starts[wants.finder]
        counts = self._starts[wants.finder + 1] - starts
        # One number holds all that is sorted by. A page of 4,000 readers with 200 topics each and
        # a million papers takes 55 of its 63 bits.
        want_bits = len(counts).bit_length()
        by_want = wants.reader << bits + _STRENGTH_BITS + want_bits | np.arange(len(counts))
        found = self._found[runs(starts, counts)]
        sorting = np.repeat(by_want, counts) | found << want_bits
        oldest = self._seqs.min(initial=np.iinfo(np.int64).max)
        if (wants.served_to >= oldest).any():
            served_to = np.repeat(wants.served_to[wants.reader], counts)
            sorting = sorting[self._seqs[found >> _STRENGTH_BITS] > served_to]
        sorting.sort()
        return sorting, want_bits

    def _trending(
        self, wants: Wants, reader: Integers, place: Integers
    ) -> tuple[Integers, Integers]:
        """Return what is noticed, new, and neither found nor unwanted: the first of each reader."""
        noticed = self._noticed
        open_to = self._seqs[noticed] > wants.served_to[:, None]
        open_to &= self._upvotes[noticed] >= wants.min_upvotes[:, None]
        open_to &= wants.topical[:, None]
        column = np.full(len(self._seqs), -1, dtype=np.int64)
        column[noticed] = np.arange(len(noticed))
        taken = column[place]
        open_to[reader[taken >= 0], taken[taken >= 0]] = False
        open_to &= np.cumsum(open_to, axis=1) <= TRENDING_LISTED
        of, which = np.nonzero(open_to)
        return of, noticed[which]


def _named(wants: Wants, found_by: Integers, counts: Integers) -> tuple[Integers, Integers]:
    """Return the wants that entries name, and how many each does, of those that found them."""
    named = wants.named[found_by]
    if named.all():
        return found_by, counts
    entry = np.repeat(np.arange(len(counts)), counts)
    return found_by[named], np.bincount(entry[named], minlength=len(counts))


def _order(keys: Integers) -> Integers:
    """Return which key comes first, which second, and so on: faster than numpy's argsort."""
    bits = len(keys).bit_length()
    numbered = keys << bits | np.arange(len(keys))
    numbered.sort()
    order: Integers = numbered & _ones(bits)
    return order


def _ones(bits: int) -> int:
    return (1 << bits) - 1


def _flags(
    reader: Integers, place: Integers, places: int, topical: Flags
) -> tuple[Integers, Flags]:
    """Return the readers with topics, and a row of flags by place for each."""
    flags = np.zeros((len(topical), places), dtype=np.bool_)
    flags[reader, place] = True
    readers = np.flatnonzero(flags.any(axis=1) & topical)
    return readers, flags[readers]


def runs(starts: Integers, counts: Integers) -> Integers:
    """Return the numbers of runs one after the other: each from its start, so many."""
    before = np.cumsum(counts) - counts
    numbers: Integers = np.arange(counts.sum()) + np.repeat(starts - before, counts)
    return numbers
