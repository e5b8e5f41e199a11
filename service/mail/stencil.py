"""A stencil: rendered text with slots in it, encoded once and filled in many times."""

from collections.abc import Mapping
from dataclasses import dataclass

from service.mail.mime import encode, pack, unpack

# Stands on both sides of a slot's name in rendered text; no text from outside can hold it.
MARK = "\0"


def slots(*names: str) -> Mapping[str, str]:
    """Return the markers that templates write as `{{ slot.name }}`."""
    return {name: f"{MARK}{name}{MARK}" for name in names}


@dataclass(frozen=True, slots=True)
class Stencil:
    """Encoded literal segments, and the slot that follows each but the last."""

    literals: tuple[bytes, ...]
    slots: tuple[str, ...]

    @classmethod
    def cut(cls, rendered: str) -> "Stencil":
        """Return the stencil of a rendered text that holds markers."""
        pieces = rendered.split(MARK)
        return cls(tuple(map(encode, pieces[::2])), tuple(pieces[1::2]))

    def fill(self, values: Mapping[str, bytes]) -> bytes:
        """Return the stencil with encoded values in all its slots."""
        pieces = [self.literals[0]]
        for slot, literal in zip(self.slots, self.literals[1:], strict=True):
            pieces += (values[slot], literal)
        return b"".join(pieces)

    def around(self, slot: str, values: Mapping[str, bytes]) -> tuple[bytes, bytes]:
        """Return what stands before and after one slot, which is there once, the others filled."""
        place = self.slots.index(slot)
        before = Stencil(self.literals[: place + 1], self.slots[:place])
        after = Stencil(self.literals[place + 1 :], self.slots[place + 1 :])
        return before.fill(values), after.fill(values)

    def pack(self) -> bytes:
        """Return the stencil as a segment to store."""
        return pack([",".join(self.slots).encode(), *self.literals])

    @classmethod
    def unpack(cls, part: bytes) -> "Stencil":
        """Return the stencil that was packed. Raises MalformedPart."""
        names, *literals = unpack(part)
        return cls(tuple(literals), tuple(names.decode().split(",")) if names else ())
