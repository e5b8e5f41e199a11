"""Texts are looked at quickly, and only near signs, as if all were tried everywhere."""

from hypothesis import given, settings
from hypothesis import strategies as st

from service.sources.lost import TRACES, repaired
from service.sources.prose import readable
from service.sources.text import tidy

PIECES = (
    "scriptsize footnotesize times sim approx mapsto infty varepsilon varphi otimes oplus leq geq "
    "neq ldots cdot leftarrow longrightarrow nlog alpha ell Theta Omega tilde star circ prime "
    "^ _ ( ) { } ~ -- --- × % ≈ Ω 2 9 A b é . , a several words in between"
).split()
DAMAGED = st.lists(st.sampled_from([*PIECES, " ", " ", " "]), max_size=30).map("".join).map(tidy)


def repaired_everywhere(text: str) -> str:
    for trace in TRACES:
        for pattern, instead in trace.repairs:
            text = pattern.sub(instead, text)
    return text


@settings(max_examples=10 * settings().max_examples)
@given(DAMAGED)
def test_all_that_was_lost_is_found(text: str) -> None:
    assert repaired(text) == repaired_everywhere(text)


@settings(max_examples=5 * settings().max_examples)
@given(DAMAGED)
def test_what_is_left_as_it_was_written_needs_no_reading(text: str) -> None:
    plain = tidy("".join(sign for sign in text if sign not in "^_{}~"))
    # Beside what is not ASCII, a text is read in full.
    assert readable(f"☃ {plain}") == f"☃ {readable(plain)}".rstrip()


def test_what_was_lost_at_several_places_is_repaired_at_each() -> None:
    assert repaired("2times") == "2×"
    assert repaired("x^star alpha_{2} nlog n") == "x* α_{2} n log n"
