"""A digest as a delivery row keeps it: the ids of its parts, packed into about 100 bytes.

The parts of one plan are stored about the same time, so their ids are kept as what they differ
from the frame's; and the topics of a reader are named once, so that a paper names them by their
place.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

VERSION = 2


class Picked(NamedTuple):
    """A paper's part, and the parts that name the topics it came for."""

    part: int
    names: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Unlisted:
    """The papers that matched too, but stand in no letter.

    `catalogue` is the part that lists all papers of the plan; `places` is the set of those places
    in it, one bit a place.
    """

    catalogue: int
    places: int


@dataclass(frozen=True, slots=True)
class Selection:
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
        for picked in (*self.cards, *self.also):
            yield picked.part
            yield from picked.names
        yield from self.trending


def pack(selection: Selection) -> bytes:
    """Return the selection as bytes: a version and then variable-length integers (LEB128)."""
    picked = (*selection.cards, *selection.also)
    names = list(dict.fromkeys(name for each in picked for name in each.names))
    place = {name: number for number, name in enumerate(names)}
    frame, unlisted = selection.frame, selection.unlisted

    def entries(some: Sequence[Picked]) -> Iterator[int]:
        yield len(some)
        for each in some:
            yield _apart(each.part, frame)
            yield len(each.names)
            yield from (place[name] for name in each.names)

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
    numbers = _Numbers(packed, 1)
    frame, topics, matched = numbers.next(), numbers.next(), numbers.next()
    names = numbers.ids(frame)
    cards, also = numbers.picked(frame, names), numbers.picked(frame, names)
    trending = numbers.ids(frame)
    unlisted = None
    if not numbers.done:
        catalogue = _whole(numbers.next(), frame)
        octets = numbers.octets_behind()
        unlisted = Unlisted(catalogue, int.from_bytes(octets, "little"))
        if not octets or octets[-1] == 0:
            raise ValueError("a packed selection with something behind it")
    return Selection(frame, cards, also, trending, topics, matched, unlisted)


class _Numbers:
    """Gives the numbers of a packed selection one after the other."""

    def __init__(self, packed: bytes, start: int) -> None:
        self._packed = packed
        self._start = start
        self._taken = 0
        # All at once, which may read octets at the end for numbers that are none: one call for
        # each number would cost more than all the rest of a letter.
        self._numbers: list[int] = []
        number = shift = 0
        for byte in packed[start:]:
            if byte < 0x80:
                self._numbers.append(number | byte << shift)
                number = shift = 0
            else:
                number |= (byte & 0x7F) << shift
                shift += 7
        # A number that is not whole is nobody's, but something is there.
        self._torn = shift > 0

    @property
    def done(self) -> bool:
        return self._taken == len(self._numbers) and not self._torn

    def next(self) -> int:
        (number,) = self._some(1)
        return number

    def ids(self, frame: int) -> tuple[int, ...]:
        return tuple([_whole(apart, frame) for apart in self._some(self.next())])

    def picked(self, frame: int, names: Sequence[int]) -> tuple[Picked, ...]:
        numbers, found = self._numbers, []
        # Most papers came for one topic.
        single = [(name,) for name in names]
        count, at = self.next(), self._taken
        try:
            for _ in range(count):
                part, end = _whole(numbers[at], frame), at + 2 + numbers[at + 1]
                if end == at + 3:
                    found.append(Picked(part, single[numbers[at + 2]]))
                else:
                    places = numbers[at + 2 : end]
                    found.append(Picked(part, tuple([names[place] for place in places])))
                at = end
        except IndexError:
            raise ValueError(f"{_CUT}, or names no topic of its own") from None
        if at > len(numbers):
            raise ValueError(_CUT)
        self._taken = at
        return tuple(found)

    def octets_behind(self) -> bytes:
        """Return the octets behind the numbers taken."""
        behind, position = len(self._numbers) - self._taken, len(self._packed)
        while behind >= 0:
            position -= 1
            behind -= self._packed[position] < 0x80
        return self._packed[position + 1 :]

    def _some(self, count: int) -> list[int]:
        end = self._taken + count
        if end > len(self._numbers):
            raise ValueError(_CUT)
        found = self._numbers[self._taken : end]
        self._taken = end
        return found


_CUT = "a packed selection that is cut short"


def _whole(apart: int, frame: int) -> int:
    return frame + (apart >> 1 ^ -(apart & 1))


def pack_catalogue(paper_ids: Sequence[int]) -> bytes:
    """Return the part that lists the papers of a plan in its own order."""
    return _CATALOGUE + b"".join(map(_packed, paper_ids))


def unpack_catalogue(part: bytes) -> tuple[int, ...]:
    """Return the paper ids of a catalogue; raise ValueError when the bytes are not one."""
    if not part.startswith(_CATALOGUE):
        raise ValueError("not a catalogue of papers")
    numbers = _Numbers(part, len(_CATALOGUE))
    found: list[int] = []
    while not numbers.done:
        found.append(numbers.next())
    return tuple(found)


_CATALOGUE = b"papers:"
