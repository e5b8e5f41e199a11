"""Pages of trending papers as text: two banner lines, then titles and abstracts by turns."""

import re
from collections import deque
from collections.abc import Iterator
from datetime import date

from service.domain.papers import Original, Paper, Rejected
from service.sources.content import Content
from service.sources.prose import LONGEST, readable
from service.sources.text import tidy

NAME = "pages"

_BANNER = re.compile(r"Get trending papers in your email inbox\b.{0,40}")

# The button below the banners, glued to the first title.
_BUTTON = "Subscribe"

# No title is longer, hardly an abstract shorter: real titles end at 180 characters and real
# abstracts begin at 370.
_LONGEST_TITLE = 300

Line = tuple[int, str]


def knows(head: str) -> bool:
    """Tell whether a file that begins so is of this format: a banner opens it."""
    lines = [line for line in map(tidy, head.split("\n")) if line]
    return any(map(_BANNER.fullmatch, lines[:3]))


def read(content: Content) -> Iterator[Paper | Rejected | date]:
    """Yield the papers of the file, and its odd lines as rejects."""
    coming = _without_banners(content.lines())
    window: deque[Line] = deque()

    def fill(wanted: int) -> int:
        while len(window) < wanted and (line := next(coming, None)):
            window.append(line)
        return len(window)

    while fill(3):
        number, title = window.popleft()
        if len(title) > _LONGEST_TITLE:
            yield Rejected(f"line {number}", "an abstract without a title")
        elif not window or _is_pair(list(window)[:2]):
            yield Rejected(f"line {number}", "a title without an abstract")
        elif len(window[0][1]) > LONGEST:
            yield Rejected(f"line {window.popleft()[0]}", f"more than {LONGEST:,} characters")
        else:
            yield _paper(title, window.popleft()[1])


def _paper(title: str, abstract: str) -> Paper:
    shown = readable(title), readable(abstract)
    written = [
        raw if raw != made else None for raw, made in zip((title, abstract), shown, strict=True)
    ]
    # Markup alone reads as nothing: then the raw text is better than none.
    return Paper(
        title=shown[0] or title,
        abstract=shown[1],
        original=Original(*written) if any(written) else None,
    )


def _without_banners(lines: Iterator[str]) -> Iterator[Line]:
    below_banner = False
    for number, line in enumerate(map(tidy, lines), start=1):
        if not line:
            continue
        if _BANNER.fullmatch(line):
            below_banner = True
            continue
        shown = line.removeprefix(_BUTTON).lstrip() if below_banner else line
        below_banner = False
        if shown:
            yield number, shown


def _is_pair(lines: list[Line]) -> bool:
    """Tell whether two lines are a title and its abstract beyond doubt.

    So one missing abstract spoils one paper, not the turns of all that follow it.
    """
    lengths = [len(line) for _, line in lines]
    return len(lengths) == 2 and lengths[0] <= _LONGEST_TITLE < lengths[1]
