"""A reader: who they are, what they want, and how far they have been served."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from service.domain.filters import UNFILTERED, Filters
from service.domain.timetable import Cadence
from service.domain.wishes import Wish

MOST_PAPERS = 50


class Consent(StrEnum):
    """Whether a subscriber wants letters."""

    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    UNSUBSCRIBED = "unsubscribed"


@dataclass(frozen=True, slots=True)
class Preferences:
    """How a reader wants the letter, with at most `max_papers` (1 to MOST_PAPERS); hour and days
    are those of their own zone.
    """

    timezone: str = "UTC"
    send_at: time = time(7)
    max_papers: int = 10
    name: str | None = None
    filters: Filters = UNFILTERED
    cadence: Cadence = Cadence.DAILY


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


def masked(email: str) -> str:
    """Return an address that its owner recognises and nobody else can write to."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}…@{domain}"


def address_hash(address: str) -> str:
    """Return what a suppression keeps of a normalised address."""
    return hashlib.sha256(address.encode()).hexdigest()
