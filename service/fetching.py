"""Fetching: ask the sources that are due for the day's papers, and keep them as digest files."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, cast

from sqlalchemy import Connection

from service.domain.sources import Condition, Polled, Source, condition, next_poll
from service.installation import Installation
from service.sources.web import FetchError
from service.store import sources


@dataclass(frozen=True, slots=True)
class Fetched:
    """What asking one source came to: the new digest files, or why there is an error."""

    source: str
    files: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """How one source is doing; `papers` are those of its last complete `day`, if it has one."""

    source: str
    condition: Condition
    day: date | None
    papers: int | None
    polled: Polled | None


def fetch(installation: Installation, now: datetime, *, due_only: bool = True) -> Iterator[Fetched]:
    """Ask the sources, one after another; what is new becomes a file in the digest folder.

    Of several processes one asks; the others have nothing to do. Raises OSError when the digest
    folder cannot be written to.
    """
    database = installation.database
    lock = database.locks.take("fetch", wait=False) if installation.sources else None
    if lock is None:
        return
    try:
        installation.digest_dir.mkdir(parents=True, exist_ok=True)
        for source in installation.sources:
            with database.read() as connection:
                before = sources.polled(connection, source.name) or Polled(validators={})
            if due_only and before.next_at is not None and before.next_at > now:
                continue
            files, validators, error = _ask(installation, source, before, now)
            _record(installation, source, before, validators, error, now)
            yield Fetched(source.name, tuple(files), error.reason if error else None)
    finally:
        lock.release()


def reports(connection: Connection, named: tuple[Source, ...], now: datetime) -> list[Report]:
    """Return how each of the sources is doing."""
    made = []
    for source in named:
        day = source.last_complete_day(now)
        polled = sources.polled(connection, source.name)
        prefix = source.file_prefix(day) if day else source.any_file_prefix
        papers = sources.papers_in(connection, prefix)
        made.append(Report(source.name, condition(source, polled, papers), day, papers, polled))
    return made


def _ask(
    installation: Installation, source: Source, before: Polled, now: datetime
) -> tuple[list[str], dict[str, dict[str, str]], FetchError | None]:
    """Fetch all that a source has for today; what one URL refuses does not keep out the others."""
    files: list[str] = []
    validators: dict[str, dict[str, str]] = {}
    failed: FetchError | None = None
    for url, day in source.addresses(now.astimezone(UTC).date()):
        known = before.validators.get(url, {})
        try:
            name, validators[url] = _fetch_one(installation, source, url, day, known)
        except FetchError as error:
            failed = error
            if known:
                validators[url] = known
            continue
        if name is not None:
            files.append(name)
    return files, validators, failed


def _fetch_one(
    installation: Installation, source: Source, url: str, day: date, known: dict[str, str]
) -> tuple[str | None, dict[str, str]]:
    """Return the name of the new digest file, if any, and what to ask with the next time."""
    folder = installation.digest_dir
    # Hidden until it is whole, so that nobody takes it in before.
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".fetching-", delete=False) as draft:
        path = Path(draft.name)
        try:
            answer = installation.web.fetch(url, known, cast(BinaryIO, draft))
            if not answer.changed:
                return None, known
            draft.flush()
            sha256 = _hash(path)
            validators = {**answer.validators, "sha256": sha256}
            if known.get("sha256") == sha256:
                return None, validators
            path.chmod(0o644)
            path.replace(folder / source.file_name(day, sha256))
            return source.file_name(day, sha256), validators
        finally:
            path.unlink(missing_ok=True)


def _hash(path: Path) -> str:
    with path.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256")
        os.fsync(written.fileno())
    return digest.hexdigest()


def _record(
    installation: Installation,
    source: Source,
    before: Polled,
    validators: dict[str, dict[str, str]],
    error: FetchError | None,
    now: datetime,
) -> None:
    failures = before.failures + 1 if error else 0
    interval: timedelta = installation.source_interval
    after = Polled(
        polled_at=now,
        answered_at=before.answered_at if error else now,
        next_at=next_poll(now, interval, failures, error.retry_after if error else None),
        failures=failures,
        error=error.reason if error else None,
        validators=validators,
    )
    with installation.database.write() as connection:
        sources.record(connection, source.name, after)
