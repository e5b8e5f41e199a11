"""What the tests of the commands share."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from peers.command import Paperround, paperround_of

from service import settings
from service.demo.catcher import Catcher
from service.settings import PREFIX
from service.store.engine import Database


@pytest.fixture
def paperround(capsys: pytest.CaptureFixture[str], sqlite_template: Path) -> Paperround:
    """The command, in a folder with nothing but an empty embedded database, and no settings."""
    shutil.copy(sqlite_template, "paperround.db")
    return paperround_of(capsys)


@pytest.fixture
def on_both(
    paperround: Paperround, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Paperround:
    """The command on SQLite, and again on PostgreSQL."""
    monkeypatch.setenv(f"{PREFIX}DATABASE_URL", database_url)
    monkeypatch.setenv(f"{PREFIX}SECRET_KEY", "a key for tests, long enough to be one")
    return paperround


@pytest.fixture
def catcher(catcher: Catcher, monkeypatch: pytest.MonkeyPatch) -> Catcher:
    """A mail server that the settings name."""
    monkeypatch.setenv(f"{PREFIX}SMTP_URL", "smtp://{}:{}".format(*catcher.address))
    return catcher


@pytest.fixture
def digests(tmp_path: Path) -> Path:
    """The folder of digest files that the settings name."""
    folder = tmp_path / "digests"
    folder.mkdir()
    return folder


@pytest.fixture
def database() -> Iterator[Database]:
    """The database that the settings name at the test's beginning, to look into."""
    database = Database(settings.load().database)
    yield database
    database.close()
