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
    reader = _Reader(packed, 1)
    try:
        frame, topics, matched = reader.number(), reader.number(), reader.number()
        names = reader.ids(frame)
        # Most papers came for one topic.
        alone = [(name,) for name in names]
        cards, also = reader.picked(frame, names, alone), reader.picked(frame, names, alone)
        trending = reader.ids(frame)
        unlisted = None
        if not reader.done:
            catalogue, octets = _whole(reader.number(), frame), reader.rest()
            unlisted = Unlisted(catalogue, int.from_bytes(octets, "little"))
            if not octets or octets[-1] == 0:
                raise ValueError("a packed selection with something behind it")
    except IndexError:
        raise ValueError(f"{_CUT}, or names no topic of its own") from None
    return Selection(frame, cards, also, trending, topics, matched, unlisted)


class _Reader:
    """Reads the numbers of packed octets one after the other; IndexError where they end."""

    def __init__(self, packed: bytes, start: int) -> None:
        self._packed = packed
        self._at = start

    @property
    def done(self) -> bool:
        return self._at == len(self._packed)

    def number(self) -> int:
        number = shift = 0
        while (octet := self._packed[self._at]) > 0x7F:
            number |= (octet & 0x7F) << shift
            shift += 7
            self._at += 1
        self._at += 1
        return number | octet << shift

    def ids(self, frame: int) -> tuple[int, ...]:
        return tuple([_whole(self.number(), frame) for _ in range(self.number())])

    def picked(
        self, frame: int, names: Sequence[int], alone: Sequence[tuple[int]]
    ) -> tuple[Picked, ...]:
        """Return papers and the topics they came for; `alone` is each of the names by itself."""
        packed, found = self._packed, []
        for _ in range(self.number()):
            at = self._at
            # A call for each number would cost more than all the rest of a letter: nearly all
            # are of one octet, or of two.
            apart = packed[at]
            if apart < 0x80:
                self._at = at = at + 1
            elif packed[at + 1] < 0x80:
                apart = apart & 0x7F | packed[at + 1] << 7
                self._at = at = at + 2
            else:
                apart, at = self.number(), self._at
            times = packed[at]
            octets = packed[at + 1 : at + 1 + times]
            places: Sequence[int] = octets
            if times < 0x80 and len(octets) == times and octets.isascii():
                self._at = at + 1 + times
            else:
                places = [self.number() for _ in range(self.number())]
            named = alone[places[0]] if times == 1 else tuple([names[place] for place in places])
            found.append(Picked(frame + (apart >> 1 ^ -(apart & 1)), named))
        return tuple(found)

    def rest(self) -> bytes:
        return self._packed[self._at :]


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
    reader = _Reader(part, len(_CATALOGUE))
    found: list[int] = []
    try:
        while not reader.done:
            found.append(reader.number())
    except IndexError:
        raise ValueError("a catalogue of papers that is cut short") from None
    return tuple(found)


_CATALOGUE = b"papers:"
