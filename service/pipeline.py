"""The whole story: ingest the day's papers, plan who gets which, deliver the letters.

Each verb gathers, decides and applies; each is safe to run again after a crash.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

from service.alongside import alongside
from service.delivering import Delivered, send_what_may_go
from service.domain.timetable import Cadence, digest_lives, due_date
from service.installation import Installation
from service.intake import Ingested, take_in
from service.interpreter import bulk_work, memory_kept
from service.mail.letter import Kind as LetterKind
from service.planning import Plan, Planner
from service.readers import pausing
from service.sources import folder
from service.store import (
    allowances,
    audience,
    deliveries,
    gate,
    papers,
    parts,
    readers,
    suppressions,
    topics,
)
from service.store.audience import Audience
from service.store.deliveries import Recorded, Verdicts
from service.store.engine import Database
from service.store.gate import Gate
from service.store.papers import StoredPaper
from service.store.queue import Queue, count_due
from service.store.turns import Turn

READERS_AT_ONCE = 3000
# Each reader of a page is held against each paper: so many pairs of them at a time bound memory.
PAIRS_AT_ONCE = 3_000_000


def ingest(
    installation: Installation, paths: Iterable[Path], now: Callable[[], datetime]
) -> Iterator[Ingested]:
    """Take in the digest files that `paths` name, one result a file, and go on past bad ones.

    In the digest folder, a bad file is put into quarantine, and a good one away if so configured.
    """
    with installation.database.alone("ingest"), bulk_work():
        for found in folder.files(paths, installation.max_file_bytes):
            report, bad = take_in(installation, found, now)
            if found.path.parent.resolve() == installation.digest_dir.resolve():
                # Where nothing may be moved, files stay: their hashes are on record.
                with suppress(OSError):
                    if bad:
                        folder.put_away(found.path, "quarantine", report.error)
                    elif installation.move_done and report.status in ("ingested", "unchanged"):
                        folder.put_away(found.path, "done")
            yield report


def plan(
    installation: Installation,
    now: datetime,
    *,
    everyone: bool = False,
    progress: Callable[[int, int], None] = lambda done, due: None,
) -> Plan:
    """Decide the letters of all readers who are due at `now`, and queue them.

    `everyone` makes each active reader due who had no digest for their date, whatever the hour,
    if it is one of their days.
    `progress` is told how many of the due readers are done. Broken off at any point, the plan is
    whole for some readers and not begun for the others: the next one completes it. Readers are
    looked at in pages, and what they want is what holds when their page is read: a change made
    after that applies from the next plan. Whose pause is over is a reader again.
    """
    database, made = installation.database, Plan()
    with database.alone("plan"), bulk_work(), memory_kept():
        pausing.resume_due(installation, now)
        with database.read() as connection:
            upto = papers.last_seq(connection)
            news_since = None if everyone else upto
            due = readers.due(connection, _calendar(now, everyone), news_since=news_since)
            suppressed = suppressions.every(connection)
            new = papers.between(connection, due.served_to, upto)

        def keep(bodies: Sequence[bytes]) -> list[int]:
            with database.write(Turn.BULK) as connection:
                return parts.keep(connection, now.astimezone(UTC).date(), bodies)

        def look(page: tuple[date, Cadence, Sequence[int]]) -> _Looked:
            day, cadence, ids = page
            expires_at = now + digest_lives(day, cadence)
            with database.read() as connection:
                found = audience.look(connection, ids, day, suppressed)
            return _Looked(len(ids), expires_at, found)

        def write(decided: tuple[_Looked, Verdicts]) -> tuple[int, list[Recorded]]:
            looked, verdicts = decided

            def record(connection: Connection, numbers: Sequence[int]) -> Recorded:
                return deliveries.plan(
                    connection, verdicts, numbers, upto=upto, now=now, expires_at=looked.expires_at
                )

            numbers = range(len(verdicts.readers))
            return looked.due, list(database.write_in_chunks(numbers, record, pace))

        done, pace = 0, database.pace()
        with planner_of(installation, new, keep, upto, now) as planner:
            at_once = max(1, min(READERS_AT_ONCE, PAIRS_AT_ONCE // (len(new) or 1)))
            looks = alongside(due.pages(at_once), look)
            decided = ((looked, planner.decide(looked.audience)) for looked in looks)
            for count, written in alongside(decided, write):
                for recorded in written:
                    made.count(recorded)
                done += count
                progress(done, len(due))
    return made


class _Looked(NamedTuple):
    """A page of readers who are due, as they stood, and when their digests expire."""

    due: int
    expires_at: datetime
    audience: Audience


def planner_of(
    installation: Installation,
    new: Sequence[StoredPaper],
    keep: Callable[[Sequence[bytes]], Sequence[int]],
    upto: int,
    now: datetime,
    frame: LetterKind = "digest",
) -> Planner:
    """Return what decides letters of that kind from the papers that may be new to readers."""
    return Planner(
        installation.letters,
        new,
        _queries(installation.database),
        keep,
        upto=upto,
        now=now,
        trending_section=installation.trending_section,
        frame=frame,
    )


def _queries(database: Database) -> Callable[[Iterable[int]], dict[int, str]]:
    def load(topic_ids: Iterable[int]) -> dict[int, str]:
        with database.read() as connection:
            return topics.queries_of(connection, topic_ids)

    return load


def _calendar(now: datetime, everyone: bool) -> readers.DueDate:
    if everyone:
        return lambda timezone, _send_at, cadence: due_date(now, timezone, time.min, cadence)
    return lambda timezone, send_at, cadence: due_date(now, timezone, send_at, cadence)


def deliver(
    installation: Installation,
    now: Callable[[], datetime],
    stop: threading.Event,
    progress: Callable[[int, int], None] | None = None,
    *,
    patient: bool = False,
) -> Delivered:
    """Send every letter that is due and not held, until none is left, the route fails, refusals
    are too many, or `stop` is set.

    What the limits do not let go yet stays in the queue for the next run. With `patient` this one
    waits for it: who runs the sender by hand, or once a day from cron, has no next run.

    `progress` is told how many letters were tried, and how many were due at the beginning.
    """
    database, delivered = installation.database, Delivered()
    queue = Queue(Gate(installation.limits))
    told = _counted(database, now(), progress) if progress else lambda count: None
    while True:
        before = delivered.results.total()
        with bulk_work():
            send_what_may_go(installation, delivered, now, stop, told)
        if delivered.paused or delivered.halted or stop.is_set():
            return delivered
        with database.read() as connection:
            if delivered.results.total() > before and queue.ready(connection, now()):
                continue
            if not patient or not queue.waits_for_limits(connection, now()):
                return delivered
        stop.wait(1.0)


def _counted(
    database: Database, now: datetime, progress: Callable[[int, int], None]
) -> Callable[[int], None]:
    with database.read() as connection:
        due = count_due(connection, now)
    # Letters may become due meanwhile.
    return lambda count: progress(count, max(count, due))


def tidy(installation: Installation, now: datetime) -> int:
    """Remove old parts, which no letter needs any more. Returns how many.

    Forgets, too, who asked for something, and which domains for less, so long ago that it does
    not count any more.
    """
    with installation.database.write(Turn.BULK) as connection:
        allowances.purge(connection, now)
        gate.tidy(connection, now)
        return parts.purge(connection, (now - installation.retention).date())
