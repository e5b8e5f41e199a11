"""A reader: who they are, what they want, and how far they have been served."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import NamedTuple

from service.domain.filters import UNFILTERED, Filters
from service.domain.wishes import Wish


class Consent(StrEnum):
    """Whether a subscriber wants letters."""

    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    UNSUBSCRIBED = "unsubscribed"


@dataclass(frozen=True, slots=True)
class Preferences:
    """How a reader wants the letter: the hour is on the clocks of their own zone."""

    timezone: str = "UTC"
    send_at: time = time(7)
    max_papers: int = 10
    name: str | None = None
    filters: Filters = UNFILTERED


@dataclass(frozen=True, slots=True)
class Subscriber:
    """All that is kept about one subscriber; of the wishes, those switched off too.

    One who pauses gets letters again from the local date `paused_until` on; without one, when they
    say so.
    """

    subscriber_id: int
    email: str | None
    status: Consent
    created_at: datetime
    confirmed_at: datetime | None
    unsubscribe_token: str | None
    preference_id: int | None
    preferences: Preferences
    wishes: tuple[Wish, ...]
    paused_until: date | None = None

    @property
    def name(self) -> str | None:
        """What the reader is greeted by."""
        return self.preferences.name


class Reader(NamedTuple):
    """An active subscriber whose letter is due for `local_date`.

    `address` is in normal form. `topics` pairs topic ids with the words the reader knows them by.
    `unsent` is an older digest still in the queue, which a new one supersedes, with the seq it
    starts from. Most readers have no `filters`.
    """

    subscriber_id: int
    address: str
    preference_id: int
    max_papers: int
    local_date: date
    watermark: int
    topics: tuple[tuple[int, str], ...] = ()
    unsent: tuple[int, int] | None = None
    filters: Filters | None = None

    @property
    def served_to(self) -> int:
        """The seq up to which papers have been sent, or are on their way for good."""
        return self.watermark if self.unsent is None else min(self.watermark, self.unsent[1])


def masked(email: str) -> str:
    """Return an address that its owner recognises and nobody else can write to."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}…@{domain}"


def address_hash(address: str) -> str:
    """Return what a suppression keeps of a normalised address."""
    return hashlib.sha256(address.encode()).hexdigest()
