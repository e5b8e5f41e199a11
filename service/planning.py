"""Deciding letters: for each reader a digest printed as parts, or a reason for none."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from service.domain.deliveries import Kind, Planned
from service.domain.digests import Digest, Skipped, SkipReason, compose
from service.domain.links import new_token
from service.domain.readers import Reader, address_hash
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
        self._queries_of = queries_of
        self._queries: dict[int, str] = {}
        self._rankings = Rankings(by_id, self._queries, today)
        keyed = {stored.paper_id: (stored.key, stored.paper) for stored in papers}
        in_place = [keyed[paper_id] for paper_id in self._rankings.places]
        self._press = Press(letters, keep, in_place, year=today.year)
        self._upto = upto

    def decide(
        self, readers: Sequence[Reader], suppressed: Collection[str] = frozenset()
    ) -> list[Verdict]:
        """Return a verdict for each reader; `suppressed` holds hashes of addresses not to mail."""
        topics = {topic_id for reader in readers for topic_id, _ in reader.topics}
        if unseen := topics - self._queries.keys():
            self._queries.update(self._queries_of(unseen))
        choices = [self._choose(reader, suppressed) for reader in readers]
        digests = [
            (reader, choice)
            for reader, choice in zip(readers, choices, strict=True)
            if isinstance(choice, Digest)
        ]
        printed = iter(self._press.print(digests, self._masks))
        return [
            Verdict(reader, choice)
            if isinstance(choice, Skipped)
            else Verdict(
                reader,
                Planned(
                    reader.subscriber_id,
                    Kind.DIGEST,
                    reader.local_date,
                    new_token(),
                    next(printed),
                    preference_id=reader.preference_id,
                    seq_from=reader.served_to,
                ),
            )
            for reader, choice in zip(readers, choices, strict=True)
        ]

    def _masks(self, reader: Reader) -> list[tuple[str, int]]:
        """Return the reader's topics by their words, each with the places that match it."""
        standing, served_to = self._rankings.standing, reader.served_to
        return [(shown, standing(topic_id, served_to).mask) for topic_id, shown in reader.topics]

    def _choose(self, reader: Reader, suppressed: Collection[str]) -> Digest | Skipped:
        if suppressed and address_hash(reader.address) in suppressed:
            return Skipped(SkipReason.SUPPRESSED)
        served_to = reader.served_to
        if served_to >= self._upto:
            return Skipped(SkipReason.NO_NEW_PAPERS)
        standing = self._rankings.standing
        standings = [standing(topic_id, served_to) for topic_id, _ in reader.topics]
        return compose(
            standings or [self._rankings.trending(served_to)],
            places=len(self._rankings.places),
            max_papers=reader.max_papers,
        )

    def __enter__(self) -> "Planner":
        return self

    def __exit__(self, *_: object) -> None:
        self._rankings.__exit__()
