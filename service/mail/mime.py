"""Quoted-printable segments that can be joined, and the packing that stores them."""

import re
import struct
from binascii import b2a_qp
from collections.abc import Iterable

_LINE = 76
_ELLIPSIS = "=E2=80=A6"
_MORE_BLANKS = re.compile(rb"(?<= ) |\t")
_MAGIC = b"PR1"
_LENGTH = struct.Struct(">I")


class MalformedPart(ValueError):
    """Stored bytes that are not a packed part."""


def encode(text: str) -> bytes:
    """Return `text` as a quoted-printable segment (RFC 2045 6.7) that joins at line starts.

    A segment ends with a hard line break when `text` ends with a newline and with a soft one
    otherwise, so segments concatenate to the encoding of their concatenated texts. Every line ends
    in CRLF, holds at most 76 characters and does not begin with a dot, so that a message of
    segments needs no dot-stuffing (RFC 5321 4.5.2). It holds no tab, no two blanks together and
    none at its end: so it is in the relaxed form that DKIM signs. An empty text is an empty
    segment.
    """
    if not text:
        return b""
    coded = b""
    if text.isprintable() and "=" not in text and "  " not in text:
        if text.isascii():
            coded = soft_broken(text)
        elif not text.endswith(" "):
            # Of what is not in ASCII, most tells where we cut something off.
            escaped = text.replace("…", _ELLIPSIS)
            coded = soft_broken(escaped) if escaped.isascii() else b""
    return coded or _quoted(text)


def soft_broken(text: str) -> bytes:
    """Return the same of a text that only needs soft breaks; nothing where a line would begin with
    a dot.

    It is printable ASCII without two blanks together; "=" stands where something is escaped.
    """
    written = ""
    while len(text) >= _LINE:
        cut = _LINE - 1
        if "=" in text[cut - 2 : cut]:
            cut = text.index("=", cut - 2)
        written = f"{written}{text[:cut]}=\r\n"
        text = text[cut:]
    written = f"{written}{text}=\r\n"
    return b"" if written[0] == "." or "\n." in written else written.encode()


def _quoted(text: str) -> bytes:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    raw = text.encode("utf-8", "replace")
    coded = b2a_qp(raw) if raw.endswith(b"\n") else b2a_qp(raw) + b"=\n"
    lines = coded.splitlines()
    awkward = b"  " in coded or b"\t" in coded or coded.startswith(b".") or b"\n." in coded
    if awkward or max(map(len, lines)) > _LINE:
        return b"".join(map(_mended, lines))
    return coded.replace(b"\n", b"\r\n")


def _mended(line: bytes) -> bytes:
    """Return one line of b2a_qp with its leading dot, its tabs and all blanks after a blank
    escaped, broken again where it is too long.

    b2a_qp itself leaves a line of 77 where an escaped space comes last.
    """
    line = _MORE_BLANKS.sub(_escaped, line)
    if line.startswith(b"."):
        line = b"=2E" + line[1:]
    if len(line) <= _LINE:
        return line + b"\r\n"
    cut = _LINE - 1
    for escape in (cut - 1, cut - 2):
        if line[escape : escape + 1] == b"=":
            cut = escape
            break
    return line[:cut] + b"=\r\n" + _mended(line[cut:])


def _escaped(blank: re.Match[bytes]) -> bytes:
    return b"=20" if blank[0] == b" " else b"=09"


def pack(segments: Iterable[bytes]) -> bytes:
    """Return `segments` as one part to store, in a form that depends on nothing else."""
    return _MAGIC + b"".join(_LENGTH.pack(len(segment)) + segment for segment in segments)


def unpack(part: bytes) -> tuple[bytes, ...]:
    """Return the segments of a packed part. Raises MalformedPart."""
    if not part.startswith(_MAGIC):
        raise MalformedPart("a stored part does not begin with the mark of this version")
    segments: list[bytes] = []
    position = len(_MAGIC)
    while position < len(part):
        start = position + _LENGTH.size
        if start > len(part):
            raise MalformedPart("a stored part is cut off")
        position = start + _LENGTH.unpack_from(part, position)[0]
        if position > len(part):
            raise MalformedPart("a stored part is cut off")
        segments.append(part[start:position])
    return tuple(segments)
