"""The content of a digest file: unpacked within bounds, and read bit by bit."""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from service.domain.papers import UnreadableFile

_GZIP = b"\x1f\x8b"
_PIECE = 256 * 1024
_HEAD = 64 * 1024
_LONGEST_LINE = 4_000_000
_SPACES = b" \t\r\n\v\f"


class Content:
    """The bytes or the characters of a file, gzip-compressed or not, once through.

    `head` holds the first characters, without a byte order mark and blanks. Reading raises
    UnreadableFile where the file is cut off, unpacks to more than `max_bytes`, or is no text.
    """

    def __init__(self, opened: BinaryIO, max_bytes: int) -> None:
        start = opened.read(len(_GZIP))
        opened.seek(0)
        self._file = gzip.GzipFile(fileobj=opened) if start == _GZIP else opened
        self._max_bytes = max_bytes
        self._unpacked = 0
        self._first = b""
        self.cut_line: str | None = None
        while len(self._first) < _HEAD and (piece := self._read()):
            self._first += piece
        if not self._first.strip() and len(self._first) < _HEAD:
            raise UnreadableFile("the file is empty")
        self.head = (
            self._first[:_HEAD]
            .removeprefix(codecs.BOM_UTF8)
            .lstrip(_SPACES)
            .decode("utf-8", "replace")
        )

    def pieces(self) -> Iterator[bytes]:
        """Yield the bytes, unpacked, in pieces."""
        piece = self._first
        while piece:
            yield piece
            piece = self._read()

    def whole(self, limit: int) -> bytes:
        """Return all bytes, unpacked; raise UnreadableFile when they are more than `limit`."""
        kept = bytearray()
        for piece in self.pieces():
            kept += piece
            if len(kept) > limit:
                raise UnreadableFile(f"too large for its format: more than {limit:,} bytes")
        return bytes(kept)

    def text(self) -> Iterator[str]:
        """Yield the characters, in pieces, without a byte order mark."""
        decoder = codecs.getincrementaldecoder("utf-8")()
        before = 0
        for piece in self.pieces():
            if (nul := piece.find(b"\0")) >= 0:
                raise UnreadableFile(f"a binary file, not text: NUL at byte {before + nul + 1:,}")
            yield self._decode(decoder, piece, before, final=False)
            before += len(piece)
        yield self._decode(decoder, b"", before, final=True)

    def _decode(
        self, decoder: codecs.IncrementalDecoder, piece: bytes, before: int, *, final: bool
    ) -> str:
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(piece, final)
        except UnicodeDecodeError as error:
            at = before - pending + error.start + 1
            wrong = error.object[error.start]
            raise UnreadableFile(f"not UTF-8 at byte {at:,} (0x{wrong:02x})") from None
        return text.removeprefix("\ufeff") if before == 0 else text

    def lines(self) -> Iterator[str]:
        """Yield the lines, without their ends; only LF and CR LF end one.

        A last line without its end is yielded, and `cut_line` afterwards.
        """
        rest = ""
        for piece in self.text():
            *whole, rest = (rest + piece).split("\n")
            yield from (line.removesuffix("\r") for line in whole)
            if len(rest) > _LONGEST_LINE:
                raise UnreadableFile(f"a line of more than {_LONGEST_LINE:,} characters")
        if rest:
            self.cut_line = rest
            yield rest

    def _read(self) -> bytes:
        try:
            piece = self._file.read(_PIECE)
        except EOFError:
            raise UnreadableFile("the gzip data is cut off") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise UnreadableFile(f"the gzip data is broken: {error}") from None
        self._unpacked += len(piece)
        if self._unpacked > self._max_bytes:
            raise UnreadableFile(f"too large: it unpacks to more than {self._max_bytes:,} bytes")
        return piece
