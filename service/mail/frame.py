"""A frame: one kind of letter with slots where the reader's own words go."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from service.mail.both import Both
from service.mail.mime import encode, pack, unpack
from service.mail.stencil import MARK, Stencil

Slot = tuple[str, str]
# The slots of a digest that hold papers.
LISTS = ("cards", "also", "trending")


@dataclass(frozen=True, eq=False)
class Frame:
    """The encoded literal segments of a message, and the slot that follows each but the last.

    A slot is the place it stands in ("header", "text" or "html", which decides how its value is
    encoded) and its name. `pieces` are the stencils of what a letter may hold or not, by the name
    of their template. One equals none but itself, so that what is made of it is found quickly.
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
                slots.append((place, name))
                tail = b""
            tail += _wire(place, cut[-1])
        stencils = {name: Stencil.cut(piece) for name, piece in pieces.items()}
        return cls(kind, (*literals, tail), tuple(slots), stencils)

    def filled(
        self,
        header: Mapping[str, bytes],
        said: Mapping[str, Both],
        papers: Mapping[str, tuple[list[bytes], list[bytes]]],
    ) -> list[bytes]:
        """Return the pieces of the message: its slots hold what the header and both parts say, and
        those of LISTS the papers, as text and as HTML.
        """
        pieces = self._unfilled.copy()
        for at, name in self._in_header:
            pieces[at] = header[name]
        for at, name, part in self._in_body:
            pieces[at] = said[name][part]
        for at, name, part in self._in_lists:
            pieces[at : at + 1] = papers[name][part]
        return pieces

    def around(
        self, piece: str, slot: str, values: Mapping[str, bytes]
    ) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
        """Return what stands around a slot of a piece, in text and in HTML, the others filled."""
        text, html = self.pieces[f"{piece}.txt"], self.pieces[f"{piece}.html"]
        return text.around(slot, values), html.around(slot, values)

    @cached_property
    def _unfilled(self) -> list[bytes]:
        """The literals, and between them nothing."""
        pieces = [b""] * (len(self.literals) + len(self.slots))
        pieces[::2] = self.literals
        return pieces

    @cached_property
    def _in_header(self) -> Sequence[tuple[int, str]]:
        """Where among the pieces the slots of the header stand."""
        return [(at, name) for at, place, name in self._places if place == "header"]

    @cached_property
    def _in_body(self) -> Sequence[tuple[int, str, int]]:
        """Where among the pieces all others stand, and which of both they hold."""
        return [slot for slot in self._of_both if slot[1] not in LISTS]

    @cached_property
    def _in_lists(self) -> Sequence[tuple[int, str, int]]:
        """The same of the slots for papers, the last first: none is moved by another."""
        return [slot for slot in reversed(self._of_both) if slot[1] in LISTS]

    @property
    def _of_both(self) -> Sequence[tuple[int, str, int]]:
        parts = {"text": 0, "html": 1}
        return [(at, name, parts[place]) for at, place, name in self._places if place in parts]

    @property
    def _places(self) -> Iterator[tuple[int, str, str]]:
        return ((2 * number + 1, *slot) for number, slot in enumerate(self.slots))

    def pack(self) -> bytes:
        """Return the frame as a part to store."""
        names = ",".join(f"{place}:{name}" for place, name in self.slots)
        pieces = [
            segment for name in self.pieces for segment in (name.encode(), self.pieces[name].pack())
        ]
        return pack([self.kind.encode(), names.encode(), pack(pieces), *self.literals])

    @classmethod
    def unpack(cls, part: bytes) -> "Frame":
        """Return the frame that was packed. Raises MalformedPart."""
        kind, names, packed, *literals = unpack(part)
        slots = [name.partition(":") for name in names.decode().split(",")]
        pieces = unpack(packed)
        return cls(
            kind.decode(),
            tuple(literals),
            tuple((place, name) for place, _, name in slots),
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
# A "=" of quoted-printable text stands before two digits or a line end: it can hold no such line.
HTML_BEGINS = b"\r\nContent-Type: text/html; charset=utf-8\r\n"
_CLOSING = f"--{_BOUNDARY}--\r\n"


def _wire(place: str, literal: str) -> bytes:
    return literal.encode("ascii") if place == "header" else encode(literal)
