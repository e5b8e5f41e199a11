"""A frame: one kind of letter with slots where the reader's own words go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from sys import intern

from service.mail.mime import encode, pack, unpack
from service.mail.stencil import MARK, Stencil

# The place it stands in and its name: "html:greeting".
Slot = str


@dataclass(frozen=True)
class Frame:
    """The encoded literal segments of a message, and the slot that follows each but the last.

    A slot stands in the "header", the "text" or the "html", which decides how its value is encoded.
    `pieces` are the stencils of what a letter may hold or not, by the name
    of their template.
    """

    kind: str
    literals: tuple[bytes, ...]
    slots: tuple[Slot, ...]
    pieces: Mapping[str, Stencil]

    @classmethod
    def build(
        cls, kind: str, *, header: str, text: str, html: str, pieces: Mapping[str, str]
    ) -> "Frame":
        """Return the frame of a multipart/alternative message.

        `header` is the block of header lines with MIME's own left out; all texts hold markers.
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
            cut = rendered.split(MARK)
            for literal, name in zip(cut[::2], cut[1::2], strict=False):
                literals.append(tail + _wire(place, literal))
                slots.append(f"{place}:{name}")
                tail = b""
            tail += _wire(place, cut[-1])
        stencils = {name: Stencil.cut(piece) for name, piece in pieces.items()}
        return cls(kind, (*literals, tail), tuple(slots), stencils)

    @cached_property
    def slots_in(self) -> Mapping[str, Sequence[tuple[Slot, str]]]:
        """The slots by place, each once, with their names."""
        found: dict[str, dict[Slot, str]] = {"header": {}, "text": {}, "html": {}}
        for slot in self.slots:
            place, _, name = slot.partition(":")
            found[place][slot] = name
        return {place: tuple(names.items()) for place, names in found.items()}

    def filled(self, values: Mapping[Slot, bytes]) -> list[bytes]:
        """Return the pieces of the message, with encoded values in all slots."""
        pieces = [b""] * (len(self.literals) + len(self.slots))
        pieces[::2] = self.literals
        pieces[1::2] = [values[slot] for slot in self.slots]
        return pieces

    def html_size(self, pieces: Sequence[bytes]) -> int:
        """Return the octets of a filled frame from its HTML part on."""
        return sum(map(len, pieces[self._html_from :]))

    @cached_property
    def _html_from(self) -> int:
        return 2 * [slot.partition(":")[0] for slot in self.slots].index("html")

    def pack(self) -> bytes:
        """Return the frame as a part to store."""
        names = ",".join(self.slots)
        pieces = [
            segment for name in self.pieces for segment in (name.encode(), self.pieces[name].pack())
        ]
        return pack([self.kind.encode(), names.encode(), pack(pieces), *self.literals])

    @classmethod
    def unpack(cls, part: bytes) -> "Frame":
        """Return the frame that was packed. Raises MalformedPart."""
        kind, names, packed, *literals = unpack(part)
        pieces = unpack(packed)
        return cls(
            kind.decode(),
            tuple(literals),
            tuple(map(intern, names.decode().split(","))),
            {
                name.decode(): Stencil.unpack(piece)
                for name, piece in zip(pieces[::2], pieces[1::2], strict=True)
            },
        )


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
