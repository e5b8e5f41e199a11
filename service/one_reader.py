"""One reader's letter outside the daily round: a look at the next one, and the first of all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from service import pipeline
from service.binding import Binder
from service.domain.deliveries import Claim, Kind
from service.domain.digests import SkipReason
from service.domain.readers import Subscriber
from service.domain.selection import unpack
from service.domain.timetable import digest_lives, local_date
from service.installation import Installation
from service.mail.letter import Kind as LetterKind
from service.readers import notices
from service.store import audience, deliveries, papers, parts, readers, subscribers, suppressions
from service.store.deliveries import Verdicts

Keep = Callable[[Sequence[bytes]], Sequence[int]]


@dataclass(frozen=True, slots=True)
class _Decided:
    """What one reader would get now, of papers up to the seq `upto`."""

    subscriber: Subscriber
    verdicts: Verdicts
    upto: int


def preview(
    installation: Installation,
    subscriber_id: int,
    now: datetime,
    *,
    recipient: str | None = None,
    subject_prefix: str = "",
) -> bytes | SkipReason | None:
    """Return the letter an active reader would get at `now`, or why none would come.

    None means that the reader is not due any more today, or not active. Nothing is kept. With a
    `recipient` it is written to somebody else, and its links work for nobody.
    """
    kept: list[bytes] = []

    def keep(bodies: Sequence[bytes]) -> list[int]:
        kept.extend(bodies)
        return list(range(len(kept) - len(bodies), len(kept)))

    decided = _decide(installation, subscriber_id, now, keep, "digest")
    if decided is None or decided.subscriber.email is None:
        return None
    if decided.verdicts.skips:
        return decided.verdicts.skips[0]
    (selection,), (token,) = decided.verdicts.selections, decided.verdicts.tokens
    subscriber = decided.subscriber
    letter = Claim(
        delivery_id=0,
        subscriber_id=subscriber_id,
        kind=Kind.DIGEST,
        token=token.hex(),
        recipient=subscriber.email or "",
        domain=None,
        preference_id=subscriber.preference_id,
        preferences=subscriber.preferences,
        asked_at=subscriber.confirmed_at,
        slots={"subject_prefix": subject_prefix},
        local_date=decided.verdicts.readers.day,
        selection=unpack(selection),
        planned_at=now,
        attempts=0,
        unsubscribe_token=subscriber.unsubscribe_token,
    )
    if recipient is not None:
        letter = letter._replace(recipient=recipient, unsubscribe_token=_NOBODY, subscriber_id=0)
    load = dict(enumerate(kept))
    binder = Binder(
        installation.house,
        installation.signer,
        lambda _planned_at: installation.keys.current,
        lambda ids: {part: load[part] for part in ids},
    )
    return binder.bind(letter)


# What stands in a trial letter for the token of an unsubscribe link.
_NOBODY = "test"


def welcome(installation: Installation, subscriber_id: int, now: datetime) -> None:
    """Write to a reader who has just said yes, ahead of all digests.

    They get the best papers of the last days as their first digest, the one of this date; where
    there are none, a word of what to expect. Either is planned as any other: it moves the
    watermark, so that nothing comes twice, and a reader who has today's digest gets no other.
    """
    database = installation.database

    def keep(bodies: Sequence[bytes]) -> list[int]:
        with database.write() as connection:
            return parts.keep(connection, now.astimezone(UTC).date(), bodies)

    decided = _decide(installation, subscriber_id, now, keep, "first")
    if decided is None:
        return
    day = decided.verdicts.readers.day
    with database.write() as connection:
        recorded = deliveries.plan(
            connection,
            decided.verdicts,
            [0],
            upto=decided.upto,
            now=now,
            expires_at=now + digest_lives(day, decided.subscriber.preferences.cadence),
            priority=Kind.WELCOME.priority,
        )
        if recorded.skipped:
            _say_what_to_expect(installation, connection, decided.subscriber, now)


def _say_what_to_expect(
    installation: Installation, connection: Connection, reader: Subscriber, now: datetime
) -> None:
    if reader.preference_id is None:
        return
    topics = [wish.shown for wish in reader.wishes if wish.enabled]
    notices.queue(
        installation,
        connection,
        Kind.WELCOME,
        reader.subscriber_id,
        reader.preference_id,
        {"asked_for": "\n".join(topics)},
        now,
    )


def _decide(
    installation: Installation, subscriber_id: int, now: datetime, keep: Keep, kind: LetterKind
) -> _Decided | None:
    """Decide for one active reader whatever their hour; None if today's digest is planned."""
    with installation.database.read() as connection:
        upto = papers.last_seq(connection)
        due = readers.due(
            connection,
            lambda timezone, _send_at, _cadence: local_date(now, timezone),
            subscriber_id=subscriber_id,
        )
        suppressed = suppressions.every(connection)
        pages = list(due.pages(1))
        subscriber = subscribers.by_id(connection, subscriber_id)
        if not pages or subscriber is None:
            return None
        ((day, _cadence, ids),) = pages
        reader = audience.look(connection, ids, day, suppressed)
        new = papers.between(connection, int(reader.served_to[0]), upto)
    with pipeline.planner_of(installation, new, keep, upto, now, kind) as planner:
        return _Decided(subscriber, planner.decide(reader), upto)
