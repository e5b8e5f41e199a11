"""A digest as a delivery row keeps it: the ids of its parts, packed into about 100 bytes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_VERSION = 1


@dataclass(frozen=True, slots=True)
class PickedCard:
    """A card's part, and the parts that name the topics it came for."""

    card: int
    names: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Selection:
    """Which parts a letter is joined from, and the counts its summary speaks of."""

    frame: int
    cards: tuple[PickedCard, ...] = ()
    topics: int = 0
    matched: int = 0

    def part_ids(self) -> Iterator[int]:
        """Yield every part the letter needs."""
        yield self.frame
        for picked in self.cards:
            yield picked.card
            yield from picked.names


def pack(selection: Selection) -> bytes:
    """Return the selection as bytes: a version and then variable-length integers (LEB128)."""
    cards = [
        (packed_number(picked.card), [packed_number(name) for name in picked.names])
        for picked in selection.cards
    ]
    return pack_ids(selection.frame, cards, topics=selection.topics, matched=selection.matched)


def pack_ids(
    frame: int, cards: Sequence[tuple[bytes, Sequence[bytes]]], *, topics: int, matched: int
) -> bytes:
    """Return the bytes of a selection whose cards and names are packed numbers already."""
    pieces = [_HEAD, *map(packed_number, (frame, topics, matched, len(cards)))]
    for card, names in cards:
        pieces.append(card)
        pieces.append(packed_number(len(names)))
        pieces += names
    return b"".join(pieces)


def packed_number(number: int) -> bytes:
    """Return a number, not negative, as it stands in a packed selection."""
    if number < len(_SMALL):
        return _SMALL[number]
    packed = bytearray()
    while number > 0x7F:
        packed.append(number & 0x7F | 0x80)
        number >>= 7
    packed.append(number)
    return bytes(packed)


_HEAD = bytes([_VERSION])
_SMALL = [bytes([number]) for number in range(0x80)]


def unpack(packed: bytes) -> Selection:
    """Return the selection that was packed; raise ValueError when the bytes are not one."""
    if not packed or packed[0] != _VERSION:
        raise ValueError("not a packed selection")
    numbers = _numbers(packed[1:])
    try:
        frame, topics, matched, count = (next(numbers) for _ in range(4))
        cards = tuple(
            PickedCard(next(numbers), tuple(next(numbers) for _ in range(next(numbers))))
            for _ in range(count)
        )
    except (StopIteration, RuntimeError):
        raise ValueError("a packed selection that is cut short") from None
    if next(numbers, None) is not None:
        raise ValueError("a packed selection with something behind it")
    return Selection(frame, cards, topics, matched)


def _numbers(packed: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in packed:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield number
            number = shift = 0
    if shift:
        raise ValueError("a packed selection that is cut short")
