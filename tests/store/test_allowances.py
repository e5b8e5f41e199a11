"""Allowances are used up, come back by and by, and are forgotten once they are whole."""

from datetime import UTC, datetime, timedelta

import pytest
from peers.deadline import at_once
from peers.dump import dump

from service.domain.allowances import Allowance, TooMany
from service.installation import Installation
from service.store import allowances

NOON = datetime(2026, 8, 21, 12, tzinfo=UTC)
FOUR_AN_HOUR = Allowance(4, timedelta(hours=1))
MINUTE = timedelta(minutes=1)


def spend(installation: Installation, at: datetime, scope: str = "network:8.8.4.0/24") -> bool:
    with installation.database.write() as connection:
        try:
            allowances.spend(connection, scope, FOUR_AN_HOUR, at)
        except TooMany:
            return False
    return True


def test_all_of_an_allowance_may_be_used_at_once_and_comes_back_one_by_one(
    installation: Installation,
) -> None:
    assert [spend(installation, NOON) for _ in range(6)] == [True] * 4 + [False] * 2
    assert spend(installation, NOON, "network:8.8.8.0/24"), "another network has its own"
    assert not spend(installation, NOON + 14 * MINUTE)
    assert spend(installation, NOON + 15 * MINUTE)
    assert not spend(installation, NOON + 16 * MINUTE)
    assert [spend(installation, NOON + 90 * MINUTE) for _ in range(5)] == [True] * 4 + [False]


def test_who_is_refused_is_told_when_to_come_again_and_then_may(
    installation: Installation,
) -> None:
    for _ in range(4):
        spend(installation, NOON)
    with pytest.raises(TooMany) as refused, installation.database.write() as connection:
        allowances.spend(connection, "network:8.8.4.0/24", FOUR_AN_HOUR, NOON + MINUTE)
    assert refused.value.wait == timedelta(minutes=14)
    assert spend(installation, NOON + MINUTE + refused.value.wait)


def test_of_many_at_once_no_more_than_the_allowance_get_through(
    installation: Installation,
) -> None:
    assert sum(at_once(*[lambda: spend(installation, NOON)] * 8)) == 4


def test_without_end_nothing_is_counted(installation: Installation) -> None:
    before = dump(installation.database)
    with installation.database.write() as connection:
        allowances.spend(connection, "everyone", Allowance(0, timedelta(hours=1)), NOON)
    assert dump(installation.database) == before


def test_whole_allowances_are_forgotten(installation: Installation) -> None:
    spend(installation, NOON)
    for minutes, forgotten in ((14, 0), (15, 1), (16, 0)):
        with installation.database.write() as connection:
            assert allowances.purge(connection, NOON + minutes * MINUTE) == forgotten
    assert spend(installation, NOON)
