"""Looking at pages in a real browser; where people want pictures to look at, they stay behind."""

from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


# In the dark only colours differ.
_RULES: dict[str, dict[str, list[str]]] = {"dark": {"runOnly": ["color-contrast"]}, "light": {}}


def keep(page: Page, picture: str, artefacts: Path | None) -> None:
    """Leave a picture of the whole page in the folder, if there is one."""
    if artefacts is not None:
        page.screenshot(path=artefacts / f"{picture}.png", full_page=True)


def look(page: Page, name: str, artefacts: Path | None) -> None:
    """Look at a page, narrow and wide, light and dark: nothing is cut off, and axe finds nothing.

    axe is a script, which no page of ours may run: it is looked at in a window of its own that
    lets it.
    """
    browser = page.context.browser
    assert browser is not None
    html = page.content()

    def shown(route: Route) -> None:
        route.fulfill(body=html, content_type="text/html; charset=utf-8")

    for scheme in SCHEMES:
        window = browser.new_page(color_scheme=scheme, bypass_csp=True)
        window.route(page.url, shown)
        window.goto(page.url)
        for width in (360, 1200):
            window.set_viewport_size({"width": width, "height": 900})
            keep(window, f"{name}-{scheme}-{width}", artefacts)
            wide = window.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{name} scrolls sideways at {width}: {wide}"
        found = Axe().run(window, options={"resultTypes": ["violations"]} | _RULES[scheme])
        assert found.violations_count == 0, found.generate_report()
        window.close()
