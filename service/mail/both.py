"""Words as both parts of a letter have them."""

from functools import lru_cache
from typing import NamedTuple

from markupsafe import Markup, escape

from service.mail.mime import encode


class Both(NamedTuple):
    """What the text and the HTML say in one place, encoded."""

    text: bytes
    html: bytes


def both(words: str, marked_up: Markup | None = None) -> Both:
    """Return words that HTML says as they stand, or with marks of its own."""
    text = encode(words)
    if marked_up is not None:
        return Both(text, encode(marked_up))
    # What HTML escapes is rare: most words are encoded once.
    if "&" in words or "<" in words or ">" in words or '"' in words or "'" in words:
        return Both(text, encode(escape(words)))
    return Both(text, text)


def link(address: str) -> Both:
    """Return a link as `headers.link_value` gives it: HTML escapes no other sign of it."""
    text = encode(address)
    return Both(text, encode(escape(address)) if "&" in address else text)


# Readers share most of their words: dates, counts, hours.
shared = lru_cache(maxsize=2048)(both)

NOTHING = Both(b"", b"")
