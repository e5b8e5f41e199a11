"""What differs between two letters with the same cards."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from service.domain.timetable import Cadence


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """What differs between two letters with the same cards.

    `token` is the delivery's, 32 hexadecimal digits: the same token and `planned_at` (aware) give
    the same bytes. `local_date` and `local_hour` are the reader's own. `topics` counts the reader's
    topics (0: the day's trending papers), `matched` the papers that matched, shown or not.
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
    topics: int = 0
    matched: int = 0
    unsubscribe: str = ""
    web: str = ""
    subject_prefix: str = ""
    schedule: str = ""
    cadence: Cadence = Cadence.DAILY
    asked_on: date | None = None
    next_on: date | None = None
    asked_for: tuple[str, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    undo_until: date | None = None
    elsewhere: str = ""
