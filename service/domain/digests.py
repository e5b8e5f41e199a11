"""What one reader gets on one date: a selection of papers, or a reason for none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from service.domain.ranking import Ranked


class SkipReason(StrEnum):
    """Why a reader who was due gets no letter."""

    NO_NEW_PAPERS = "no_new_papers"
    NO_MATCH = "no_match"
    MUTED = "muted"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class Choice:
    """One paper of a digest and the topics it came for, best first; no topic means trending."""

    paper_id: int
    topic_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Digest:
    """An ordered selection; `matched` counts every new paper that matched, shown or not."""

    choices: tuple[Choice, ...]
    matched: int


@dataclass(frozen=True, slots=True)
class Skipped:
    reason: SkipReason


def compose(
    ranked: Mapping[int, Sequence[Ranked]],
    *,
    watermark: int,
    upto: int,
    max_papers: int,
) -> Digest | Skipped:
    """Choose a reader's papers among those with watermark < seq <= upto.

    `ranked` maps each of the reader's topic ids to its ranked papers; a reader without a topic
    passes the trending list under the id 0, which is then named by no card. Papers are merged
    over the topics by their best score, so a paper stands once however many topics found it.
    """
    best: dict[int, Ranked] = {}
    found_by: dict[int, list[tuple[Ranked, int]]] = {}
    for topic_id, papers in ranked.items():
        for paper in papers:
            if not watermark < paper.seq <= upto:
                continue
            found_by.setdefault(paper.paper_id, []).append((paper, topic_id))
            if paper.paper_id not in best or paper.score > best[paper.paper_id].score:
                best[paper.paper_id] = paper
    if not best:
        return Skipped(SkipReason.NO_MATCH)
    order = sorted(best.values(), key=lambda paper: (paper.score, -paper.seq), reverse=True)
    choices = tuple(
        Choice(
            paper.paper_id,
            tuple(
                topic_id
                for found, topic_id in sorted(
                    found_by[paper.paper_id], key=lambda pair: (-pair[0].score[0], pair[1])
                )
                if topic_id
            ),
        )
        for paper in order[:max_papers]
    )
    return Digest(choices, matched=len(order))
