"""Deciding letters: for each reader a digest printed as parts, or a reason for none."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

import numpy as np

from service.domain.deliveries import Kind, Planned
from service.domain.digests import Skipped, SkipReason, nothing_left
from service.domain.filters import UNFILTERED
from service.domain.links import new_token
from service.domain.readers import Reader, address_hash
from service.mail.letter import Kind as FrameKind
from service.mail.letter import Letters
from service.matching.rankings import Rankings, Want
from service.printing import Press
from service.store.deliveries import Recorded, Verdict
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
        self.superseded += recorded.superseded
        for verdict in recorded.standing:
            if isinstance(verdict.decision, Skipped):
                self.skipped[verdict.decision.reason] += 1
            else:
                self.planned += 1


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

    def decide(
        self, readers: Sequence[Reader], suppressed: Collection[str] = frozenset()
    ) -> list[Verdict]:
        """Return a verdict for each reader; `suppressed` holds hashes of addresses not to mail."""
        verdicts = {
            reader.subscriber_id: Verdict(reader, Skipped(reason))
            for reader in readers
            if (reason := self._out_of_turn(reader, suppressed))
        }
        others = [reader for reader in readers if reader.subscriber_id not in verdicts]
        if others:
            chosen = zip(others, self._choose(others), strict=True)
            verdicts |= {r.subscriber_id: _verdict(r, decision) for r, decision in chosen}
        return [verdicts[reader.subscriber_id] for reader in readers]

    def _out_of_turn(self, reader: Reader, suppressed: Collection[str]) -> SkipReason | None:
        if suppressed and address_hash(reader.address) in suppressed:
            return SkipReason.SUPPRESSED
        return SkipReason.NO_NEW_PAPERS if reader.served_to >= self._upto else None

    def _choose(self, readers: Sequence[Reader]) -> list[bytes | SkipReason]:
        """Return each reader's selection, or why there is none."""
        self._learn(readers)
        wants, named = self._rankings.gather(
            [Want(r.topics, r.served_to, r.max_papers, r.filters or UNFILTERED) for r in readers]
        )
        choice = self._rankings.choose(wants)
        topics = np.array([len(reader.topics) for reader in readers], dtype=np.int64)
        selections = self._press.print(choice, named, wants.reader, topics)
        counts = zip(
            *(by.tolist() for by in (choice.matched, choice.muted, choice.below)), strict=True
        )
        return [
            selection if matched else nothing_left(muted=muted, below=below)
            for selection, (matched, muted, below) in zip(selections, counts, strict=True)
        ]

    def _learn(self, readers: Sequence[Reader]) -> None:
        unknown = self._rankings.unknown(
            topic_id for reader in readers for topic_id, _ in reader.topics
        )
        queries = self._queries_of(unknown) if unknown else {}
        self._queries.update(queries)
        self._rankings.learn(queries, [reader.filters for reader in readers if reader.filters])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._rankings.__exit__()


def _verdict(reader: Reader, decision: bytes | SkipReason) -> Verdict:
    if isinstance(decision, SkipReason):
        return Verdict(reader, Skipped(decision))
    letter = Planned(
        reader.subscriber_id,
        Kind.DIGEST,
        reader.local_date,
        new_token(),
        decision,
        preference_id=reader.preference_id,
        seq_from=reader.served_to,
    )
    return Verdict(reader, letter)
