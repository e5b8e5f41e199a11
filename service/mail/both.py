"""Words as both parts of a letter have them."""

import re
from functools import lru_cache

from markupsafe import Markup, escape

from service.mail.headers import link_value
from service.mail.mime import encode, soft_broken

# A link as `link_value` has it, without "=", which quoted-printable text escapes, and "&" and "'",
# which HTML does.
_PLAIN_LINK = re.compile(r"https?://[!#-%(-;?-~]{1,900}")


# What the text and the HTML say in one place, encoded.
Both = tuple[bytes, bytes]


def both(words: str, marked_up: Markup | None = None) -> Both:
    """Return words that HTML says as they stand, or with marks of its own."""
    text = encode(words)
    if marked_up is not None:
        return text, encode(marked_up)
    # What HTML escapes is rare: most words are encoded once.
    return text, encode(escape(words)) if _is_escaped(words) else text


def encode_html(words: str) -> bytes:
    """Return words as HTML says them."""
    return encode(escape(words) if _is_escaped(words) else words)


def _is_escaped(words: str) -> bool:
    return "&" in words or "<" in words or ">" in words or '"' in words or "'" in words


def link(address: str) -> Both:
    """Return a link. Raises HeaderError for what is none, or is not in ASCII."""
    if _PLAIN_LINK.fullmatch(address):
        text = soft_broken(address) or encode(address)
        return text, text
    return both(link_value(address))


# Readers share most of their words: dates, counts, hours.
shared = lru_cache(maxsize=2048)(both)

NOTHING: Both = (b"", b"")
