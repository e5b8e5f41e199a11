"""Readable text: titles and abstracts without the markup they were written in."""

import re

from service.sources.latex import links, without_latex
from service.sources.lost import ANYWHERE, repaired
from service.sources.markup import without_markup
from service.sources.scan import holds
from service.sources.text import tidy

_URL = re.compile(r"(https?://[^\s<>{}]+)")

_MARK = r"[\\{}$^<&~`]"
_holds_marks = holds(_MARK)
# What most texts hold nothing of, so that they are read as they were written.
_holds_work = holds(rf"[^ -~]|  |^ | $|{_MARK}|{ANYWHERE}")

# No text of a paper is longer; making it readable takes some 10 µs a hundred characters.
LONGEST = 200_000

# Markup within markup, as in an entity that was escaped twice, is read in as many rounds.
_ROUNDS = 3


def readable(written: str, *, html: bool = False) -> str:
    """Return what was written, tidy and without markup: LaTeX and HTML are read as Unicode.

    Only what is certain is read: `R&D`, `$5 and $10`, `x<y` and file_names stay as they are. With
    `html`, the whole text is known to be HTML.
    """
    if _is_plain(written):
        return written
    text = tidy(written)
    for _ in range(_ROUNDS):
        before = text
        text = _read(text, html=html)
        if text == before:
            break
        text, html = tidy(text), False
        if not _holds_marks(text):
            break
    return text


def label(written: str) -> str:
    """Return a name or a keyword, tidy and, where it has any, without markup."""
    if _is_plain(written):
        return written
    tidied = tidy(written)
    return readable(tidied) if _holds_marks(tidied) else tidied


def _is_plain(text: str) -> bool:
    return text.isascii() and not _holds_work(text)


def _read(text: str, *, html: bool) -> str:
    if "<" in text or "&" in text:
        text = without_markup(text, html_only=html)
    if "{" in text:
        text = links(text)
    if "://" not in text:
        return without_latex(repaired(text))
    # What an address holds is never markup.
    pieces = _URL.split(text)
    pieces[::2] = (without_latex(repaired(piece)) for piece in pieces[::2])
    return "".join(pieces)
