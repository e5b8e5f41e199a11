"""What differs between two letters with the same cards."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from service.domain.links import LIVES, Purpose
from service.domain.timetable import Cadence

_UNDO_LIVES = LIVES[Purpose.UNDO] or timedelta.max


@dataclass(frozen=True, eq=False)
class LetterDay:
    """A day on which letters come: what all readers share who want theirs at the same times.

    `local_date` and `hour` are the reader's own. `schedule` says when letters come ("daily at
    07:00, Berlin time"), `cadence` how often, `next_on` when again. One equals none but itself, so
    that what is made of it is found quickly.
    """

    local_date: date
    hour: int = 12
    schedule: str = ""
    cadence: Cadence = Cadence.DAILY
    next_on: date | None = None

    @cached_property
    def weekly(self) -> bool:
        """Whether its letters tell of a whole week."""
        return self.cadence.weekly


class Personal(NamedTuple):
    """What differs between two letters with the same cards.

    `token` is the delivery's, 32 hexadecimal digits: the same token and `planned_at` (aware) give
    the same bytes.
    A digest needs `unsubscribe` and `links["preferences"]`, the reader's own links, and `web`,
    which anybody may have; `subject_prefix` stands before its subject. `asked_on` is since when
    letters come. A confirm letter needs `links["confirm"]` and the labels in `asked_for`, which a
    welcome letter has too; a goodbye letter needs `links["undo"]`, valid until `undo_until`; one
    that was asked for to change something needs the link of its kind. Where a reader's address
    changes, `elsewhere` is the other one, shortened.
    """

    recipient: str
    token: str
    planned_at: datetime
    day: LetterDay
    name: str | None = None
    asked_on: date | None = None
    unsubscribe: str = ""
    web: str = ""
    links: Mapping[str, str] = {}
    subject_prefix: str = ""
    asked_for: tuple[str, ...] = ()
    elsewhere: str = ""

    @property
    def undo_until(self) -> date:
        """The last day of a goodbye letter's link."""
        return (self.planned_at + _UNDO_LIVES).date()

    def saying(self, slots: Mapping[str, str]) -> "Personal":
        """Return the same with further words, as a delivery keeps them."""
        return self._replace(
            subject_prefix=slots.get("subject_prefix", ""),
            asked_for=tuple(slots.get("asked_for", "").splitlines()),
            elsewhere=slots.get("elsewhere", ""),
        )
