"""When papers were last looked at for a reader, and what came of it, as it stands on record.

A reader without letters is to know that they were not forgotten.
"""

from dataclasses import dataclass
from datetime import datetime

from service.domain.digests import SkipReason
from service.domain.policy import Status
from service.domain.readers import Subscriber
from service.installation import Installation
from service.store import deliveries, digests, papers


@dataclass(frozen=True, slots=True)
class LastLook:
    """The moment, how many papers were new then, and how many of them matched.

    A digest has a `status`; where there was none, `skipped` says why, and `matched` is 0. For a
    reader without topics `matched` is None: the day's trending papers match nothing.
    """

    at: datetime
    papers: int
    matched: int | None
    status: Status | None = None
    skipped: SkipReason | None = None


def last_look(installation: Installation, reader: Subscriber) -> LastLook | None:
    """Return what the last plan that decided for a reader came to; None before the first."""
    with installation.database.read() as connection:
        skip = deliveries.last_skip(connection, reader.subscriber_id)
        for digest in digests.newest(connection, reader.subscriber_id, 1):
            if skip is None or digest.planned_at >= skip.at:
                chosen = digest.selection
                return LastLook(
                    digest.planned_at,
                    papers.count_between(connection, digest.seq_from, digest.seq_to),
                    chosen.matched if chosen.topics else None,
                    status=digest.status,
                )
        if skip is None:
            return None
        new = papers.count_between(connection, skip.seq_from, skip.seq_to)
        return LastLook(skip.at, new, 0, skipped=SkipReason(skip.reason))
