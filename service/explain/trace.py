"""The whole trace of what one reader got, or did not get, for one date."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as hour
from enum import StrEnum

from sqlalchemy import Connection

from service.domain.digests import SkipReason
from service.domain.readers import Consent, Preferences, Subscriber, address_hash
from service.domain.timetable import local_date, next_letter, spoken_zone, zone
from service.explain.recount import Recount, recount
from service.mail.address import parse_address
from service.mail.letter import Because, Card
from service.store import (
    audience,
    clocks,
    consents,
    deliveries,
    digests,
    papers,
    parts,
    suppressions,
    wanted,
)
from service.store.consents import ConsentEvent
from service.store.deliveries import SkipRow
from service.store.digests import DigestRow, Try
from service.store.papers import StoredPaper
from service.store.suppressions import SuppressionRow
from service.store.wanted import Wanted


class Outcome(StrEnum):
    """What a date brought a reader."""

    DIGEST = "digest"
    SKIPPED = "skipped"
    NOT_DUE = "not_due"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A paper as a letter shows it, and the reasons its card names."""

    title: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """One reader, one date: what is on record, and apart from it what is recomputed.

    `digest`, `tries`, `skip`, `chosen`, `consent` (the last event up to that date) and
    `suppression` are on record. `chosen` is None where the parts of the letter are no longer kept.
    `wanted` is what held when the date was decided, else at its end or now. `recount` is recomputed
    from the papers with seq_from < seq <= seq_to. `because` says why there was no letter.
    """

    subscriber: Subscriber
    day: date
    outcome: Outcome
    because: str
    consent: ConsentEvent | None
    suppression: SuppressionRow | None
    wanted: Wanted | None
    seq_from: int
    seq_to: int
    recount: Recount
    digest: DigestRow | None = None
    tries: tuple[Try, ...] = ()
    chosen: tuple[Chosen, ...] | None = ()
    skip: SkipRow | None = None


def trace(
    connection: Connection, subscriber: Subscriber, now: datetime, day: date | None = None
) -> Trace:
    """Return the trace of a reader for a local date, by default today's."""
    today = local_date(now, subscriber.preferences.timezone)
    day = today if day is None else day
    reader = subscriber.subscriber_id
    moment = min(now, _end_of(day, subscriber))
    consent = _consent_at(connection, reader, moment)
    suppressed = (
        None
        if subscriber.email is None
        else suppressions.of(connection, address_hash(parse_address(subscriber.email).normal))
    )
    digest = digests.on(connection, reader, day)
    if digest is not None:
        held = wanted.at(connection, reader, digest.planned_at, digest.preference_id)
        looked = _recounted(connection, held, digest.seq_from, digest.seq_to, digest.planned_at)
        return Trace(
            subscriber,
            day,
            Outcome.DIGEST,
            "",
            consent,
            suppressed,
            held,
            digest.seq_from,
            digest.seq_to,
            looked,
            digest,
            digests.tries(connection, digest.delivery_id),
            chosen_for(connection, digest),
        )
    skip = deliveries.last_skip(connection, reader)
    if skip is not None and skip.local_date == day:
        held = wanted.at(connection, reader, skip.at)
        looked = _recounted(connection, held, skip.seq_from, skip.seq_to, skip.at)
        return Trace(
            subscriber,
            day,
            Outcome.SKIPPED,
            SkipReason(skip.reason).words,
            consent,
            suppressed,
            held,
            skip.seq_from,
            skip.seq_to,
            looked,
            skip=skip,
        )
    held = wanted.at(connection, reader, moment)
    # Only for today is it known which papers a plan would look at.
    mark = served_to(connection, reader, day)
    last = papers.last_seq(connection) if day == today else mark
    chosen = held.preferences if held else subscriber.preferences
    because = _why_not_due(subscriber, chosen, day, now, consent, suppressed, new=last - mark)
    return Trace(
        subscriber,
        day,
        Outcome.NOT_DUE,
        because,
        consent,
        suppressed,
        held,
        mark,
        last,
        _recounted(connection, held, mark, last, now),
    )


