"""What the tests of the pages share."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

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


@pytest.fixture(scope="module")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder where pictures of pages stay: PAPERROUND_ARTEFACTS, else a temporary one."""
    chosen = os.environ.get("PAPERROUND_ARTEFACTS")
    folder = Path(chosen) if chosen else tmp_path_factory.mktemp("pages")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
