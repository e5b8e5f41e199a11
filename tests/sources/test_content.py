"""The bytes of a file: unpacked within bounds, and told apart from what is no text."""

import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.papers import UnreadableFile
from service.sources.content import Content
from service.sources.formats import parse

LINE = b'{"title": "Tides"}\n'


def content(data: bytes, limit: int = 10_000_000) -> Content:
    return Content(io.BytesIO(data), limit)


def test_gzip_is_unpacked_whatever_the_name() -> None:
    packed = gzip.compress(LINE, mtime=0) + gzip.compress(LINE, mtime=0)
    assert [paper.title for paper in parse(packed, "day.json").papers] == ["Tides", "Tides"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (gzip.compress(LINE * 9_000, mtime=0)[:-30], "the gzip data is cut off"),
        (gzip.compress(LINE, mtime=0)[:-8] + bytes(8), "the gzip data is broken"),
        (gzip.compress(LINE, mtime=0) + b"more", "the gzip data is broken"),
        (gzip.compress(b" \n", mtime=0), "the file is empty"),
        (gzip.compress(b"{\0}", mtime=0), "a binary file, not text: NUL at byte 2"),
        (gzip.compress(gzip.compress(LINE, mtime=0), mtime=0), "not UTF-8 at byte 2|a binary file"),
    ],
)
def test_bad_gzip_is_unreadable_for_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        parse(data, "day.json.gz")


def test_a_file_that_unpacks_to_too_much_is_refused(within_a_second: None) -> None:
    bomb = gzip.compress(b" " * 60_000_000)
    with pytest.raises(UnreadableFile, match="unpacks to more than 1,000,000 bytes"):
        parse(bomb, "day.json", max_bytes=1_000_000)


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8")), st.integers(1, 7))
def test_text_comes_whole_however_it_is_cut(text: str, size: int) -> None:
    opened = content(("x" + text).encode())
    pieces = b"".join(opened.pieces())
    opened = content(pieces)
    opened._first, rest = pieces[:size], io.BytesIO(pieces[size:])
    opened._file = rest
    assert "".join(opened.text()) == "x" + text


def test_a_character_cut_by_two_pieces_is_whole_and_a_wrong_one_is_placed() -> None:
    data = b"x" * (256 * 1024 - 1) + "é".encode() + b"\xff"
    with pytest.raises(UnreadableFile, match=r"not UTF-8 at byte 262,146 \(0xff\)"):
        list(content(data).text())


def test_lines_end_at_line_feeds_only() -> None:
    opened = content("a\u2028b\x0bc\r\nd\re\nf".encode())
    assert list(opened.lines()) == ["a\u2028b\x0bc", "d\re", "f"]
    assert opened.cut_line == "f"


def test_an_endless_line_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="a line of more than 4,000,000 characters"):
        list(content(b"x" * 5_000_000).lines())
