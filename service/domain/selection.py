"""A digest as a delivery row keeps it: the ids of its parts, packed into about 100 bytes.

The parts of one plan are stored about the same time, so their ids are kept as what they differ
from the frame's; and the topics of a reader are named once, so that a paper names them by their
place.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple, TypeAlias

VERSION = 2


# A paper's part, and the parts that name the topics it came for, none twice.
Picked: TypeAlias = tuple[int, tuple[int, ...]]


class Unlisted(NamedTuple):
    """The papers that matched too, but stand in no letter.

    `catalogue` is the part that lists all papers of the plan; `places` is the set of those places
    in it, one bit a place.
    """

    catalogue: int
    places: int


class Selection(NamedTuple):
    """Which parts a letter is joined from, and the counts its summary speaks of.

    `cards` are shown whole, `also` by title; `trending` are no topic of the reader's. `topics`
    counts the reader's topics, `matched` every paper that matched, shown or not.
    """

    frame: int
    cards: tuple[Picked, ...] = ()
    also: tuple[Picked, ...] = ()
    trending: tuple[int, ...] = ()
    topics: int = 0
    matched: int = 0
    unlisted: Unlisted | None = None

    def part_ids(self) -> Iterator[int]:
        """Yield every part the letter needs, some perhaps twice."""
        yield self.frame
        for part, names in (*self.cards, *self.also):
            yield part
            yield from names
        yield from self.trending


def pack(selection: Selection) -> bytes:
    """Return the selection as bytes: a version and then variable-length integers (LEB128)."""
    picked = (*selection.cards, *selection.also)
    names = list(dict.fromkeys(name for _, came_for in picked for name in came_for))
    place = {name: number for number, name in enumerate(names)}
    frame, unlisted = selection.frame, selection.unlisted

    def entries(some: Sequence[Picked]) -> Iterator[int]:
        yield len(some)
        for part, came_for in some:
            yield _apart(part, frame)
            yield len(came_for)
            yield from (place[name] for name in came_for)

    def ids(parts: Sequence[int]) -> Iterator[int]:
        yield len(parts)
        yield from (_apart(part, frame) for part in parts)

    numbers = [VERSION, frame, selection.topics, selection.matched]
    numbers += (*ids(names), *entries(selection.cards), *entries(selection.also))
    numbers += ids(selection.trending)
    if unlisted is None:
        return b"".join(map(_packed, numbers))
    octets = unlisted.places.to_bytes((unlisted.places.bit_length() + 7) // 8, "little")
    return b"".join(map(_packed, (*numbers, _apart(unlisted.catalogue, frame)))) + octets


def _packed(number: int) -> bytes:
    packed = bytearray()
    while number > 0x7F:
        packed.append(number & 0x7F | 0x80)
        number >>= 7
    packed.append(number)
    return bytes(packed)


def _apart(part: int, frame: int) -> int:
    # What is below the frame's id gets the odd numbers, so that both sides stay small.
    apart = part - frame
    return apart << 1 if apart >= 0 else (-apart << 1) - 1


def unpack(packed: bytes) -> Selection:
    """Return the selection that was packed; raise ValueError when the bytes are not one."""
    if not packed or packed[0] != VERSION:
        raise ValueError("not a packed selection")
    unlisted = None
    try:
        frame, at = _number(packed, 1)
        topics, at = _number(packed, at)
        matched, at = _number(packed, at)
        names, at = _ids(packed, at, frame)
        cards, at = _entries(packed, at, frame, names)
        also, at = _entries(packed, at, frame, names)
        trending, at = _ids(packed, at, frame)
        if at < len(packed):
            apart, at = _number(packed, at)
            octets = packed[at:]
            unlisted = Unlisted(_whole(apart, frame), int.from_bytes(octets, "little"))
            if not octets or octets[-1] == 0:
                raise ValueError("a packed selection with something behind it")
    except IndexError:
        raise ValueError(f"{_CUT}, or names no topic of its own") from None
    return Selection(frame, cards, also, trending, topics, matched, unlisted)


_CUT = "a packed selection that is cut short"


def _number(packed: bytes, at: int) -> tuple[int, int]:
    """Return the number at a place, and where the next one is; IndexError where they end."""
    number = packed[at]
    shift = 0
    while number >> shift > 0x7F:
        at += 1
        shift += 7
        number = number & (1 << shift) - 1 | packed[at] << shift
    return number, at + 1


def _numbers(packed: bytes, at: int) -> tuple[list[int], int]:
    """Return the numbers listed at a place, and where the next one is."""
    count, at = _number(packed, at)
    found: list[int] = []
    for _ in range(count):
        number, at = _number(packed, at)
        found.append(number)
    return found, at


def _ids(packed: bytes, at: int, frame: int) -> tuple[tuple[int, ...], int]:
    """Return the parts listed at a place, and where the next number is."""
    aparts, at = _numbers(packed, at)
    return tuple([_whole(apart, frame) for apart in aparts]), at


def _entries(
    packed: bytes, at: int, frame: int, names: tuple[int, ...]
) -> tuple[tuple[Picked, ...], int]:
    """Return the papers listed at a place, and where the next number is."""
    count, at = _number(packed, at)
    found: list[Picked] = []
    few = len(names) < 0x80
    alone = [(name,) for name in names]
    for _ in range(count):
        # A call for each number would cost more than all the rest of a claim: nearly all are of
        # one octet, or of two.
        apart = packed[at]
        if apart < 0x80:
            at += 1
        elif (second := packed[at + 1]) < 0x80:
            apart = apart & 0x7F | second << 7
            at += 2
        else:
            apart, at = _number(packed, at)
        if not few:
            places, at = _numbers(packed, at)
            came_for = tuple([names[place] for place in places])
        elif packed[at] == 1:
            came_for = alone[packed[at + 1]]
            at += 2
        else:
            end = at + 1 + packed[at]
            came_for = _choice(packed[at + 1 : end])(names)
            at = end
        found.append((frame + (apart >> 1 ^ -(apart & 1)), came_for))
    return tuple(found), at


@lru_cache(maxsize=4096)
def _choice(places: bytes) -> Callable[[tuple[int, ...]], tuple[int, ...]]:
    """Return what chooses the names at these places, of which there is not just one."""
    return itemgetter(*places) if places else lambda names: ()


def _whole(apart: int, frame: int) -> int:
    """Return the id that `_apart` was given."""
    return frame + (apart >> 1 ^ -(apart & 1))


def pack_catalogue(paper_ids: Sequence[int]) -> bytes:
    """Return the part that lists the papers of a plan in its own order."""
    return _CATALOGUE + b"".join(map(_packed, paper_ids))


def unpack_catalogue(part: bytes) -> tuple[int, ...]:
    """Return the paper ids of a catalogue; raise ValueError when the bytes are not one."""
    if not part.startswith(_CATALOGUE):
        raise ValueError("not a catalogue of papers")
    found: list[int] = []
    at = len(_CATALOGUE)
    try:
        while at < len(part):
            number, at = _number(part, at)
            found.append(number)
    except IndexError:
        raise ValueError("a catalogue of papers that is cut short") from None
    return tuple(found)


_CATALOGUE = b"papers:"
