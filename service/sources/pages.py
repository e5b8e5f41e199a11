"""Pages of trending papers as text: two banner lines, then titles and abstracts by turns."""

import re

from service.domain.papers import Edition, Paper, Rejected
from service.sources.text import readable

NAME = "pages"

_BANNER = re.compile(r"Get trending papers in your email inbox\b.{0,40}")

# The button below the banners, glued to the first title.
_BUTTON = "Subscribe"

# No title is longer, hardly an abstract shorter: real titles end at 180 characters and real
# abstracts begin at 370.
_LONGEST_TITLE = 300


def read(text: str) -> Edition | None:
    """Return the edition that `text` is, or None when no banner opens it."""
    lines = [(number, readable(line)) for number, line in enumerate(text.split("\n"), start=1)]
    lines = [(number, line) for number, line in lines if line]
    if not any(_BANNER.fullmatch(line) for _, line in lines[:3]):
        return None
    lines = _without_banners(lines)
    papers: list[Paper] = []
    rejected: list[Rejected] = []
    at = 0
    while at < len(lines):
        number, title = lines[at]
        if len(title) > _LONGEST_TITLE:
            rejected.append(Rejected(f"line {number}", "an abstract without a title"))
            at += 1
        elif at + 1 == len(lines) or _is_pair(lines[at + 1 : at + 3]):
            rejected.append(Rejected(f"line {number}", "a title without an abstract"))
            at += 1
        else:
            papers.append(Paper(title=title, abstract=lines[at + 1][1]))
            at += 2
    return Edition(format=NAME, papers=tuple(papers), rejected=tuple(rejected))


def _without_banners(lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    kept = []
    below_banner = False
    for number, line in lines:
        if _BANNER.fullmatch(line):
            below_banner = True
            continue
        shown = line.removeprefix(_BUTTON).lstrip() if below_banner else line
        below_banner = False
        if shown:
            kept.append((number, shown))
    return kept


def _is_pair(lines: list[tuple[int, str]]) -> bool:
    """Tell whether two lines are a title and its abstract beyond doubt.

    So one missing abstract spoils one paper, not the turns of all that follow it.
    """
    lengths = [len(line) for _, line in lines]
    return len(lengths) == 2 and lengths[0] <= _LONGEST_TITLE < lengths[1]
