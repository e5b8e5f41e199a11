"""A stencil: rendered text with slots in it, encoded once and filled in many times."""

from collections.abc import Mapping
from dataclasses import dataclass

from service.mail.mime import encode, pack, unpack

# Stands on both sides of a slot's name in rendered text; no text from outside can hold it.
MARK = "\0"


def slots(*names: str) -> Mapping[str, str]:
    """Return the markers that templates write as `{{ slot.name }}`."""
    return {name: f"{MARK}{name}{MARK}" for name in names}


@dataclass(frozen=True, slots=True, eq=False)
class Stencil:
    """Encoded literal segments, and the slot that follows each but the last.

    One equals none but itself, so that what is made of it is found quickly.
    """

    literals: tuple[bytes, ...]
    slots: tuple[str, ...]

    @classmethod
    def cut(cls, rendered: str) -> "Stencil":
        """Return the stencil of a rendered text that holds markers."""
        pieces = rendered.split(MARK)
        return cls(tuple(map(encode, pieces[::2])), tuple(pieces[1::2]))

    def fill(self, values: Mapping[str, bytes]) -> bytes:
        """Return the stencil with encoded values in all its slots."""
        return b"".join(self._filled(values))

    def around(self, slot: str, values: Mapping[str, bytes]) -> tuple[bytes, ...]:
        """Return the segments between which one slot stands, the others filled.

        They are two where the slot is there once; joined by its value they are what `fill` returns.
        """
        segments: list[bytes] = []
        written = [self.literals[0]]
        for name, literal in zip(self.slots, self.literals[1:], strict=True):
            if name == slot:
                segments.append(b"".join(written))
                written = [literal]
            else:
                written += (values[name], literal)
        return (*segments, b"".join(written))

    def apart(self, slot: str, values: Mapping[str, bytes]) -> tuple[bytes, tuple[bytes, ...]]:
        """Return what stands before one slot, which is there once, and the pieces of what follows:
        literals and values as they are, which others may share.
        """
        place = 2 * self.slots.index(slot) + 1
        pieces = self._filled({**values, slot: b""})
        return b"".join(pieces[:place]), tuple(filter(None, pieces[place:]))

    def _filled(self, values: Mapping[str, bytes]) -> list[bytes]:
        pieces = [b""] * (2 * len(self.slots) + 1)
        pieces[::2] = self.literals
        pieces[1::2] = [values[slot] for slot in self.slots]
        return pieces

    def pack(self) -> bytes:
        """Return the stencil as a segment to store."""
        return pack([",".join(self.slots).encode(), *self.literals])

    @classmethod
    def unpack(cls, part: bytes) -> "Stencil":
        """Return the stencil that was packed. Raises MalformedPart."""
        names, *literals = unpack(part)
        return cls(tuple(literals), tuple(names.decode().split(",")) if names else ())
