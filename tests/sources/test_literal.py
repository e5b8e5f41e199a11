"""Python literals are read without running, whatever they hold."""

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.sources.literal import BadLiteral, literal

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
@example({"quotes": "'\"\\ \n\t\x00\u2028\U0001f52c", "nested": [[], {}, (1, -2.5e-7)]})
def test_every_repr_is_read_back(value: object) -> None:
    assert literal(repr(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').getcwd()",
        "{'a': open}",
        "2 ** 99",
        "1 + 1",
        "- - - 1",
        "[x for x in ()]",
        "f'{1}'",
        "'unclosed",
        "{'a': 1",
        "{'a': {}}}",
        "{[]: 1}",
        "{{}}",
        "'\\d'",
        "'\\U99999999'",
        "1 2",
        "",
        "nan",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadLiteral):
        literal(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 21 + "]" * 21, "nested more than 20 deep"),
        ("(" * 20_000, "nested more than 20 deep"),
        ("'" + "a" * 200_000 + "'", "more than 200,000 characters"),
        ("9" * 5_000, "not a whole Python literal"),
        ("[1, lambda: 1]", "not a Python literal at character 5"),
    ],
)
def test_bounds_keep_a_hostile_literal_cheap(text: str, reason: str) -> None:
    with pytest.raises(BadLiteral, match=reason):
        literal(text)


@given(st.text(alphabet="[](){}'\"\\,:-.e01 TrueNonxu", max_size=40))
def test_any_text_is_a_literal_or_a_bad_one(text: str) -> None:
    with contextlib.suppress(BadLiteral):
        literal(text)
