"""Readers' ways in a real browser: in by the sign-up page, and from a letter through preferences.

Pictures stay in the folder PAPERROUND_ARTEFACTS, if there is one, to be looked at.
"""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from conftest import make_settings
from peers.letter import html_of, link_of
from peers.looks import look
from peers.newsroom import publish, subscribe
from peers.pages import open_pages
from peers.preferences import kept
from peers.reader import Clock, deliver, path_of
from playwright.sync_api import Browser

from service import pipeline
from service.demo.catcher import Catcher
from service.domain.filters import Filters
from service.installation import Installation, open_installation
from service.readers import strangers

pytestmark = [pytest.mark.browser, pytest.mark.long]

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
    letter: str, house: Installation, chromium: Browser, artefacts: Path | None
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


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_bob_sees_what_he_would_get_and_signs_up(
    house: Installation,
    clock: Clock,
    catcher: Catcher,
    pages: httpx.Client,
    chromium: Browser,
    artefacts: Path | None,
    scripts: bool,
) -> None:
    publish(house, clock() - timedelta(days=1), "World Models of Rivers", "Tea")
    publish(house, clock(), "Memory of Coding Agents", "Maps", "Small Worlds")
    context = chromium.new_context(java_script_enabled=scripts, timezone_id="Europe/Berlin")
    page = context.new_page()
    failed: list[str] = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.goto(str(pages.base_url))
    sentence, field = page.locator("#sentence"), page.get_by_label("Topic", exact=True)
    assert sentence.inner_text().startswith("Without a topic")
    if scripts:
        look(page, "signup", artefacts)
        field.fill("coding agents")
        page.get_by_text("on 1 of the last 2 days, with 1 paper.").wait_for()
        assert page.locator(".chip").count() == 0, "it is not added before he says so"
    field.fill("(coding agents")
    field.press("Enter")
    page.locator("#new-error").wait_for()
    if scripts:
        look(page, "signup-mistake", artefacts)
    page.get_by_role("button", name="(coding agents)").click()
    page.get_by_text("0.5 a day").wait_for()
    field.fill('"models of world"')
    field.press("Enter")
    page.get_by_text("none lately").wait_for()
    if scripts:
        look(page, "signup-nothing", artefacts)
    page.get_by_role("button", name="models of world", exact=True).click()
    page.get_by_text("You would have had a letter on each of the last 2 days").wait_for()
    page.get_by_role("button", name="Remove (coding agents)").click()
    page.get_by_role("button", name="Remove (coding agents)").wait_for(state="detached")
    page.get_by_label("How often").select_option("weekdays")
    if scripts:
        assert page.locator("#zone").inner_text() == "Berlin time"
        page.get_by_role("link", name="change the time zone").click()
        assert page.get_by_label("Time zone", exact=True).input_value() == "Europe/Berlin"
    else:
        look(page, "signup-without-scripts", artefacts)
    with context.expect_page() as opened:
        page.get_by_role("link", name="See the whole letter").click()
    assert "World Models of Rivers" in opened.value.content()
    clock.time += timedelta(minutes=1)
    page.get_by_label("E-mail address").fill("bob@example.org")
    page.get_by_label("E-mail address").press("Enter")
    page.wait_for_url("**/sent")
    with ThreadPoolExecutor() as threads:
        threads.submit(strangers.answer, house, clock()).result()
        (asking,) = threads.submit(deliver, house, clock, catcher).result()
    page.goto(str(pages.base_url).rstrip("/") + path_of(link_of(asking, "/confirm/")))
    where = "Berlin time" if scripts else "UTC"
    assert f"on weekdays at 07:00, {where}, if papers matched" in page.inner_text("main")
    if scripts:
        look(page, "confirm", artefacts)
    page.get_by_role("button", name="Yes, start it").click()
    assert kept(house, "bob@example.org").status == "active"
    assert [wish.text for wish in kept(house, "bob@example.org").wishes] == ["models of world"]
    assert failed == []
    context.close()
