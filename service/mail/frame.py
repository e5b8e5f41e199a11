"""A frame: one kind of letter with slots where the reader's own words go."""

from collections.abc import Mapping
from dataclasses import dataclass

from service.mail.mime import encode, pack, unpack

# Stands on both sides of a slot's name in rendered text; no text from outside can hold it.
MARK = "\0"

Slot = tuple[str, str]


def slots(*names: str) -> Mapping[str, str]:
    """Return the markers that templates write as `{{ slot.name }}`."""
    return {name: f"{MARK}{name}{MARK}" for name in names}


@dataclass(frozen=True, slots=True)
class Frame:
    """The encoded literal segments of a message, and the slot that follows each but the last.

    A slot is the place it stands in ("header", "text" or "html", which decides how its value is
    encoded) and its name.
    """

    kind: str
    literals: tuple[bytes, ...]
    slots: tuple[Slot, ...]

    @classmethod
    def build(cls, kind: str, *, header: str, text: str, html: str) -> "Frame":
        """Return the frame of a multipart/alternative message.

        `header` is the block of header lines with MIME's own left out; all three hold markers.
        """
        literals: list[bytes] = []
        slots: list[Slot] = []
        tail = b""
        for place, rendered in (
            ("header", header + _MULTIPART + _OPENING.format(subtype="plain")),
            ("text", text),
            ("header", "\r\n" + _OPENING.format(subtype="html")),
            ("html", html),
            ("header", "\r\n" + _CLOSING),
        ):
            pieces = rendered.split(MARK)
            for literal, name in zip(pieces[::2], pieces[1::2], strict=False):
                literals.append(tail + _wire(place, literal))
                slots.append((place, name))
                tail = b""
            tail += _wire(place, pieces[-1])
        return cls(kind, (*literals, tail), tuple(slots))

    def pack(self) -> bytes:
        """Return the frame as a part to store."""
        names = ",".join(f"{place}:{name}" for place, name in self.slots)
        return pack([self.kind.encode(), names.encode(), *self.literals])

    @classmethod
    def unpack(cls, part: bytes) -> "Frame":
        """Return the frame that was packed. Raises MalformedPart."""
        kind, names, *literals = unpack(part)
        slots = [name.partition(":") for name in names.decode().split(",")]
        return cls(kind.decode(), tuple(literals), tuple((place, name) for place, _, name in slots))


# "=_" can stand in no quoted-printable text, so no part needs to be searched for the boundary.
_BOUNDARY = f"=_{MARK}token{MARK}"
_MULTIPART = (
    f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="{_BOUNDARY}"\r\n\r\n'
)
_OPENING = (
    f"--{_BOUNDARY}\r\n"
    "Content-Type: text/{subtype}; charset=utf-8\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n"
    "\r\n"
)
_CLOSING = f"--{_BOUNDARY}--\r\n"


def _wire(place: str, literal: str) -> bytes:
    return literal.encode("ascii") if place == "header" else encode(literal)
