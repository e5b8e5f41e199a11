"""Deciding letters: for each reader a digest printed as parts, or a reason for none."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

import numpy as np

from service.domain.digests import SkipReason, nothing_left
from service.domain.filters import Filters
from service.domain.links import new_tokens
from service.mail.letter import Kind as FrameKind
from service.mail.letter import Letters
from service.matching.rankings import Rankings, Readers
from service.printing import Press
from service.store.audience import Audience
from service.store.deliveries import Recorded, Verdicts
from service.store.papers import StoredPaper


@dataclass(slots=True)
class Plan:
    """What one plan decided.

    `superseded` counts the older unsent digests that new ones replace.
    """

    planned: int = 0
    skipped: Counter[SkipReason] = field(default_factory=Counter)
    superseded: int = 0

    @property
    def due(self) -> int:
        """The readers decided on. One whose state changed meanwhile is not: still due."""
        return self.planned + self.skipped.total()

    def count(self, recorded: Recorded) -> None:
        """Add what one transaction recorded."""
        self.planned += recorded.letters
        self.skipped += recorded.skipped
        self.superseded += recorded.superseded


class Planner:
    """Decides what readers get of the papers up to the seq `upto`.

    `papers` holds all that may be new to one of them; `queries_of` gives the canonical queries of
    topics by id. `keep` stores printed parts and returns their ids. `trending_section` says that
    letters list what trends outside a reader's topics; `frame` is the kind of
    letter. Use it as a context manager.
    """

    def __init__(
        self,
        letters: Letters,
        papers: Sequence[StoredPaper],
        queries_of: Callable[[Iterable[int]], Mapping[int, str]],
        keep: Callable[[Sequence[bytes]], Sequence[int]],
        *,
        upto: int,
        now: datetime,
        trending_section: bool,
        frame: FrameKind = "digest",
    ) -> None:
        today = now.astimezone(UTC).date()
        by_id = {stored.paper_id: (stored.seq, stored.paper) for stored in papers}
        self._rankings = Rankings(by_id, today, trending_section=trending_section)
        keyed = {stored.paper_id: (stored.paper_id, stored.key, stored.paper) for stored in papers}
        in_place = [keyed[paper_id] for paper_id in self._rankings.places]
        self._queries: dict[int, str] = {}
        self._queries_of = queries_of
        self._press = Press(letters, keep, in_place, self._queries, year=today.year, frame=frame)
        self._upto = upto

    def decide(self, readers: Audience) -> Verdicts:
        """Return a verdict for each reader."""
        served_to = readers.served_to.copy()
        # Nothing is new to one who must not be mailed.
        served_to[list(readers.suppressed)] = self._upto
        topics = self._rankings.number(zip(readers.topics.tolist(), readers.words, strict=True))
        self._learn(readers.filters)
        wants = self._rankings.gather(
            Readers(served_to, readers.max_papers, readers.wisher, topics, readers.filters)
        )
        choice = self._rankings.choose(wants)
        counts = np.bincount(readers.wisher, minlength=len(readers))
        selections = self._press.print(choice, self._rankings.named, wants, counts)
        skips = {
            number: nothing_left(muted=int(choice.muted[number]), below=int(choice.below[number]))
            if served_to[number] < self._upto
            else SkipReason.NO_NEW_PAPERS
            for number in np.flatnonzero(choice.matched == 0).tolist()
        }
        skips |= dict.fromkeys(readers.suppressed, SkipReason.SUPPRESSED)
        return Verdicts(readers, selections, skips, new_tokens(len(readers)))

    def _learn(self, filters: Mapping[int, Filters]) -> None:
        unknown = self._rankings.unknown()
        queries = self._queries_of(unknown) if unknown else {}
        self._queries.update(queries)
        self._rankings.learn(queries, filters.values())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._rankings.__exit__()
