"""A reader: who they are, what they want, and how far they have been served."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import NamedTuple


class Consent(StrEnum):
    """Whether a subscriber wants letters."""

    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    UNSUBSCRIBED = "unsubscribed"


@dataclass(frozen=True, slots=True)
class Wish:
    """One topic as its reader typed it, with the canonical query it means."""

    text: str
    query: str
    label: str | None = None

    @property
    def shown(self) -> str:
        """The words a letter names it by."""
        return self.label or self.text


@dataclass(frozen=True, slots=True)
class Preferences:
    """How a reader wants the letter: the hour is on the clocks of their own zone."""

    timezone: str = "UTC"
    send_at: time = time(7)
    max_papers: int = 10
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Subscriber:
    """All that is kept about one subscriber."""

    subscriber_id: int
    email: str | None
    status: Consent
    created_at: datetime
    confirmed_at: datetime | None
    unsubscribe_token: str | None
    preferences: Preferences
    wishes: tuple[Wish, ...]

    @property
    def name(self) -> str | None:
        """What the reader is greeted by."""
        return self.preferences.name


class Reader(NamedTuple):
    """An active subscriber whose letter is due for `local_date`.

    `address` is in normal form. `topics` pairs topic ids with the words the reader knows them by.
    `unsent` is an older digest still in the queue, which a new one supersedes, with the seq it
    starts from.
    """

    subscriber_id: int
    address: str
    preference_id: int
    max_papers: int
    local_date: date
    watermark: int
    topics: tuple[tuple[int, str], ...] = ()
    unsent: tuple[int, int] | None = None

    @property
    def served_to(self) -> int:
        """The seq up to which papers have been sent, or are on their way for good."""
        return self.watermark if self.unsent is None else min(self.watermark, self.unsent[1])


def address_hash(address: str) -> str:
    """Return what a suppression keeps of a normalised address."""
    return hashlib.sha256(address.encode()).hexdigest()
