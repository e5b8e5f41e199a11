"""Taking in one digest file: read whole, and only then put into the database."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from service.domain.papers import Edition, Rejected, UnreadableFile
from service.installation import Installation
from service.sources import formats
from service.sources.folder import Found
from service.store import editions


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of one digest file.

    `ingested`, `unchanged`, `failed` with an error, or `waiting` while it is still being written.
    `unlisted` counts the rejects beyond those in `rejected`.
    """

    file: str
    status: str
    day: date | None = None
    papers: int = 0
    new: int = 0
    updated: int = 0
    rejected: Sequence[Rejected] = ()
    unlisted: int = 0
    error: str | None = None


# Where the day begins first, it is tomorrow already.
_AHEAD = timedelta(days=1)


def take_in(
    installation: Installation, found: Found, now: Callable[[], datetime]
) -> tuple[Ingested, bool]:
    """Take in one digest file; tell also whether it is bad, and will be for ever."""
    database = installation.database
    if found.writing:
        return Ingested(found.name, "waiting"), False
    if found.opened is None:
        return Ingested(found.name, "failed", error=found.error), found.bad
    with database.read() as connection:
        known = editions.published(connection, found.sha256)
    if known is not None:
        return Ingested(found.name, "unchanged", known.date, known.papers), False
    try:
        with formats.reading(found.opened, found.name, installation.max_file_bytes) as edition:
            if found.changed():
                return Ingested(found.name, "waiting"), False
            arrived = now()
            edition = _without_date_to_come(edition, arrived)
            stored = editions.store(
                database,
                edition,
                sha256=found.sha256,
                file=found.name,
                now=arrived,
                written=found.modified,
            )
    except UnreadableFile as error:
        if found.changed():
            return Ingested(found.name, "waiting"), False
        return Ingested(found.name, "failed", error=error.reason), True
    return Ingested(
        found.name,
        "ingested",
        edition.date or arrived.date(),
        stored.papers,
        stored.new,
        stored.updated,
        stored.rejects.listed,
        stored.rejects.unlisted,
    ), False


def _without_date_to_come(edition: Edition, arrived: datetime) -> Edition:
    """Return the edition without a date that lies ahead: its facts would outrank all later ones."""
    if edition.date is None or edition.date <= arrived.date() + _AHEAD:
        return edition
    reason = f"date dropped: {edition.date} is still to come"
    dropped = Rejected("date", reason, kind="date")
    return replace(edition, date=None, rejected=(dropped, *edition.rejected))
