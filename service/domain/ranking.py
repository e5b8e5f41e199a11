"""The order of the papers that match: what a paper is about first, how noticed it is second."""

from collections.abc import Iterable, Iterator
from datetime import date
from math import log1p
from typing import TypeAlias

from service.domain.papers import Paper

# The tiers of aboutness, higher is more. Each time a paper has the very words of a topic it gains
# a point, or two in its title; NEARBY has none, its words only stand close to each other.
NEARBY = 1
MENTIONED = 2
ABOUT = 3
TIERS = 6
TITLE_POINTS = 2

_COMMENT_WEIGHT = 0.5
_STAR_WEIGHT = 0.25
_DAYS_PER_UNIT = 7.0
_OLDEST_AGE = 365

# Sets of papers, one bit a paper: the first holds those of tier 1 or more, the last those of the
# highest tier alone.
Levels: TypeAlias = tuple[int, ...]


def trending(paper: Paper, today: date) -> float:
    """Return how much notice a paper gets on a date; higher is more, 0 is new and unnoticed.

    The score is ln(1 + upvotes) + 0.5 ln(1 + comments) + 0.25 ln(1 + stars) - age, where one
    unit of age is a week: logarithms, because the tenth vote says more than the thousandth, and
    little weight for stars, because a repository collects them for longer than its paper is news.
    A fact that the source does not give counts as none, a paper without a date as published
    today, and age stops after a year, so that sources which give nothing still rank their papers,
    by date alone or all alike.
    """
    age = 0 if paper.published is None else (today - paper.published).days
    return (
        log1p(max(paper.upvotes or 0, 0))
        + _COMMENT_WEIGHT * log1p(max(paper.comments or 0, 0))
        + _STAR_WEIGHT * log1p(max(paper.stars or 0, 0))
        - min(max(age, 0), _OLDEST_AGE) / _DAYS_PER_UNIT
    )


def levels(points: Iterable[tuple[int, int]]) -> Levels:
    """Return the sets of papers by tier, given pairs of a paper's number and its points."""
    sets = [0] * TIERS
    for paper, gained in points:
        sets[gained if gained < TIERS else TIERS - 1] |= 1 << paper
    for lower in range(TIERS - 1, 0, -1):
        sets[lower - 1] |= sets[lower]
    return tuple(sets)


def in_order(found: Levels, among: int = -1) -> Iterator[tuple[int, int]]:
    """Yield the tier and number of each paper, highest tier first and then by lower number.

    `among` is the set of papers to choose from, by default all.
    """
    above = 0
    for reached in range(TIERS, 0, -1):
        papers = found[reached - 1] & ~above & among
        above = found[reached - 1]
        while papers:
            lowest = papers & -papers
            yield reached, lowest.bit_length() - 1
            papers ^= lowest
