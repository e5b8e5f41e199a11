"""A JSON document read bit by bit is the document read whole."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.papers import UnreadableFile
from service.sources.jsontext import BadValue, JsonText, first_keys

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def pieces(text: str, size: int) -> Iterator[str]:
    return (text[start : start + size] for start in range(0, len(text), size))


@given(st.lists(VALUES), st.integers(1, 9), st.sampled_from([None, 2]))
def test_a_list_is_the_same_in_any_pieces(
    values: list[object], size: int, indent: int | None
) -> None:
    document = JsonText(pieces(json.dumps(values, indent=indent), size))
    assert list(document.items()) == values
    document.end()


@given(st.dictionaries(st.text(), VALUES), st.integers(1, 9))
def test_an_object_is_the_same_in_any_pieces(values: dict[str, object], size: int) -> None:
    document = JsonText(pieces(json.dumps(values, ensure_ascii=False), size))
    assert {key: document.value() for key in document.members()} == values


@given(st.lists(VALUES, min_size=1), st.data(), st.integers(1, 50))
def test_a_document_that_is_cut_off_is_never_whole(
    values: list[object], data: st.DataObject, size: int
) -> None:
    text = json.dumps(values)
    cut = text[: data.draw(st.integers(0, len(text) - 1))]
    document = JsonText(pieces(cut, size))
    with pytest.raises(UnreadableFile, match="line 1, column"):
        list(document.items())


def test_an_error_is_placed_by_line_and_column_of_the_file() -> None:
    text = "[1,\n 2,\n" + " " * 500_000 + "x]"
    with pytest.raises(UnreadableFile, match=r"broken at line 3, column 500001: Expecting value"):
        list(JsonText(pieces(text, 1_000)).items())


def test_a_value_without_end_is_given_up(within_a_second: None) -> None:
    with pytest.raises(UnreadableFile, match=r"cut off at line 1.*Unterminated value"):
        list(JsonText(pieces('["' + "x" * 9_000_000, 262_144)).items())


def test_first_keys_are_those_that_can_be_seen() -> None:
    assert first_keys('{"status": 1, "data": [{"paper": {"ti') == {"status", "data"}
    assert first_keys('{"title" ') == set()


def test_a_value_that_cannot_be_read_is_passed_over_however_it_is_cut() -> None:
    for bad, reason in (
        ("[" * 5_000 + "]" * 5_000, "nested too deeply"),
        ('{"n": 1' + "0" * 5_000 + ', "t": "]}\\\\\\"["}', "holds a number of thousands of digits"),
        ('"' + 'x\\"' * 400_000 + '"', "longer than 1,000,000 characters"),
    ):
        text = f"[1, {bad} , 2]"
        for size in (7_919, len(text)):
            pieces = (text[at : at + size] for at in range(0, len(text), size))
            document = JsonText(pieces)
            assert list(document.items()) == [1, BadValue(reason), 2]
            document.end()


def test_a_value_passed_over_must_have_an_end() -> None:
    with pytest.raises(UnreadableFile, match="cut off"):
        list(JsonText(iter(["[" * 5_000])).items())
