"""What the tests of the pages share."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conftest import OpenWith
from peers.pages import Pages, open_pages
from peers.reader import Clock

from service.demo.catcher import Catcher
from service.installation import Installation


@pytest.fixture
def catcher() -> Iterator[Catcher]:
    catcher = Catcher()
    catcher.start()
    yield catcher
    catcher.stop()


@pytest.fixture
def house(open_with: OpenWith, catcher: Catcher, tmp_path: Path) -> Installation:
    """An installation that sends to the catcher."""
    (tmp_path / "digests").mkdir()
    return open_with(smtp_url="smtp://{}:{}".format(*catcher.address))


@pytest.fixture
def clock() -> Clock:
    """The time as the pages and the sender tell it; the test moves it on."""
    return Clock(datetime(2026, 8, 21, 12, tzinfo=UTC))


@pytest.fixture
def pages(house: Installation, clock: Clock) -> Iterator[Pages]:
    """The pages of `house`, served for real."""
    with open_pages(house, clock) as client:
        yield client
