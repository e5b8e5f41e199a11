"""A topic that is nearly one, mended."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.mending import mended
from service.domain.topics import parse


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ('("coding agents" OR rag', '("coding agents" OR rag)'),
        ("robots AND ((tea", "robots AND ((tea))"),
        ('"world models', '"world models"'),
        ('("world models', '("world models")'),
        ("robots AND", "robots"),
        ("OR robots", "robots"),
        ("robots) AND tea)", None),
        ("(robots AND tea))", "(robots AND tea)"),
        ("NOT survey", None),
        ("a*", None),
        ("", None),
        ("(((((((((robots", None),
    ],
)
def test_the_one_sign_that_is_missing_or_too_many_is_mended(text: str, instead: str | None) -> None:
    assert mended(text) == instead


@given(st.text(alphabet='ab "()ANDORNT*-', max_size=30))
def test_what_is_mended_is_a_topic(text: str) -> None:
    found = mended(text)
    assert found is None or parse(found).canonical
