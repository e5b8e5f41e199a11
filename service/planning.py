"""Deciding letters: for each reader a digest printed as parts, or a reason for none."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from service.domain.deliveries import Kind, Planned
from service.domain.digests import Digest, Skipped, SkipReason, compose
from service.domain.links import new_token
from service.domain.readers import Reader, address_hash
from service.domain.selection import Selection, pack
from service.mail.letter import Letters
from service.matching.rankings import Rankings
from service.printing import Press
from service.store.deliveries import Verdict
from service.store.papers import StoredPaper


class Planner:
    """Decides what readers get of the papers up to the seq `upto`.

    `papers` holds all that may be new to one of them; `queries_of` gives the canonical queries of
    topics by id. `keep` stores printed parts and returns their ids. Use it as a context manager.
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
    ) -> None:
        today = now.astimezone(UTC).date()
        by_id = {stored.paper_id: (stored.seq, stored.paper) for stored in papers}
        keyed = {stored.paper_id: (stored.key, stored.paper) for stored in papers}
        self._queries_of = queries_of
        self._queries: dict[int, str] = {}
        self._rankings = Rankings(by_id, self._queries, today)
        self._press = Press(letters, keep, keyed, year=today.year)
        self._upto = upto

    def decide(
        self, readers: Sequence[Reader], suppressed: Collection[str] = frozenset()
    ) -> list[Verdict]:
        """Return a verdict for each reader; `suppressed` holds hashes of addresses not to mail."""
        topics = {topic_id for reader in readers for topic_id, _ in reader.topics}
        if unseen := topics - self._queries.keys():
            self._queries.update(self._queries_of(unseen))
        decided = [(reader, self._choose(reader, suppressed)) for reader in readers]
        digests = [(reader, d) for reader, d in decided if isinstance(d, Digest)]
        selections = iter(self._press.print(digests) if digests else ())
        return [
            Verdict(reader, d if isinstance(d, Skipped) else self._letter(reader, next(selections)))
            for reader, d in decided
        ]

    def _letter(self, reader: Reader, selection: Selection) -> Planned:
        return Planned(
            reader.subscriber_id,
            Kind.DIGEST,
            reader.local_date,
            new_token(),
            pack(selection),
            preference_id=reader.preference_id,
            seq_from=reader.served_to,
        )

    def _choose(self, reader: Reader, suppressed: Collection[str]) -> Digest | Skipped:
        if suppressed and address_hash(reader.address) in suppressed:
            return Skipped(SkipReason.SUPPRESSED)
        if reader.served_to >= self._upto:
            return Skipped(SkipReason.NO_NEW_PAPERS)
        ranked = {topic_id: self._rankings.of(topic_id) for topic_id, _ in reader.topics}
        return compose(
            ranked or {0: self._rankings.trending()},
            watermark=reader.served_to,
            upto=self._upto,
            max_papers=reader.max_papers,
        )

    def __enter__(self) -> "Planner":
        return self

    def __exit__(self, *_: object) -> None:
        self._rankings.__exit__()
