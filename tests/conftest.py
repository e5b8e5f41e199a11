"""What every test may ask for."""

import itertools
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from peers import compiled, memory, postgres
from peers.smtp import Peer
from playwright.sync_api import Browser, sync_playwright

from service import settings
from service.demo.catcher import Catcher
from service.installation import Installation, open_installation
from service.settings import Settings
from service.store import migrate
from service.store.engine import Database

# A test that needs more or fewer examples than others takes a multiple of these, so that
# `make torture` multiplies them all.
hypothesis_settings.register_profile(
    "paperround",
    max_examples=1000 if os.environ.get("PAPERROUND_TORTURE") else 100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.load_profile("paperround")

compiled.share()

_numbers = itertools.count(1)

# Where pytest makes its temporary folders.
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory.folder()))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let every worker begin with some of the long tests, so that none is alone with one at the
    end: each is given one stretch of all tests, and takes over from others when it is done.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = [item for item in items if item.get_closest_marker("long")]
    others = [item for item in items if not item.get_closest_marker("long")]
    stretch = -(-len(others) // workers)
    items[:] = [
        item
        for number in range(workers)
        for item in (*long[number::workers], *others[number * stretch :][:stretch])
    ]


def pytest_sessionfinish() -> None:
    # Most tests need no pages, and to import them takes a second.
    if "peers.pages" in sys.modules:
        sys.modules["peers.pages"].close()


def missing(message: str) -> None:
    """Skip the test, loudly; where CI is set, fail it: CI must have everything."""
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real digest files, named by PAPERROUND_CORPUS (default: ../shared/corpus)."""
    root = Path(__file__).resolve().parent.parent
    folder = Path(os.environ.get("PAPERROUND_CORPUS", root.parent / "shared" / "corpus"))
    if not folder.is_dir():
        missing(f"no corpus of real digest files at {folder}: set PAPERROUND_CORPUS")
    return folder


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A real browser without a window.

    It is closed with its module: its event loop runs in this thread, where other tests run theirs.
    """
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        missing("no chromium here (Debian's package chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def artefacts() -> Path | None:
    """The folder where pictures stay, named by PAPERROUND_ARTEFACTS; else none are taken."""
    chosen = os.environ.get("PAPERROUND_ARTEFACTS")
    if chosen is None:
        return None
    folder = Path(chosen).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the operator's settings, and files of the working folder, out of the tests."""
    for name in list(os.environ):
        if name.startswith(settings.PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A running PostgreSQL with an upgraded database `template`; URL with {database} left open."""
    programs = postgres.find_programs()
    if programs is None:
        missing("no PostgreSQL programs here (Debian's package postgresql)")
    assert programs is not None
    with postgres.server(programs, memory.folder()) as url:
        with _at(url) as connection:
            connection.execute("CREATE DATABASE template")
        chosen = settings.load(
            database_url=url.format(database="template"), secret_key="k" * 32, _env_file=None
        )
        database = Database(chosen.database)
        migrate.upgrade(database)
        database.close()
        yield url


@pytest.fixture(scope="session")
def postgres_admin(postgres_server: str) -> Iterator[psycopg.Connection]:
    """A connection that makes databases: to connect takes a third of the time of making one."""
    with _at(postgres_server) as connection:
        yield connection


@pytest.fixture
def postgres_url(postgres_server: str, postgres_admin: psycopg.Connection) -> Iterator[str]:
    """The URL of an upgraded database of the test's own."""
    name = f"test_{next(_numbers)}"
    # A copy by file takes half of what one by page takes.
    by_file = " STRATEGY file_copy" if postgres_admin.info.server_version >= 150_000 else ""
    postgres_admin.execute(f"CREATE DATABASE {name} TEMPLATE template{by_file}")
    yield postgres_server.format(database=name)
    postgres_admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An upgraded, empty database, to be copied: migrations take ten times as long."""
    file = tmp_path_factory.mktemp("template") / "paperround.db"
    database = Database(make_settings(f"sqlite:///{file}", file.parent).database)
    migrate.upgrade(database)
    database.close()
    return file


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an upgraded database of the test's own: the test runs once on each kind."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "paperround.db")
    return f"sqlite:///{tmp_path / 'paperround.db'}"


OpenWith = Callable[..., Installation]


@pytest.fixture
def open_with(database_url: str, tmp_path: Path) -> Iterator[OpenWith]:
    """Open an installation on the test's database, with settings by keyword."""
    opened: list[Installation] = []

    def open_one(**values: Any) -> Installation:
        installation = open_installation(make_settings(database_url, tmp_path, **values))
        opened.append(installation)
        return installation

    yield open_one
    for installation in opened:
        installation.database.close()


@pytest.fixture
def installation(open_with: OpenWith) -> Installation:
    """An installation with the default settings on the test's database."""
    return open_with()


@pytest.fixture(params=[True, False], ids=["pipelined", "one-at-a-time"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """SMTP servers offer PIPELINING, and do not: the test runs once with each."""
    monkeypatch.setattr(Peer, "pipelining", request.param)


def make_settings(database_url: str, folder: Path, **values: Any) -> Settings:
    """Return settings for a test, which read no environment."""
    defaults = {
        "database_url": database_url,
        "secret_key": "a key for tests, long enough to be one",
        "digest_dir": folder / "digests",
    }
    return settings.load(**(defaults | values), _env_file=None)


def _at(server_url: str) -> psycopg.Connection:
    return psycopg.connect(server_url.format(database="postgres"), autocommit=True)


@pytest.fixture
def catcher() -> Iterator[Catcher]:
    """A mail server that keeps what it gets."""
    catcher = Catcher()
    catcher.start()
    yield catcher
    catcher.stop()


@pytest.fixture
def house(open_with: OpenWith, catcher: Catcher, tmp_path: Path) -> Installation:
    """An installation that sends to the catcher."""
    (tmp_path / "digests").mkdir()
    return open_with(smtp_url="smtp://{}:{}".format(*catcher.address))
