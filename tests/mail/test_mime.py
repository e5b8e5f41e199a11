"""Segments of a letter's body: what is encoded comes back, joined at any place."""

import quopri

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.mail.both import both, encode_html, link
from service.mail.headers import HeaderError
from service.mail.mime import MalformedPart, encode, pack, unpack
from service.mail.stencil import MARK, Stencil

# Whatever UTF-8 can carry; line ends are a matter of the segment's own lines.
ANY_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r"))
# Long runs of what breaks lines badly: dots, equals signs, spaces, letters of several octets.
AWKWARD = st.text(st.sampled_from(". =a\nÜ字🙂\t"), min_size=60, max_size=400)


def decoded(segment: bytes) -> str:
    return quopri.decodestring(segment.replace(b"\r\n", b"\n")).decode()


@given(st.lists(ANY_TEXT | AWKWARD))
@example(["a" * 76])
@example(["a" * 75 + "."])
@example(["." + "a" * 75])
@example(["a" * 76 + ".b", ".", " ", ""])
@example(["=" * 60 + ".", "ends with space ", "ends with tab\t"])
def test_segments_join_to_the_encoding_of_their_joined_texts(texts: list[str]) -> None:
    assert decoded(b"".join(map(encode, texts))) == "".join(texts)


@given(ANY_TEXT | AWKWARD)
@example("a" * 75 + "." * 200)
@example("." * 76)
@example("é." * 100)
def test_every_line_is_short_ends_in_crlf_and_begins_with_no_dot(text: str) -> None:
    segment = encode(text)
    assert segment.endswith(b"\r\n") or segment == b""
    for line in segment.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith(b".")
        assert b"\r" not in line
        assert b"\n" not in line
        assert line == line.rstrip(b" ")
        assert b"  " not in line
        assert b"\t" not in line


@given(ANY_TEXT)
def test_a_segment_ends_hard_only_after_a_newline(text: str) -> None:
    assert encode(text + "\n").endswith(b"\r\n")
    assert not encode(text + "\n").endswith(b"=\r\n")
    assert encode(text + "x").endswith(b"=\r\n")


def test_line_ends_of_other_systems_become_plain_ones() -> None:
    assert decoded(encode("one\r\ntwo\rthree\n")) == "one\ntwo\nthree\n"


def test_half_a_surrogate_pair_does_not_stop_a_letter() -> None:
    assert decoded(encode("a\ud800b")) == "a?b"


@given(st.lists(st.binary()))
def test_packed_segments_come_back(segments: list[bytes]) -> None:
    assert unpack(pack(segments)) == tuple(segments)


@given(st.lists(st.binary(min_size=1), min_size=1), st.data())
def test_a_part_cut_off_inside_a_segment_is_refused(
    segments: list[bytes], data: st.DataObject
) -> None:
    whole = pack(segments)
    lost = data.draw(st.integers(min_value=1, max_value=len(segments[-1])))
    with pytest.raises(MalformedPart, match="cut off"):
        unpack(whole[:-lost])


def test_bytes_that_were_never_packed_are_refused() -> None:
    with pytest.raises(MalformedPart, match="mark of this version"):
        unpack(b"hello")


@given(st.from_regex(r"https?://[!#-;=?-~]{1,300}", fullmatch=True))
@example("https://papers.example.org/u/" + "-" * 46 + ".b")
def test_a_link_stands_in_both_parts_as_any_words_do(address: str) -> None:
    assert link(address) == both(address)
    assert link(f"{address}/pause") == both(f"{address}/pause")


@pytest.mark.parametrize(
    "wrong",
    ["", "/u/a", "javascript:x", "https://a.example/ b", 'https://a.example/"', "https://é"],
)
def test_what_is_no_link_is_refused(wrong: str) -> None:
    with pytest.raises(HeaderError):
        link(wrong)


@given(ANY_TEXT)
def test_words_for_html_are_encoded_as_both_parts_have_them(text: str) -> None:
    assert both(text) == (encode(text), encode_html(text))


@given(st.lists(ANY_TEXT.filter(lambda text: MARK not in text), min_size=2), st.data())
def test_what_stands_around_a_slot_joins_to_the_whole(
    texts: list[str], data: st.DataObject
) -> None:
    slots = [data.draw(st.sampled_from(["a", "b"])) for _ in texts[1:]]
    rendered = texts[0] + "".join(
        f"{MARK}{slot}{MARK}{text}" for slot, text in zip(slots, texts[1:], strict=True)
    )
    stencil = Stencil.cut(rendered)
    values = {"a": encode("first"), "b": encode("second")}
    assert values["a"].join(stencil.around("a", values)) == stencil.fill(values)
    if "a" in slots:
        before, after = stencil.apart("a", {**values, "a": b""})
        assert b"".join((before, *after)) == stencil.fill({**values, "a": b""})
