"""Why one paper came to one reader, or did not."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum

from sqlalchemy import Connection

from service.domain.digests import SkipReason
from service.domain.policy import Status
from service.domain.readers import Consent, Subscriber
from service.domain.timetable import local_date
from service.explain.recount import (
    UNFILTERED,
    FilterVerdict,
    TopicVerdict,
    filtered,
    meets,
    recount,
)
from service.explain.search import meant
from service.explain.trace import Outcome, Trace, chosen_for, listed_in, served_to, trace
from service.mail.face import face
from service.store import deliveries, digests, papers, wanted
from service.store.deliveries import SkipRow
from service.store.digests import DigestRow
from service.store.papers import Arrival, StoredPaper
from service.store.wanted import Wanted

MOST_MEANT = 5


class Why(StrEnum):
    """What became of a paper for a reader."""

    CAME = "came"
    NOT_SENT = "not_sent"
    NOT_INGESTED = "not_ingested"
    NO_MATCH = "no_match"
    MUTED = "muted"
    BELOW_UPVOTES = "below_upvotes"
    BELOW_CAP = "below_cap"
    ALREADY_SEEN = "already_seen"
    SUPPRESSED = "suppressed"
    NOT_DUE = "not_due"


# What a skip for the reader's own filters makes of each of its papers.
_FILTERED: Mapping[str, Why] = {
    SkipReason.MUTED: Why.MUTED,
    SkipReason.BELOW_UPVOTES: Why.BELOW_UPVOTES,
}


@dataclass(frozen=True, slots=True)
class PaperVerdict:
    """Why a paper came or did not: `because` says it in words, from what is on record.

    `day` is the date whose letter or skip decided it, `position` where the letter shows it, and
    `named` the reasons it names. `topics`, `filters`, `rank` and `matched` are recomputed: how the
    paper meets what the reader wanted, and its place among all that matched, of whom the letter
    takes `cap`.
    """

    why: Why
    because: str
    stored: StoredPaper | None = None
    arrival: Arrival | None = None
    day: date | None = None
    position: int | None = None
    named: tuple[str, ...] = ()
    topics: tuple[TopicVerdict, ...] = ()
    rank: int | None = None
    matched: int | None = None
    cap: int | None = None
    filters: FilterVerdict = UNFILTERED


def verdicts(
    connection: Connection,
    subscriber: Subscriber,
    asked: str,
    now: datetime,
    day: date | None = None,
) -> tuple[PaperVerdict, ...]:
    """Return why each paper that `asked` may mean came to a reader or did not.

    Without a date, the letter or skip that decided on the paper counts, else what a plan would do
    now; with one, what that date's letter made of it.
    """
    found = meant(connection, asked, MOST_MEANT)
    if not found:
        return (PaperVerdict(Why.NOT_INGESTED, "no edition has brought such a paper"),)
    dated = trace(connection, subscriber, now, day)
    judges = [_Judge(connection, dated, stored, now) for stored in found]
    return tuple(judge.on_record() if day is None else judge.on_date(day) for judge in judges)


class _Judge:
    """Decides about one paper; what is on record goes before what is recomputed."""

    def __init__(
        self, connection: Connection, dated: Trace, stored: StoredPaper, now: datetime
    ) -> None:
        self._connection = connection
        self._trace = dated
        self._stored = stored
        self._now = now
        self._arrival = papers.arrival(connection, stored.paper_id)
        reader = dated.subscriber.subscriber_id
        self._mark = served_to(connection, reader, dated.day)
        self._digest = digests.offering(connection, reader, stored.seq)
        skip = deliveries.last_skip(connection, reader)
        looked_at = skip is not None and skip.seq_from < stored.seq <= skip.seq_to
        self._skip = skip if looked_at else None

    def on_record(self) -> PaperVerdict:
        """Return what the last letter or skip that looked at the paper made of it."""
        digest, skip = self._digest, self._skip
        if digest is not None and (skip is None or digest.planned_at >= skip.at):
            return self._by_digest(digest)
        if skip is not None:
            return self._by_skip(skip)
        return self._undecided() if self._stored.seq > self._mark else self._passed_over()

    def on_date(self, day: date) -> PaperVerdict:
        """Return what the letter, or the plan, of a date made of the paper."""
        digest, skip, asked = self._digest, self._skip, self._trace.digest
        if asked is not None and asked.seq_from < self._stored.seq <= asked.seq_to:
            return self._by_digest(asked)
        if skip is not None and skip.local_date == day:
            return self._by_skip(skip)
        offered_again = self._stored.seq > self._mark
        if digest is not None and not (offered_again and digest.local_date < day):
            return self._elsewhere(self._by_digest(digest), day)
        if skip is not None and not offered_again:
            return self._elsewhere(self._by_skip(skip), day)
        return self._undecided() if offered_again else self._passed_over()

    def _elsewhere(self, decided: PaperVerdict, day: date) -> PaperVerdict:
        """Return, for one date, what another date's plan decided."""
        if decided.day is not None and decided.day < day:
            why, words = Why.ALREADY_SEEN, "an earlier plan had looked at it"
        else:
            why, words = Why.NOT_DUE, "a later plan looked at it"
        return replace(decided, why=why, because=f"{words}: {decided.because}")

    def _by_digest(self, digest: DigestRow) -> PaperVerdict:
        held = wanted.at(
            self._connection,
            self._trace.subscriber.subscriber_id,
            digest.planned_at,
            digest.preference_id,
        )
        weighed = self._weigh(held, digest.seq_from, digest.seq_to, digest.planned_at)
        weighed = replace(weighed, day=digest.local_date)
        shown = chosen_for(self._connection, digest)
        if shown is None:
            return self._by_recount(weighed, digest)
        title = face(self._stored.paper, own_page="", year=digest.local_date.year).title
        for position, chosen in enumerate(shown, 1):
            if chosen.title == title:
                weighed = replace(weighed, position=position, named=chosen.reasons)
                return self._in_letter(weighed, digest)
        if weighed.why is not Why.NOT_DUE:
            return weighed
        words = f"{_ranked(weighed)}, and the letter of {digest.local_date} took {len(shown)}"
        if title in listed_in(self._connection, digest):
            words += "; it is listed there by title"
        elif weighed.rank is not None and weighed.rank <= len(shown):
            words += "; its counts, or those of others, have changed since"
        return replace(weighed, why=Why.BELOW_CAP, because=words)

    def _by_recount(self, weighed: PaperVerdict, digest: DigestRow) -> PaperVerdict:
        took = len(digest.selection.cards)
        if weighed.rank is None:
            return weighed
        if weighed.rank <= took:
            return self._in_letter(weighed, digest, ", as recomputed: its parts are kept no more")
        words = f"{_ranked(weighed)}, and the letter of {digest.local_date} took {took}"
        return replace(weighed, why=Why.BELOW_CAP, because=words)

    def _in_letter(self, weighed: PaperVerdict, digest: DigestRow, note: str = "") -> PaperVerdict:
        words = f"it stands in the letter of {digest.local_date}, which is {digest.status}{note}"
        if digest.status is Status.SENT:
            return replace(weighed, why=Why.CAME, because=words)
        over = digest.status in (Status.FAILED, Status.EXPIRED, Status.CANCELLED)
        if over and self._stored.seq > self._mark:
            words += "; the next letter is chosen from it again"
        return replace(weighed, why=Why.NOT_SENT, because=words)

    def _by_skip(self, skip: SkipRow) -> PaperVerdict:
        words = f"no letter came on {skip.local_date}: {SkipReason(skip.reason).words}"
        reader = self._trace.subscriber.subscriber_id
        held = wanted.at(self._connection, reader, skip.at)
        weighed = self._weigh(held, skip.seq_from, skip.seq_to, skip.at)
        weighed = replace(weighed, day=skip.local_date)
        if skip.reason == SkipReason.SUPPRESSED:
            return replace(weighed, why=Why.SUPPRESSED, because=words)
        if weighed.why is Why.NOT_DUE:
            why = _FILTERED.get(skip.reason, Why.NO_MATCH)
            words += "; what is told of it by now would match"
            return replace(weighed, why=why, because=words)
        return replace(weighed, because=f"{weighed.because}; {words}")

    def _undecided(self) -> PaperVerdict:
        """Return what keeps the paper waiting, or what the next plan would find against it."""
        dated = self._trace
        if dated.outcome is not Outcome.NOT_DUE:
            what = "letter" if dated.digest else "plan"
            words = f"it came after the {what} of {dated.day}; the next one looks at it"
        else:
            words = dated.because
        if dated.suppression is not None:
            words = f"the address is suppressed ({dated.suppression.words})"
            return self._say(Why.SUPPRESSED, words)
        reader = dated.subscriber
        if reader.status is not Consent.ACTIVE or self._past():
            return self._say(Why.NOT_DUE, words)
        last = papers.last_seq(self._connection)
        held = wanted.at(self._connection, reader.subscriber_id, self._now)
        weighed = self._weigh(held, self._mark, last, self._now)
        if weighed.why is not Why.NOT_DUE:
            return weighed
        return replace(weighed, because=f"{words}; by now {_ranked(weighed)}")

    def _past(self) -> bool:
        zone = self._trace.subscriber.preferences.timezone
        return self._trace.day < local_date(self._now, zone)

    def _passed_over(self) -> PaperVerdict:
        reader = self._trace.subscriber
        words = "a plan has looked at it, and of those without a letter only the last is kept"
        if reader.confirmed_at and self._arrival and self._arrival.at < reader.confirmed_at:
            words = "it came before they did, earlier than the first letter reaches back"
        held = wanted.at(self._connection, reader.subscriber_id, self._now)
        said = self._say(Why.ALREADY_SEEN, words)
        if held is None:
            return said
        filters = filtered(self._stored.paper, held.preferences.filters)
        return replace(said, topics=meets(self._stored.paper, held), filters=filters)

    def _weigh(self, held: Wanted | None, after: int, upto: int, at: datetime) -> PaperVerdict:
        """Return how the paper stands among those of a range; NOT_DUE where nothing is against
        it but that others may be better."""
        if held is None:
            return self._say(Why.NOT_DUE, "what they wanted then is not on record")
        looked_at = papers.between(self._connection, after, upto)
        counted = recount(looked_at, held, at.astimezone(UTC).date())
        rank = counted.rank(self._stored.paper_id)
        chosen, paper = held.preferences.filters, self._stored.paper
        filters = filtered(paper, chosen)
        topics = meets(paper, held)
        if topics and not filters.follows and not any(topic.verdict.tier for topic in topics):
            why, words = Why.NO_MATCH, "no topic matched"
        elif filters.muted_by is not None:
            why, words = Why.MUTED, f"muted by {filters.muted_by}"
        elif filters.below:
            why = Why.BELOW_UPVOTES
            words = f"below your minimum of {chosen.min_upvotes} upvotes (it has {paper.upvotes})"
        else:
            why, words = Why.NOT_DUE, ""
        return replace(
            self._say(why, words),
            topics=topics,
            rank=rank,
            matched=len(counted.ranked),
            cap=held.preferences.max_papers,
            filters=filters,
        )

    def _say(self, why: Why, because: str, day: date | None = None) -> PaperVerdict:
        return PaperVerdict(why, because, self._stored, self._arrival, day)


def _ranked(weighed: PaperVerdict) -> str:
    """Return a recomputed rank in words."""
    return f"it ranks {weighed.rank} of {weighed.matched} that match (recomputed)"
