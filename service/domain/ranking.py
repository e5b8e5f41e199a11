"""The order of the papers that match: what a paper is about first, how noticed it is second."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import log1p

from service.domain.papers import Paper

ABOUT = 2
MENTIONED = 1

_COMMENT_WEIGHT = 0.5
_STAR_WEIGHT = 0.25
_DAYS_PER_UNIT = 7.0
_OLDEST_AGE = 365


@dataclass(frozen=True, slots=True)
class Match:
    """How one paper meets one topic.

    `tier` says how much the paper is about the topic, higher is more: ABOUT when its title alone
    meets the topic, MENTIONED when the rest of its text is needed.
    """

    tier: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """A paper with its place in a ranking: a higher score (tier, trending) stands first."""

    paper_id: int
    seq: int
    score: tuple[int, float]


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


def rank(
    matches: Mapping[int, Match], papers: Mapping[int, tuple[int, Paper]], today: date
) -> list[Ranked]:
    """Return the matching papers, best first: by tier, then by trending, then by lower seq.

    `papers` maps a paper id to its seq and the paper, and holds at least every id of `matches`.
    """
    ranked = [
        Ranked(paper_id, seq, (match.tier, trending(paper, today)))
        for paper_id, match in matches.items()
        for seq, paper in (papers[paper_id],)
    ]
    ranked.sort(key=lambda paper: (paper.score, -paper.seq), reverse=True)
    return ranked
