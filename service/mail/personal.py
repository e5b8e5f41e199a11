"""What differs between two letters with the same cards."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

from service.domain.links import LIVES, Purpose
from service.domain.timetable import Cadence

_UNDO_LIVES = LIVES[Purpose.UNDO] or timedelta.max


class Personal(NamedTuple):
    """What differs between two letters with the same cards.

    `token` is the delivery's, 32 hexadecimal digits: the same token and `planned_at` (aware) give
    the same bytes. `local_date` and `local_hour` are the reader's own.
    A digest needs `unsubscribe` and `links["preferences"]`, the reader's own links, and `web`,
    which anybody may have; `subject_prefix` stands before its subject.
    `schedule` says when letters come ("daily at 07:00, Berlin time"), `cadence` how often,
    `asked_on` since when, `next_on` when again. A confirm letter needs `links["confirm"]` and the
    labels in `asked_for`, which a welcome letter has too; a goodbye letter needs `links["undo"]`,
    valid until `undo_until`; one that was asked for to change something needs the link of its
    kind. Where a reader's address changes, `elsewhere` is the other one, shortened.
    """

    recipient: str
    token: str
    planned_at: datetime
    local_date: date
    local_hour: int = 12
    name: str | None = None
    unsubscribe: str = ""
    web: str = ""
    subject_prefix: str = ""
    schedule: str = ""
    cadence: Cadence = Cadence.DAILY
    asked_on: date | None = None
    next_on: date | None = None
    asked_for: tuple[str, ...] = ()
    links: Mapping[str, str] = {}
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