def served_to(connection: Connection, subscriber_id: int, day: date) -> int:
    """Return the seq after which the next plan begins for a reader."""
    for seq in audience.look(connection, [subscriber_id], day).served_to.tolist():
        return int(seq)
    return clocks.watermark(connection, subscriber_id)


def listed_in(connection: Connection, digest: DigestRow) -> set[str]:
    """Return the titles that the letter of a digest lists below its cards."""
    also = [part for part, _ in digest.selection.also]
    return {Card.unpack(body).said.title for body in parts.bodies_of(connection, also).values()}


def chosen_for(connection: Connection, digest: DigestRow) -> tuple[Chosen, ...] | None:
    """Return the papers of a digest as its letter shows them; None where parts are gone."""
    selection = digest.selection
    bodies = parts.bodies_of(connection, selection.part_ids())
    if not set(selection.part_ids()) <= bodies.keys():
        return None
    return tuple(
        Chosen(
            Card.unpack(bodies[part]).said.title,
            tuple(Because.unpack(bodies[name]).label for name in names),
        )
        for part, names in selection.cards
    )


def _recounted(
    connection: Connection, held: Wanted | None, after: int, upto: int, at: datetime
) -> Recount:
    if held is None:
        return Recount()
    new: Sequence[StoredPaper] = papers.between(connection, after, upto)
    return recount(new, held, at.astimezone(UTC).date())


def _why_not_due(
    subscriber: Subscriber,
    chosen: Preferences,
    day: date,
    now: datetime,
    consent: ConsentEvent | None,
    suppressed: SuppressionRow | None,
    *,
    new: int,
) -> str:
    local = now.astimezone(zone(chosen.timezone))
    clock = f"{chosen.send_at:%H:%M}, {spoken_zone(chosen.timezone)}"
    if day > local.date():
        return "that date has not come yet"
    if consent is None:
        return "they were no subscriber yet"
    if consent.event != Consent.ACTIVE:
        was = "are" if day == local.date() else "were"
        until = subscriber.paused_until if consent.event == Consent.PAUSED else None
        end = f", until {until}" if until is not None and until > day else ""
        return f"they {was} {consent.event} since {consent.at:%Y-%m-%d %H:%M} UTC{end}"
    if suppressed is not None and suppressed.since <= _end_of(day, subscriber):
        return f"the address is suppressed ({suppressed.words})"
    if not chosen.cadence.meets(day):
        coming = next_letter(day, chosen.cadence)
        return (
            f"it {'is' if day == local.date() else 'was'} not one of their days: letters come"
            f" {chosen.cadence.spoken}, the next one on {coming} at {clock}"
        )
    if day < local.date():
        return "nothing is on record for that date: no letter, and only the last skip is kept"
    if local.time() < chosen.send_at:
        return f"it is not time yet: the letter is due at {clock}"
    if not new:
        return "no paper has come since the last plan"
    return f"it is due since {clock}, and no plan has decided it yet"


def _consent_at(
    connection: Connection, subscriber_id: int, moment: datetime
) -> ConsentEvent | None:
    """Return what last changed the consent's state up to a moment: a request counts as pending."""
    found = None
    for event in consents.history(connection, subscriber_id):
        if event.at > moment:
            break
        if event.event in set(Consent):
            found = event
        elif event.event in consents.ASKED and (
            found is None or found.event == Consent.UNSUBSCRIBED
        ):
            found = ConsentEvent(event.at, Consent.PENDING, event.source)
    return found


def _end_of(day: date, subscriber: Subscriber) -> datetime:
    """Return the last moment of a reader's local date."""
    midnight = datetime.combine(
        day + timedelta(days=1), hour(0), zone(subscriber.preferences.timezone)
    )
    return midnight.astimezone(UTC) - timedelta(microseconds=1)
