"""Deciding letters: for each reader a digest printed as parts, or a reason for none."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from service.domain.deliveries import Kind, Planned
from service.domain.digests import Digest, Skipped, SkipReason, compose
from service.domain.links import new_token
from service.domain.readers import Reader, address_hash
from service.mail.address import parse_address
from service.mail.letter import Letters
from service.matching.rankings import Rankings
from service.printing import Press, digest_slots
from service.store.deliveries import Verdict
from service.store.papers import StoredPaper

DIGEST_LIVES = timedelta(hours=24)


class Planner:
    """Decides what readers get of the papers up to the seq `upto`.

    `papers` holds all that may be new to one of them, `queries` their topics' canonical queries.
    `keep` stores printed parts and returns their ids. Use it as a context manager.
    """

    def __init__(
        self,
        letters: Letters,
        papers: Sequence[StoredPaper],
        queries: Mapping[int, str],
        keep: Callable[[Sequence[bytes]], Sequence[int]],
        *,
        upto: int,
        now: datetime,
    ) -> None:
        today = now.astimezone(UTC).date()
        by_id = {stored.paper_id: (stored.seq, stored.paper) for stored in papers}
        keyed = {stored.paper_id: (stored.key, stored.paper) for stored in papers}
        self._rankings = Rankings(by_id, queries, today)
        self._press = Press(letters, keep, keyed, year=today.year)
        self._upto = upto
        self._now = now

    def decide(
        self, readers: Sequence[Reader], suppressed: Collection[str] = frozenset()
    ) -> list[Verdict]:
        """Return a verdict for each reader; `suppressed` holds hashes of addresses not to mail."""
        decided = [(reader, self._choose(reader, suppressed)) for reader in readers]
        digests = [(reader, d) for reader, d in decided if isinstance(d, Digest)]
        printed = zip(digests, self._press.print(digests), strict=True) if digests else ()
        verdicts = [Verdict(reader, d) for reader, d in decided if isinstance(d, Skipped)]
        for (reader, _), selection in printed:
            letter = Planned(
                subscriber_id=reader.subscriber_id,
                kind=Kind.DIGEST,
                key=f"digest:{reader.subscriber_id}:{reader.local_date}",
                token=new_token(),
                recipient=parse_address(reader.email).wire,
                slots=digest_slots(reader),
                local_date=reader.local_date,
                selection=selection,
                planned_at=self._now,
                expires_at=self._now + DIGEST_LIVES,
                seq_from=reader.served_to,
                seq_to=self._upto,
            )
            verdicts.append(Verdict(reader, letter))
        return verdicts

    def _choose(self, reader: Reader, suppressed: Collection[str]) -> Digest | Skipped:
        if address_hash(parse_address(reader.email).normal) in suppressed:
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
