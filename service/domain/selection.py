"""A digest as a delivery row keeps it: the ids of its parts, packed into about 100 bytes."""

from collections.abc import Iterator
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
    numbers = [selection.frame, selection.topics, selection.matched, len(selection.cards)]
    for picked in selection.cards:
        numbers += (picked.card, len(picked.names), *picked.names)
    packed = bytearray([_VERSION])
    for number in numbers:
        while number > 0x7F:
            packed.append(number & 0x7F | 0x80)
            number >>= 7
        packed.append(number)
    return bytes(packed)


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
