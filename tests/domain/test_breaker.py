"""When refusals are too many: the table."""

import pytest

from service.domain.breaker import Breaker


@pytest.mark.parametrize(
    ("refused", "letters", "trips"),
    [
        (0, 0, False),
        (1, 1, False),
        (2, 2, False),
        (3, 3, True),
        (3, 59, True),
        (3, 60, False),
        (9, 180, False),
        (10, 200, False),
        (11, 200, True),
        (200, 200, True),
    ],
)
def test_more_than_a_twentieth_of_the_last_letters_and_at_least_three(
    refused: int, letters: int, trips: bool
) -> None:
    assert Breaker().trips(refused=refused, letters=letters) is trips


def test_an_operator_may_allow_more_or_fewer() -> None:
    assert not Breaker(share=1.0).trips(refused=200, letters=200)
    assert Breaker(share=0.01).trips(refused=3, letters=200)
    assert not Breaker(share=0.5).trips(refused=50, letters=100)
    assert Breaker(share=0.5).trips(refused=51, letters=100)
