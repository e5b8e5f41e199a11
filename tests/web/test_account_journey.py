"""Ada moves, takes fewer letters, leaves and is erased, in a real browser without scripts."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from peers.letter import html_of
from peers.looks import look
from peers.newsroom import publish, subscribe
from peers.pages import Pages
from peers.preferences import kept
from peers.reader import Clock, deliver
from playwright.sync_api import Browser

from service import pipeline
from service.demo.catcher import Catcher
from service.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.long]

ADA, NEW = "ada@example.org", "countess@example.net"


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """An embedded database alone: a browser is slow enough once."""
    shutil.copy(sqlite_template, tmp_path / "journey.db")
    return f"sqlite:///{tmp_path / 'journey.db'}"


def test_ada_moves_takes_fewer_letters_leaves_and_is_erased(
    house: Installation,
    clock: Clock,
    catcher: Catcher,
    pages: Pages,
    chromium: Browser,
    artefacts: Path | None,
) -> None:
    def letter(to: str, about: str = "") -> str:
        """Return the one letter about that which came, with links to the pages of this test."""
        # The browser's event loop runs in this thread, and the sender's cannot run inside it.
        with ThreadPoolExecutor() as threads:
            came = threads.submit(deliver, house, clock, catcher).result()
        written = [html_of(caught) for caught in came if caught.rcpt_to == (to,)]
        (found,) = [html for html in written if about in html]
        return found.replace(house.house.base_url, str(pages.base_url).rstrip("/"))

    subscribe(house, ADA, "memory", at=clock(), timezone="Europe/Berlin", name="Ada")
    publish(house, clock(), "Memory of Coding Agents")
    pipeline.plan(house, clock(), everyone=True)
    digest = letter(ADA)
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.set_content(digest)
    page.get_by_role("link", name="Change topics").first.click()
    assert "Last checked this afternoon at 14:00: 1 of 1 new paper matched." in page.content()
    page.get_by_role("button", name="Send me that link").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Look in your inbox."

    page.set_content(letter(ADA))
    page.get_by_role("link", name="Open my account").click()
    assert page.get_by_role("link", name="Memory of Coding Agents").is_visible()
    look(page, "account", artefacts)
    page.get_by_label("New e-mail address").fill(NEW)
    page.get_by_role("button", name="Send letters there").click()
    page.set_content(letter(NEW))
    page.get_by_role("link", name="Yes, send them here").click()
    page.get_by_role("button", name="Yes, send them here").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Your letters come here now."
    assert kept(house, NEW).status == "active"
    page.set_content(letter(ADA))
    assert page.get_by_role("heading", name="Your letters have moved.").is_visible()

    page.set_content(digest)
    page.get_by_role("link", name="Unsubscribe").first.click()
    look(page, "unsubscribe", artefacts)
    page.get_by_role("button", name="Weekly instead").click()
    assert kept(house, NEW).preferences.cadence.weekly
    page.get_by_role("link", name="Another day, or other topics").click()
    page.get_by_role("link", name="Unsubscribe").click()
    page.get_by_role("button", name="Unsubscribe").click()
    assert kept(house, NEW).status == "unsubscribed"
    look(page, "goodbye", artefacts)
    page.get_by_label("A line, if you like").fill("Too many maps")
    page.get_by_role("button", name="Tell us").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Thank you."

    page.set_content(digest)
    page.get_by_role("link", name="Change topics").first.click()
    page.get_by_role("button", name="Send me that link").click()
    page.set_content(letter(NEW, "Open my account"))
    page.get_by_role("link", name="Open my account").click()
    page.get_by_role("link", name="Erase me").click()
    page.get_by_role("button", name="Erase me").click()
    assert page.get_by_role("heading", level=1).inner_text() == "All is erased."
    page.context.close()
