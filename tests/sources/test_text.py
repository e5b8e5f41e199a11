"""What tidy text promises, for any text at all."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.sources.text import tidy

ANY_TEXT = st.text(alphabet=st.characters(), max_size=60)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Sparse\n  Attention\tat Dawn ", "Sparse Attention at Dawn"),
        ("no\u00a0break\u2003wide", "no break wide"),
        ("bell\x07 and \x00 nul", "bell and nul"),
        ("left \u202eright\u2066 again", "left right again"),
        ("lone \ud800surrogate", "lone surrogate"),
        ("Schro\u0308dinger", "Schrödinger"),
        ("o\x00\u0308", "ö"),
        ("R&D for $5 and $10 &amp; more", "R&D for $5 and $10 &amp; more"),
        ("family \U0001f469\u200d\U0001f52c stays", "family \U0001f469\u200d\U0001f52c stays"),
        (" \r\n\x00 ", ""),
    ],
)
def test_tidy_text_is_one_line(written: str, shown: str) -> None:
    assert tidy(written) == shown


@given(ANY_TEXT)
def test_tidy_text_of_anything_is_safe_and_final(written: str) -> None:
    shown = tidy(written)
    assert tidy(shown) == shown
    assert unicodedata.is_normalized("NFC", shown)
    assert shown == " ".join(shown.split())
    assert not {unicodedata.category(mark) for mark in shown} & {"Cc", "Cs"}
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    shown.encode("utf-8")
