"""Many selections packed at once, byte for byte as `domain.selection.pack` packs one."""

from dataclasses import dataclass

import numpy as np

from service.domain.selection import VERSION
from service.matching.finds import Choice
from service.matching.strengths import Integers, runs


@dataclass(frozen=True, slots=True)
class PartIds:
    """The ids of the parts that a page of letters needs.

    `by_place` are those of the cards; `by_want` those of the names, where there is one.
    """

    frame: int
    catalogue: int
    by_place: Integers
    by_want: Integers


def pack_many(
    choice: Choice, parts: PartIds, *, topics: Integers, reader_of: Integers
) -> list[bytes]:
    """Return each reader's selection; where nothing matched, one that must not be used.

    `topics` counts the topics by reader; `reader_of` is the reader of each want.
    """
    readers = len(choice.matched)
    named = np.zeros(len(reader_of), dtype=np.bool_)
    named[choice.found_by] = True
    used = np.flatnonzero(named)
    used_reader = reader_of[used]
    names = np.bincount(used_reader, minlength=readers)
    rank = np.zeros(len(reader_of), dtype=np.int64)
    rank[used] = _within(used_reader, np.ones_like(used), names)

    times = np.diff(choice.names)
    sizes = 2 + times
    entries = _total(choice.reader, sizes, readers)
    trending_reader, trending_place = choice.trending
    trending = np.bincount(trending_reader, minlength=readers)
    unlisted_reader, unlisted = choice.unlisted
    ends = np.bincount(unlisted_reader, minlength=readers)

    # What a selection holds, in order: four numbers, how many names and which, how many cards and
    # which, the same of what is also listed and of what is trending, and perhaps a catalogue.
    at_names = 4
    at_cards = at_names + 1 + names
    at_trending = at_cards + 2 + entries
    lengths = at_trending + 1 + trending + ends
    starts = np.cumsum(lengths) - lengths
    numbers = np.zeros(int(lengths.sum()), dtype=np.int64)
    numbers[starts], numbers[starts + 1] = VERSION, parts.frame
    numbers[starts + 2], numbers[starts + 3] = topics, choice.matched

    numbers[starts + at_names] = names
    inner = _within(used_reader, np.ones_like(used), names)
    numbers[(starts + at_names + 1)[used_reader] + inner] = _apart(parts.by_want[used], parts.frame)

    inner = _within(choice.reader, sizes, entries)
    nth = _within(choice.reader, np.ones_like(sizes), choice.cards + choice.also)
    is_card = nth < choice.cards[choice.reader]
    at = (starts + at_cards + 1)[choice.reader] + inner + ~is_card
    cards = _apart(parts.by_place, parts.frame)
    numbers[at] = cards[choice.place]
    numbers[at + 1] = times
    numbers[runs(at + 2, times)] = rank[choice.found_by]
    numbers[starts + at_cards] = choice.cards
    in_cards = _total(choice.reader[is_card], sizes[is_card], readers)
    numbers[starts + at_cards + 1 + in_cards] = choice.also

    numbers[starts + at_trending] = trending
    inner = _within(trending_reader, np.ones_like(trending_reader), trending)
    numbers[(starts + at_trending + 1)[trending_reader] + inner] = cards[trending_place]
    numbers[(starts + lengths - 1)[unlisted_reader]] = _apart(
        np.array(parts.catalogue), parts.frame
    )
    packed = _cut(numbers, starts, starts + lengths)
    octets = np.packbits(unlisted, axis=1, bitorder="little")
    for reader, row in zip(unlisted_reader.tolist(), octets, strict=True):
        packed[reader] += row.tobytes().rstrip(b"\0")
    return packed


def _total(reader: Integers, sizes: Integers, readers: int) -> Integers:
    return np.bincount(reader, sizes, readers).astype(np.int64)


def _within(reader: Integers, sizes: Integers, totals: Integers) -> Integers:
    """Return where each thing begins among those of its reader, given their sizes."""
    return np.cumsum(sizes) - sizes - (np.cumsum(totals) - totals)[reader]


def _apart(ids: Integers, frame: int) -> Integers:
    """Return ids as they are kept: what is below the frame's gets the odd numbers."""
    apart = ids - frame
    return np.where(apart >= 0, apart << 1, (-apart << 1) - 1)


def _cut(numbers: Integers, starts: Integers, ends: Integers) -> list[bytes]:
    """Encode the numbers as LEB128, and cut the bytes where the runs of numbers begin and end."""
    # Nearly all are of one octet: those that are not are looked at apart.
    long = np.flatnonzero(numbers > 0x7F)
    longer, rest = [long], numbers[long] >> 7
    while len(still := np.flatnonzero(rest > 0x7F)):
        longer.append(longer[-1][still])
        rest = rest[still] >> 7
    sizes = np.ones(len(numbers) + 1, dtype=np.int64)
    for these in longer:
        sizes[these] += 1
    edges = np.cumsum(sizes) - sizes
    packed = np.empty(int(edges[-1]), dtype=np.uint8)
    octets = numbers.astype(np.uint8)
    octets[long] |= 0x80
    packed[edges[:-1]] = octets
    for nth, these in enumerate(longer, start=1):
        rest = numbers[these] >> 7 * nth
        packed[edges[these] + nth] = rest & 0x7F | np.where(rest > 0x7F, 0x80, 0)
    whole = packed.tobytes()
    cuts = zip(edges[starts].tolist(), edges[ends].tolist(), strict=True)
    return [whole[begin:end] for begin, end in cuts]
