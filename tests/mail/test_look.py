"""What a letter looks like, in a real browser.

Pictures stay in the folder PAPERROUND_ARTEFACTS, if there is one, to be looked at.
"""

import email
import email.policy
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import make_settings
from peers.looks import keep
from peers.newsroom import publish, subscribe
from peers.pages import open_pages
from peers.papers import STRAINING, noticed, usual
from playwright.sync_api import Browser, Page

from service import one_reader, pipeline
from service.domain.links import web_name
from service.domain.papers import Paper
from service.installation import Installation, open_installation
from service.mail.specimens import specimens

pytestmark = [pytest.mark.browser, pytest.mark.long]

MORNING = datetime(2026, 8, 21, 7, tzinfo=UTC)
WIDTHS = (360, 600, 1200)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# A letter is read inside somebody else's page.
NO_PAGE = {"rules": {name: {"enabled": False} for name in ("region", "landmark-one-main")}}

# Every text with its contrast to what is behind it (WCAG 2.2).
CONTRASTS = """() => {
  const channel = c => (c /= 255) <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
  const parse = s => s.match(/[\\d.]+/g).map(Number);
  const light = c => .2126 * channel(c[0]) + .7152 * channel(c[1]) + .0722 * channel(c[2]);
  const behind = e => { for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor); if (c[3] !== 0) return c } };
  const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode, e = node.parentElement;
    if (!node.data.trim() || !e.checkVisibility()) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))];
    found.push([(Math.max(a, b) + .05) / (Math.min(a, b) + .05), node.data.trim().slice(0, 40)]);
  }
  return found }"""


@pytest.fixture
def newsroom(sqlite_template: Path, tmp_path: Path) -> Iterator[Installation]:
    shutil.copy(sqlite_template, tmp_path / "look.db")
    chosen = make_settings(
        f"sqlite:///{tmp_path / 'look.db'}",
        tmp_path,
        base_url="https://papers.example.org",
        postal_address="Paperround at Example Library, 1 Reading Lane, Exampleton",
    )
    with open_installation(chosen) as installation:
        yield installation


def letter_of(
    newsroom: Installation, papers: list[Paper], topics: tuple[str, ...], max_papers: int
) -> str:
    """Return the HTML of the letter that Ada would get of some papers."""
    publish(newsroom, MORNING, *papers)
    ada = subscribe(
        newsroom, "ada@example.org", *topics, at=MORNING, max_papers=max_papers, name="Ada"
    )
    raw = one_reader.preview(newsroom, ada, MORNING)
    assert isinstance(raw, bytes)
    return html_of(raw)


def html_of(raw: bytes) -> str:
    """Return the HTML of a letter."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, email.message.EmailMessage)
    html = message.get_body(("html",))
    assert html is not None
    return str(html.get_content())


CASES: dict[str, tuple[list[Paper], tuple[str, ...], int]] = {
    "one": (usual(1), ("agents",), 10),
    "ten": (
        [*usual(33), *noticed(5)],
        ("coding agents", "world models", "memory", "agents"),
        10,
    ),
    "forty": ([*usual(44), *noticed(2)], ("agents OR knowledge OR readers",), 40),
    "straining": ([*STRAINING, *noticed(1)], ("agents",), 10),
}


@pytest.mark.parametrize("case", CASES)
def test_a_letter_can_be_read_at_every_width_in_light_and_dark(
    case: str, newsroom: Installation, chromium: Browser, artefacts: Path | None
) -> None:
    html = letter_of(newsroom, *CASES[case])
    for scheme in SCHEMES:
        page, asked_for = opened(chromium, html, scheme)
        for width in WIDTHS:
            look(page, width, f"{case}-{scheme}-{width}", artefacts)
        assert not poor(page), f"{scheme}: contrast below 4.5"
        if scheme == "light":  # In the dark only colours differ, which were looked at.
            found = Axe().run(page, options={"resultTypes": ["violations"], **NO_PAGE})
            assert found.violations_count == 0, found.generate_report()
        assert not asked_for, "a letter loads nothing"
        page.context.close()


def test_every_other_letter_can_be_read_as_well(
    newsroom: Installation, chromium: Browser, artefacts: Path | None
) -> None:
    letters = {kind: html_of(raw) for kind, raw in specimens(newsroom.letters, "Ada of the Maps")}
    assert {"first", "welcome", "confirm", "goodbye", "preferences"} <= letters.keys()
    del letters["digest"]
    for kind, html in letters.items():
        for scheme in SCHEMES:
            page, asked_for = opened(chromium, html, scheme)
            for width in (360, 1200):
                look(page, width, f"{kind}-{scheme}-{width}", artefacts)
            assert not poor(page), f"{kind}, {scheme}: contrast below 4.5"
            if scheme == "light":  # In the dark only colours differ, which were looked at.
                found = Axe().run(page, options={"resultTypes": ["violations"], **NO_PAGE})
                assert found.violations_count == 0, found.generate_report()
            assert not asked_for, "a letter loads nothing"
            page.context.close()


@pytest.mark.parametrize("case", ["ten", "straining"])
def test_a_letter_whose_style_sheet_was_dropped_can_still_be_read(
    case: str, newsroom: Installation, chromium: Browser, artefacts: Path | None
) -> None:
    html = letter_of(newsroom, *CASES[case])
    stripped = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    assert stripped != html
    page, _ = opened(chromium, stripped, "light")
    for width in WIDTHS:
        look(page, width, f"{case}-without-style-{width}", artefacts)
    assert not poor(page)
    page.context.close()


def test_the_web_copy_of_a_letter_can_be_read_as_well(
    newsroom: Installation, chromium: Browser, artefacts: Path | None
) -> None:
    publish(newsroom, MORNING, *usual(12), *STRAINING, *noticed(3))
    subscribe(newsroom, "ada@example.org", "agents", at=MORNING, max_papers=4)
    pipeline.plan(newsroom, MORNING, everyone=True)
    with open_pages(newsroom) as client:
        for scheme in SCHEMES:
            page = chromium.new_page(color_scheme=scheme)
            page.goto(f"{client.base_url}/d/{web_name(newsroom.keys.current, 1)}")
            for width in WIDTHS:
                look(page, width, f"copy-{scheme}-{width}", artefacts)
            assert not poor(page)
            if scheme == "light":
                found = Axe().run(page, options={"resultTypes": ["violations"]})
                assert found.violations_count == 0, found.generate_report()
            page.close()


def opened(
    chromium: Browser, html: str, scheme: Literal["light", "dark"]
) -> tuple[Page, list[str]]:
    """Open a letter in a window that fetches nothing; return what it asked for all the same."""
    context = chromium.new_context(color_scheme=scheme, viewport={"width": 600, "height": 900})
    page = context.new_page()
    asked_for: list[str] = []

    def refuse(route: Any) -> None:
        asked_for.append(route.request.url)
        route.abort()

    page.route("**/*", refuse)
    page.set_content(html)
    return page, asked_for


def look(page: Page, width: int, picture: str, artefacts: Path | None) -> None:
    """Look at a letter in a window of that width; nothing may stand beyond its edge."""
    page.set_viewport_size({"width": width, "height": 900})
    wide = page.evaluate("document.documentElement.scrollWidth")
    keep(page, picture, artefacts)
    assert wide <= width, f"{picture} scrolls sideways: {wide}"


def poor(page: Page) -> list[tuple[float, str]]:
    """Return the texts that stand out too little from what is behind them."""
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) > 5
    return [(ratio, text) for ratio, text in contrasts if ratio < 4.5]
