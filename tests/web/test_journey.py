"""A reader's way from a letter through her preferences, in a real browser without scripts.

The pictures stay behind to be looked at: in the folder PAPERROUND_ARTEFACTS, else among the test's
temporary files.
"""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from conftest import make_settings
from peers.letter import html_of
from peers.looks import look
from peers.newsroom import publish, subscribe
from peers.pages import open_pages
from peers.preferences import kept
from peers.reader import Clock, deliver
from playwright.sync_api import Browser

from service import pipeline
from service.demo.catcher import Catcher
from service.domain.filters import Filters
from service.installation import Installation, open_installation

pytestmark = pytest.mark.browser

ADA = "ada@example.org"


@pytest.fixture
def house(sqlite_template: Path, tmp_path: Path, catcher: Catcher) -> Iterator[Installation]:
    """An installation on an embedded database alone: a browser is slow enough once."""
    shutil.copy(sqlite_template, tmp_path / "journey.db")
    chosen = make_settings(
        f"sqlite:///{tmp_path / 'journey.db'}",
        tmp_path,
        smtp_url="smtp://{}:{}".format(*catcher.address),
    )
    with open_installation(chosen) as installation:
        yield installation


@pytest.fixture
def pages(house: Installation, clock: Clock) -> Iterator[httpx.Client]:
    with open_pages(house, clock) as client:
        yield client


@pytest.fixture
def letter(house: Installation, clock: Clock, catcher: Catcher, pages: httpx.Client) -> str:
    """Ada's letter, its links leading to the pages of this test."""
    subscribe(
        house,
        ADA,
        "World models = world AND models",
        '"coding agents"',
        "memory",
        at=clock(),
        timezone="Europe/Berlin",
        filters=Filters(("survey",), ("Yann LeCun",), 5),
        name="Ada",
    )
    publish(house, clock(), "Memory of Coding Agents")
    pipeline.plan(house, clock(), everyone=True)
    # The browser's event loop runs in this thread, and the sender's cannot run inside it.
    with ThreadPoolExecutor() as threads:
        (caught,) = threads.submit(deliver, house, clock, catcher).result()
    return html_of(caught).replace(house.house.base_url, str(pages.base_url).rstrip("/"))


def test_ada_changes_topics_pauses_and_resumes_with_scripts_off(
    letter: str, house: Installation, chromium: Browser, artefacts: Path
) -> None:
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.set_content(letter)
    page.get_by_role("link", name="Change topics").first.click()
    assert page.title() == "Your letter – Paperround"
    look(page, "preferences", artefacts)

    page.get_by_label("Topic 2", exact=True).fill("robots AND (tea")
    page.get_by_label("Add topics").fill("maps\nrivers")
    page.get_by_role("button", name="Save").click()
    assert page.get_by_role("alert").is_visible()
    assert page.get_by_label("Add topics").input_value() == "maps\nrivers"
    look(page, "preferences-mistake", artefacts)

    page.get_by_label("Topic 2", exact=True).fill("")
    page.get_by_label("On: topic 3").uncheck()
    page.get_by_label("50", exact=True).check()
    page.get_by_role("button", name="Save").click()
    told = page.get_by_role("status").inner_text()
    for words in ("Added: maps", 'Removed: "coding agents"', "Switched off: memory", "50 upvotes"):
        assert words in told
    look(page, "preferences-saved", artefacts)
    assert {wish.shown: wish.enabled for wish in kept(house, ADA).wishes} == {
        "World models": True, "memory": False, "maps": True, "rivers": True
    }  # fmt: skip

    page.set_content(letter)
    page.get_by_role("link", name="Pause a week").first.click()
    assert kept(house, ADA).status == "active"
    look(page, "pause", artefacts)
    page.get_by_role("button", name="Pause a week").click()
    assert "paused until" in page.get_by_role("heading", level=1).inner_text()
    assert kept(house, ADA).status == "paused"
    look(page, "paused", artefacts)
    page.get_by_role("link", name="Change topics").click()
    look(page, "preferences-paused", artefacts)
    page.get_by_role("button", name="Start my letters again").click()
    assert kept(house, ADA).status == "active"
    look(page, "resumed", artefacts)

    page.goto("{0.scheme}://{0.netloc}/".format(urlsplit(page.url)))
    page.get_by_role("link", name="Already a reader?").click()
    look(page, "find", artefacts)
    page.context.close()
