"""The ticks that move the service: look for papers, plan who is due, deliver what is queued."""

import gc
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import SQLAlchemyError

from service import fetching, pipeline
from service.domain.policy import Result
from service.domain.sources import Condition
from service.installation import Installation
from service.mailbox import MailboxError, Maildir
from service.readers import consent, strangers
from service.sources import folder
from service.store.engine import StoreError

DELIVER_SECONDS = 1
FETCH_SECONDS = 15
AFTER_HALT = timedelta(seconds=30)
TIDY_EVERY = timedelta(hours=1)

# A day of a source whose papers are missing: never taken for one without papers.
_MISSED = (Condition.LATE, Condition.EMPTY)

# When a file was last written to, in ns, and its size: what tells that it changed.
Mark = tuple[int, int]

_log = structlog.get_logger()


class Schedule:
    """Runs the verbs of one installation until it is stopped.

    One UTC tick plans for whoever is due by then; the ledger keeps a tick that comes twice, or a
    second scheduler, from sending twice. `everyone` makes readers due whatever their hour.
    """

    def __init__(
        self,
        installation: Installation,
        now: Callable[[], datetime],
        *,
        tick_seconds: float,
        everyone: bool = False,
    ) -> None:
        self._installation = installation
        self._now = now
        self._everyone = everyone
        self._stop = threading.Event()
        self._seen: dict[Path, Mark] = {}
        self._folder_failed = False
        self._mailbox = Maildir(installation.mailbox) if installation.mailbox else None
        self._mailbox_failed = False
        self._told: dict[str, tuple[Condition, date | None]] = {}
        self._paused_until: datetime | None = None
        self._tidied_at: datetime | None = None
        self._scheduler = BackgroundScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1}
        )
        first = datetime.now(UTC)
        verbs = [(self._round, tick_seconds), (self._deliver, DELIVER_SECONDS)]
        if installation.sources:
            verbs.append((self._fetch, FETCH_SECONDS))
        for verb, seconds in verbs:
            self._scheduler.add_job(
                self._safely,
                "interval",
                (verb,),
                seconds=seconds,
                next_run_time=first,
                misfire_grace_time=None,
            )

    def start(self) -> None:
        self._scheduler.start()

    def stop(self, told: Callable[[], object] = lambda: None) -> None:
        """Begin nothing more and call `told`; finish and record the letters in flight, then end.

        Returns when all is done.
        """
        self._stop.set()
        told()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def _safely(self, verb: Callable[[], None]) -> None:
        try:
            verb()
        except SQLAlchemyError as error:
            _log.error("database_failed", verb=verb.__name__.strip("_"), error=_kind(error))
            # What could not be recorded must not be sent once more every second.
            self._paused_until = self._now() + AFTER_HALT
        except StoreError as error:
            _log.error("tick_stopped", verb=verb.__name__.strip("_"), reason=str(error))
            self._paused_until = self._now() + AFTER_HALT
        except Exception as error:
            _log.error("tick_failed", verb=verb.__name__.strip("_"), exc_info=error)

    def _round(self) -> None:
        self._read_mailbox()
        self._ingest()
        made = pipeline.plan(self._installation, self._now(), everyone=self._everyone)
        if made.planned:
            skipped = {reason.value: count for reason, count in made.skipped.items()}
            _log.info("letters_planned", planned=made.planned, skipped=skipped)
        if self._tidied_at is None or self._now() - self._tidied_at >= TIDY_EVERY:
            self._tidied_at = self._now()
            pipeline.tidy(self._installation, self._now())
            # It may be the only one to look for garbage (see `interpreter`).
            gc.collect()
            forgotten = consent.forget_unconfirmed(self._installation, self._now())
            if forgotten:
                _log.info("unconfirmed_forgotten", subscribers=forgotten)

    def _read_mailbox(self) -> None:
        """Heed the letters that unsubscribe somebody; tell once of those that were left."""
        if self._mailbox is None:
            return
        try:
            heeded = list(self._mailbox.heed(self._installation, self._now()))
        except MailboxError as error:
            if not self._mailbox_failed:
                _log.error("mailbox_failed", reason=str(error))
            self._mailbox_failed = True
            return
        self._mailbox_failed = False
        for letter in heeded:
            if letter.left is not None:
                _log.warning("letter_left", letter=letter.name, reason=letter.left)
        unsubscribed = sum(letter.left is None for letter in heeded)
        if unsubscribed:
            _log.info("unsubscribed_by_letter", readers=unsubscribed)

    def _ingest(self) -> None:
        for path, mark in self._changed_files():
            for report in pipeline.ingest(self._installation, [path], self._now):
                if report.error is not None:
                    _log.error("digest_file_failed", file=report.file, reason=report.error)
                elif report.status == "ingested":
                    _log.info(
                        "edition_ingested",
                        file=report.file,
                        papers=report.papers,
                        new=report.new,
                        updated=report.updated,
                        rejected=len(report.rejected) + report.unlisted,
                    )
            # Only now: had the database failed, the file would be looked at again.
            self._seen[path] = mark

    def _fetch(self) -> None:
        """Ask the sources that are due, and tell, once each, of those whose papers are missing."""
        if self._stop.is_set():
            return
        for fetched in fetching.fetch(self._installation, self._now()):
            if fetched.error is not None:
                _log.warning("source_failed", source=fetched.source, reason=fetched.error)
            for file in fetched.files:
                _log.info("source_fetched", source=fetched.source, file=file)
            if self._stop.is_set():
                return
        installation = self._installation
        with installation.database.read() as connection:
            reports = fetching.reports(connection, installation.sources, self._now())
        for report in reports:
            told = (report.condition, report.day)
            if report.condition in _MISSED and self._told.get(report.source) != told:
                _log.warning(f"source_{report.condition}", source=report.source, day=report.day)
            self._told[report.source] = told

    def _deliver(self) -> None:
        if self._stop.is_set():
            return
        strangers.answer(self._installation, self._now())
        if self._paused_until is not None and self._now() < self._paused_until:
            return
        self._paused_until = None
        delivered = pipeline.deliver(self._installation, self._now, self._stop)
        if delivered.halted is not None:
            self._paused_until = self._now() + AFTER_HALT
            _log.error("delivery_halted", reason=delivered.halted)
        for domain, letters in delivered.slowed.items():
            _log.warning("domain_slowed", domain=domain, letters_a_minute=letters)
        if delivered.policy:
            _log.error(
                "letters_refused_for_policy",
                letters=delivered.policy,
                reply=delivered.policy_reply,
            )
        if delivered.results.total() or delivered.expired:
            counts = {result.value: delivered.results[result] for result in Result}
            _log.info(
                "letters_delivered",
                **counts,
                expired=delivered.expired,
                suppressed=delivered.suppressed,
            )

    def _changed_files(self) -> list[tuple[Path, Mark]]:
        """Return the files that are new, or not what they were when last looked at, and settled."""
        digest_dir = self._installation.digest_dir
        try:
            paths = folder.candidates(digest_dir)
        except OSError as error:
            if not self._folder_failed:
                _log.error("digest_folder_failed", folder=str(digest_dir), reason=error.strerror)
            self._folder_failed = True
            return []
        self._folder_failed = False
        changed = []
        for path in paths:
            try:
                status = path.lstat()
                if not folder.is_settled(path):
                    continue
            except FileNotFoundError:
                continue
            mark = (status.st_mtime_ns, status.st_size)
            # A symlink to a folder would lead out of ours.
            if self._seen.get(path) != mark and not path.is_dir():
                changed.append((path, mark))
        return changed


def _kind(error: SQLAlchemyError) -> str:
    # The whole message would quote the statement and its values.
    return str(getattr(error, "orig", None) or type(error).__name__).splitlines()[0]
