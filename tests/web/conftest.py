"""What the tests of the pages share."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from peers.pages import Pages, open_pages
from peers.reader import Clock

from service.installation import Installation


@pytest.fixture
def clock() -> Clock:
    """The time as the pages and the sender tell it; the test moves it on."""
    return Clock(datetime(2026, 8, 21, 12, tzinfo=UTC))


@pytest.fixture
def pages(house: Installation, clock: Clock) -> Iterator[Pages]:
    """The pages of `house`, served for real."""
    with open_pages(house, clock) as client:
        yield client
