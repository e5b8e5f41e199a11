"""Where papers are published: named sources, when they are asked, and whether they are late."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Literal
from urllib.parse import urlsplit

_BETWEEN = re.compile(r"\s+|,(?=hf-daily|arxiv:|feed:|json:)")
_COMPLETE_AT = re.compile(r"(.+)@([01][0-9]|2[0-3]):([0-5][0-9])", re.DOTALL)
_CATEGORIES = re.compile(r"[a-z-]+(?:\.[A-Za-z-]+)?(?:\+[a-z-]+(?:\.[A-Za-z-]+)?)*")
_WORKDAYS = frozenset(range(5))
_EVERY_DAY = frozenset(range(7))

FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY_AFTER = timedelta(hours=24)


class SourceError(ValueError):
    """A text that names no source; the message says which, and how sources are named."""


@dataclass(frozen=True, slots=True)
class Source:
    """A place that papers are fetched from, by a name that may be told to anyone.

    `complete_at` is the time of day, UTC, by which the papers of a day are all there, on the
    `weekdays` (0: Monday) on which there are any; None where the source does not say.
    """

    name: str
    kind: Literal["hf-daily", "arxiv", "feed", "json"]
    target: str
    complete_at: time | None
    weekdays: frozenset[int]

    @property
    def slug(self) -> str:
        """The name that the source's digest files begin with."""
        host = urlsplit(self.target).hostname
        plain = re.sub(r"[^A-Za-z0-9.]+", "-", host or self.target).strip("-.")[:60]
        if host:
            # Many feeds have one host.
            plain += "-" + hashlib.sha256(self.target.encode()).hexdigest()[:8]
        return f"{self.kind}-{plain}" if plain else self.kind

    def addresses(self, today: date) -> tuple[tuple[str, date], ...]:
        """Return what to fetch on a day: URLs, and the day whose papers each gives."""
        match self.kind:
            case "hf-daily":
                # What came late yesterday is fetched today.
                days = (today - timedelta(days=1), today)
                return tuple(
                    (f"https://huggingface.co/api/daily_papers?date={day}", day) for day in days
                )
            case "arxiv":
                return ((f"https://rss.arxiv.org/rss/{self.target}", today),)
        return ((self.target, today),)

    def file_name(self, day: date, sha256: str) -> str:
        """Return the name of a digest file that was fetched for a day."""
        ending = "json" if self.kind in ("hf-daily", "json") else "xml"
        return f"{self.file_prefix(day)}{sha256[:12]}.{ending}"

    def file_prefix(self, day: date) -> str:
        """Return what the names of all digest files that were fetched for a day begin with."""
        return f"{self.any_file_prefix}{day.isoformat()}_"

    @property
    def any_file_prefix(self) -> str:
        """What the names of all digest files that were fetched from the source begin with."""
        return f"{self.slug}_"

    def last_complete_day(self, now: datetime) -> date | None:
        """Return the last day whose papers must all be there by now; None where none is known."""
        if self.complete_at is None:
            return None
        day = now.astimezone(UTC).date()
        while day.weekday() not in self.weekdays or now < datetime.combine(
            day, self.complete_at, UTC
        ):
            day -= timedelta(days=1)
        return day


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """What is on record of a source: when it was asked and when it answered, and its failures.

    `validators` holds, by URL, what the server gave to ask for changes only.
    """

    polled_at: datetime | None = None
    answered_at: datetime | None = None
    next_at: datetime | None = None
    failures: int = 0
    error: str | None = None
    validators: dict[str, dict[str, str]]


class Condition(StrEnum):
    """How a source is doing."""

    FINE = "fine"
    UNASKED = "unasked"
    FAILING = "failing"
    LATE = "late"
    EMPTY = "empty"


def parse_sources(text: str) -> tuple[Source, ...]:
    """Return the sources that a setting names, separated by blanks or commas.

    Each is `hf-daily`, `arxiv:cs.CL+cs.LG`, `feed:URL` or `json:URL`, and may end in `@HH:MM`, the
    UTC time by which the papers of a day are there. Raises SourceError.
    """
    named = (part.strip(",") for part in _BETWEEN.split(text))
    sources = tuple(_source(part) for part in named if part)
    names = [source.name for source in sources]
    for name in names:
        if names.count(name) > 1:
            raise SourceError(f"names {name} twice")
    return sources


def next_poll(
    now: datetime, interval: timedelta, failures: int, retry_after: timedelta | None
) -> datetime:
    """Return when a source is asked next: after failures sooner, but ever later."""
    if not failures:
        return now + interval
    pause = min(FIRST_RETRY * (1 << min(failures - 1, 20)), interval)
    if retry_after is not None:
        pause = max(pause, min(retry_after, LONGEST_RETRY_AFTER))
    return now + pause


def condition(source: Source, polled: Polled | None, papers: int | None) -> Condition:
    """Return how a source is doing.

    `papers` is how many its files of the last complete day hold (of its latest file, where the
    source has no such day); None where there is no such file.
    """
    if polled is None or polled.polled_at is None:
        return Condition.UNASKED
    if papers is None and source.complete_at is not None:
        return Condition.FAILING if polled.failures else Condition.LATE
    if polled.failures:
        return Condition.FAILING
    return Condition.EMPTY if papers == 0 else Condition.FINE


def _source(text: str) -> Source:
    declared = _COMPLETE_AT.fullmatch(text)
    name, complete_at = text, None
    if declared:
        name, complete_at = declared[1], time(int(declared[2]), int(declared[3]))
    kind, _, target = name.partition(":")
    if kind == "hf-daily" and not target:
        return Source(name, "hf-daily", "", complete_at or time(12), _WORKDAYS)
    if kind == "arxiv" and _CATEGORIES.fullmatch(target):
        return Source(name, "arxiv", target, complete_at or time(6), _WORKDAYS)
    if kind in ("feed", "json") and _is_url(target):
        shown = f"{kind}:{_without_query(target)}"
        return Source(shown, "feed" if kind == "feed" else "json", target, complete_at, _EVERY_DAY)
    scheme, address, _ = text.partition("://")
    # What follows may hold a password.
    shown = f"{scheme}://…" if address else text
    raise SourceError(
        f"holds {shown!r}, which is neither hf-daily, arxiv:CATEGORY+…, feed:URL nor json:URL"
    )


def _without_query(url: str) -> str:
    """Return a URL as it may be told: queries hold keys, so that a hash stands for them."""
    address, mark, query = url.partition("?")
    return f"{address}?{hashlib.sha256(query.encode()).hexdigest()[:6]}" if mark else address


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username
    except ValueError:
        return False
