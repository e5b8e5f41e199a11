"""What was asked for lately stays at hand, what was not goes, and nothing is ever wrong."""

from hypothesis import given
from hypothesis import strategies as st

from service.mail.at_hand import AtHand


@given(st.integers(2, 8), st.lists(st.integers(0, 20)))
def test_every_value_is_that_of_its_key_however_few_are_kept(most: int, asked: list[int]) -> None:
    squares = AtHand(most, lambda number: number * number)
    for number in asked:
        assert squares[number] == number * number
        assert len(squares) <= most


def test_what_is_asked_for_again_and_again_is_made_once() -> None:
    made: list[str] = []

    def make(name: str) -> str:
        made.append(name)
        return name.title()

    names = AtHand(4, make)
    for rare in ("ben", "chiara", "dmitri", "eve", "fay", "gus"):
        assert names["ada"] == "Ada"
        assert names[rare] == rare.title()
    assert made == ["ada", "ben", "chiara", "dmitri", "eve", "fay", "gus"]
    assert names["ben"] == "Ben"
    assert made[-1] == "ben"
