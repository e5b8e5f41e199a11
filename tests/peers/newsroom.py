"""A newsroom for the tests: papers come out, readers sign up, a worker takes letters out."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from sqlalchemy import select

from service.domain.deliveries import Claim, Settlement
from service.domain.filters import UNFILTERED, Filters
from service.domain.papers import Edition, Paper
from service.domain.policy import Outcome, Result, Stage, decide
from service.domain.readers import Preferences
from service.domain.selection import unpack
from service.domain.timetable import Cadence
from service.domain.wishes import wishes_of
from service.installation import Installation
from service.mail.address import parse_address
from service.mail.letter import Because, Card
from service.readers import consent, leaving
from service.store import deliveries, editions, parts, tables, workers
from service.store.editions import Stored
from service.store.ledger import Ledger
from service.store.refusals import Watch

CHECKOUT = Path(__file__).resolve().parent.parent.parent
FRIDAY_NOON = datetime(2026, 8, 21, 12, tzinfo=UTC)

ACCEPTED = Outcome(Result.ACCEPTED, Stage.BODY, 250, "2.0.0 Taken")
DEFERRED = Outcome(Result.DEFERRED, Stage.RCPT, 450, "4.2.0 Later")
DEFERRED_AFTER_BODY = Outcome(Result.DEFERRED, Stage.BODY, 451, "4.3.0 Later")
REFUSED = Outcome(Result.REFUSED, Stage.RCPT, 550, "5.1.1 Nobody here")
REFUSED_AFTER_BODY = Outcome(Result.REFUSED, Stage.BODY, 554, "5.7.1 Not wanted")
LOST = Outcome(Result.UNCERTAIN, Stage.BODY, None, "no reply to the final dot")
CLOSED = Outcome(Result.DEFERRED, Stage.RCPT, 421, "4.3.2 Closing")


def publish(installation: Installation, at: datetime, *papers: str | Paper) -> Stored:
    """Put an edition in; a paper given as words has them as its title."""
    told = tuple(Paper(title=p) if isinstance(p, str) else p for p in papers)
    edition = Edition(format="test", papers=told, date=at.date())
    sha256 = hashlib.sha256(repr(told).encode()).hexdigest()
    with installation.database.alone("ingest"):
        return editions.store(
            installation.database, edition, sha256=sha256, file=f"{sha256[:8]}.json", now=at
        )


def subscribe(
    installation: Installation,
    email: str,
    *topics: str,
    at: datetime = FRIDAY_NOON,
    timezone: str = "UTC",
    send_at: time = time(7),
    max_papers: int = 10,
    filters: Filters = UNFILTERED,
    name: str | None = None,
    cadence: Cadence = Cadence.DAILY,
) -> int:
    """Add an active reader; return their id."""
    address = parse_address(email)
    consent.add(
        installation,
        address,
        wishes_of(topics),
        Preferences(timezone, send_at, max_papers, name, filters, cadence),
        at,
        source="test",
        vouched=True,
    )
    subscriber = tables.table(tables.Subscriber)
    with installation.database.read() as connection:
        return int(
            connection.execute(
                select(subscriber.c.id).where(subscriber.c.address == address.normal)
            ).scalar_one()
        )


def leave(installation: Installation, subscriber_id: int, at: datetime) -> None:
    """Unsubscribe a reader by the link of their letters."""
    subscriber = tables.table(tables.Subscriber)
    with installation.database.read() as connection:
        token = connection.execute(
            select(subscriber.c.unsubscribe_token).where(subscriber.c.id == subscriber_id)
        ).scalar_one()
    assert leaving.unsubscribe(installation, token, at, source="test") is not None


@dataclass(frozen=True, slots=True)
class Planned:
    """A digest as the ledger holds it, with the titles it shows and the topics each came for."""

    delivery_id: int
    day: date
    status: str
    attempts: int
    seq_from: int
    seq_to: int
    titles: tuple[str, ...]
    reasons: tuple[tuple[str, ...], ...]
    matched: int


def digests(installation: Installation, subscriber_id: int) -> list[Planned]:
    """Return a reader's digests, the oldest first."""
    delivery = tables.table(tables.Delivery)
    found = []
    with installation.database.read() as connection:
        for row in connection.execute(
            select(delivery)
            .where(delivery.c.subscriber_id == subscriber_id, delivery.c.kind == "digest")
            .order_by(delivery.c.id)
        ).all():
            selection = unpack(row.selection)
            bodies = parts.bodies_of(connection, selection.part_ids())
            found.append(
                Planned(
                    row.id,
                    row.local_date,
                    row.status,
                    row.attempts,
                    row.seq_from,
                    row.seq_to,
                    tuple(Card.unpack(bodies[part]).said.title for part, _ in selection.cards),
                    tuple(
                        tuple(Because.unpack(bodies[name]).label for name in names)
                        for _, names in selection.cards
                    ),
                    selection.matched,
                )
            )
    return found


def statuses(installation: Installation) -> dict[str, int]:
    """Return the letters of each status there is, and hold the books to balance."""
    with installation.database.read() as connection:
        books = deliveries.books(connection)
    assert books.balanced, books
    return {status: count for status, count in books.by_status.items() if count}


def watermark(installation: Installation, subscriber_id: int) -> int:
    clock = tables.table(tables.ReaderClock)
    with installation.database.read() as connection:
        return int(
            connection.execute(
                select(clock.c.watermark).where(clock.c.subscriber_id == subscriber_id)
            ).scalar_one()
        )


@contextmanager
def at_work(
    installation: Installation, at: datetime, watch: Watch | None = None
) -> Iterator[Ledger]:
    """Give the ledger of a worker that is at work."""
    seat = workers.sit_down(installation.database, "test", at)
    see = watch.see if watch is not None else lambda *_: True
    try:
        with closing(Ledger(installation.database, seat.worker_id, seat.lock, see)) as ledger:
            yield ledger
    finally:
        workers.stand_up(installation.database, seat, at)


def settlement(claim: Claim, outcome: Outcome, at: datetime, *, begun: bool) -> Settlement:
    decision = decide(outcome, attempts=claim.attempts + 1, now=at, jitter=0.0)
    return Settlement(claim, outcome, decision, at, begun)


def take_out(
    installation: Installation,
    at: datetime,
    outcome: Outcome = ACCEPTED,
    *,
    of: Callable[[Claim], bool] = lambda claim: True,
) -> list[Claim]:
    """Send what is due and settle each letter with the outcome; return the letters begun."""
    begun = []
    with at_work(installation, at) as ledger:
        for claim in filter(of, ledger.claim(10_000, at)):
            body = outcome.stage is Stage.BODY
            if body and not ledger.step([], [claim]):
                continue
            ledger.step([settlement(claim, outcome, at, begun=body)], [])
            begun.append(claim)
    return begun
