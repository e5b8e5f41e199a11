"""What a letter that was caught holds."""

import html
import re

from service.demo.catcher import Caught


def text_of(caught: Caught) -> str:
    part = caught.message().get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def html_of(caught: Caught) -> str:
    part = caught.message().get_body(("html",))
    assert part is not None
    return str(part.get_content())


def unsubscribe_link(caught: Caught) -> str:
    """Return the https link that a mail client would post to (RFC 8058)."""
    found = re.search(r"<(http[^>]+)>", caught.headers()["List-Unsubscribe"])
    assert found is not None
    return found[1]


def links_of(caught: Caught) -> set[str]:
    """Return every http link of the letter, wherever it stands."""
    everywhere = text_of(caught) + html.unescape(html_of(caught))
    links = set(re.findall(r"https?://[^\s\"'<>]+", everywhere))
    return links | {unsubscribe_link(caught)} if caught.headers()["List-Unsubscribe"] else links


def link_of(caught: Caught, path: str) -> str:
    """Return the one link of the letter whose path begins so."""
    (found,) = {link for link in links_of(caught) if re.match(rf"https?://[^/]+{path}", link)}
    return found
