"""Deciding letters: for each reader a digest printed as parts, or a reason for none."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from service.domain.deliveries import Kind, Planned
from service.domain.digests import Digest, Skipped, SkipReason, compose
from service.domain.filters import Filters
from service.domain.links import new_token
from service.domain.readers import Reader, address_hash
from service.mail.letter import Letters
from service.matching.rankings import Rankings
from service.matching.sieve import Sieve
from service.printing import Press
from service.store.deliveries import Verdict
from service.store.papers import StoredPaper

# A reader's topics, the seq they were served up to, the most papers they take, and their filters.
Wanted = tuple[tuple[tuple[int, str], ...], int, int, Filters | None]

_DECISIONS_KEPT = 30_000


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
        self._sieve = Sieve(self._rankings)
        keyed = {stored.paper_id: (stored.key, stored.paper) for stored in papers}
        in_place = [keyed[paper_id] for paper_id in self._rankings.places]
        self._press = Press(letters, keep, in_place, year=today.year)
        self._upto = upto
        self._decided: dict[Wanted, bytes | Skipped] = {}

    def decide(
        self, readers: Sequence[Reader], suppressed: Collection[str] = frozenset()
    ) -> list[Verdict]:
        """Return a verdict for each reader; `suppressed` holds hashes of addresses not to mail."""
        self._learn(readers)
        # Readers who want the same of the same papers get the same digest, chosen once.
        wanted = {_wanted(reader): None for reader in readers}
        chosen = {want: self._choose(*want) for want in wanted if want not in self._decided}
        printed = self._press.print(
            [
                (topics, filters.follows if filters else (), choice)
                for (topics, _, _, filters), choice in chosen.items()
                if isinstance(choice, Digest)
            ],
            self._rankings.levels,
            self._sieve.followed,
        )
        selections = iter(printed)
        decided = {want: self._decided[want] for want in wanted if want in self._decided}
        for want, choice in chosen.items():
            decided[want] = choice if isinstance(choice, Skipped) else next(selections)
            if len(self._decided) < _DECISIONS_KEPT:
                self._decided[want] = decided[want]
        return [
            self._verdict(reader, decided[_wanted(reader)])
            if not (suppressed and address_hash(reader.address) in suppressed)
            else Verdict(reader, Skipped(SkipReason.SUPPRESSED))
            for reader in readers
        ]

    def _learn(self, readers: Sequence[Reader]) -> None:
        topics = {topic_id for reader in readers for topic_id, _ in reader.topics}
        if unseen := topics - self._queries.keys():
            queries = self._queries_of(unseen)
            self._rankings.expect(queries.values())
            self._queries.update(queries)
        self._sieve.expect(reader.filters for reader in readers if reader.filters)

    def _choose(
        self,
        topics: Sequence[tuple[int, str]],
        served_to: int,
        max_papers: int,
        filters: Filters | None,
    ) -> Digest | Skipped:
        if served_to >= self._upto:
            return Skipped(SkipReason.NO_NEW_PAPERS)
        if filters:
            wanted = [topic_id for topic_id, _ in topics]
            return self._sieve.digest(filters, wanted, served_to, max_papers)
        standing = self._rankings.standing
        standings = [standing(topic_id, served_to) for topic_id, _ in topics]
        return compose(
            standings or [self._rankings.trending(served_to)],
            places=len(self._rankings.places),
            max_papers=max_papers,
        )

    def _verdict(self, reader: Reader, decided: bytes | Skipped) -> Verdict:
        if isinstance(decided, Skipped):
            return Verdict(reader, decided)
        letter = Planned(
            reader.subscriber_id,
            Kind.DIGEST,
            reader.local_date,
            new_token(),
            decided,
            preference_id=reader.preference_id,
            seq_from=reader.served_to,
        )
        return Verdict(reader, letter)

    def __enter__(self) -> "Planner":
        return self

    def __exit__(self, *_: object) -> None:
        self._rankings.__exit__()


def _wanted(reader: Reader) -> Wanted:
    return reader.topics, reader.served_to, reader.max_papers, reader.filters
