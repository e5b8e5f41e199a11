"""A reader at the page of their preferences."""

import html
import re
from html.parser import HTMLParser

import httpx

from service.domain.links import Purpose, sign
from service.domain.readers import Subscriber
from service.installation import Installation
from service.store import subscribers


class _Form(HTMLParser):
    """Collects what a browser would send of a page's first form."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: list[tuple[str, str]] = []
        self._open: str | None = None
        self.feed(page[page.index("<form") : page.index("</form>")])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        box = dict(attrs)
        name, value = box.get("name"), box.get("value") or ""
        ticked = box.get("type") not in ("checkbox", "radio") or "checked" in box
        if tag == "input" and name and ticked:
            self.sent.append((name, value))
        elif tag in ("textarea", "select") and name:
            self.sent.append((name, ""))
            self._open = tag
        elif tag == "option" and "selected" in box:
            if value:
                self.sent[-1] = (self.sent[-1][0], value)
            self._open = None if value else "option"

    def handle_data(self, data: str) -> None:
        if self._open in ("textarea", "option"):
            # A browser drops the newline that begins a textarea, and sends CRLF.
            lines = data.replace("\r\n", "\n").removeprefix("\n").split("\n")
            words = "\r\n".join(lines)
            self.sent[-1] = (self.sent[-1][0], words)
            self._open = None


def fields_of(page: httpx.Response) -> dict[str, list[str]]:
    """Return what a browser would send of the page as it stands."""
    found: dict[str, list[str]] = {}
    for name, value in _Form(page.text).sent:
        found.setdefault(name, []).append(value)
    return found


def save(pages: httpx.Client, path: str, **fields: str | list[str]) -> httpx.Response:
    """Fill in some fields of the page that stands at a path, and press Save."""
    return pages.post(path, data=fields_of(pages.get(path)) | fields)


def preferences_path(house: Installation, email: str) -> str:
    reader = kept(house, email)
    return "/preferences/" + sign(
        house.keys.current, Purpose.PREFERENCES, reader.subscriber_id, reader.created_at
    )


def kept(house: Installation, email: str) -> Subscriber:
    """Return a reader as the store has them."""
    with house.database.read() as connection:
        reader = subscribers.by_address(connection, email)
    assert reader is not None
    return reader


def told_by(page: httpx.Response) -> list[str]:
    """Return what a save says it changed."""
    listed = re.search(r'<div class="notice saved".*?</div>', page.text, re.DOTALL)
    assert listed is not None
    return [html.unescape(words) for words in re.findall(r"<li><bdi>(.*?)</bdi>", listed[0])]
