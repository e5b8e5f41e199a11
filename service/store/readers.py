"""Readers whose letter is due."""

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time

from sqlalchemy import Connection, exists, func, or_, select, tuple_

from service.domain.deliveries import Kind
from service.domain.policy import Status
from service.domain.readers import Consent
from service.domain.timetable import Cadence
from service.store import cadences, tables

_SUBSCRIBER = tables.table(tables.Subscriber)
_PREFERENCE = tables.table(tables.Preference)
_DELIVERY = tables.table(tables.Delivery)
_SKIP = tables.table(tables.Skip)
_CLOCK = tables.table(tables.ReaderClock)

DueDate = Callable[[str, time, Cadence], date | None]

_HOURS_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Due:
    """The ids of readers, in order, by the local date they are due for and by their cadence.

    Every one of them was served up to the seq `served_to` at least, unsent digests undone.
    """

    ids: Mapping[tuple[date, Cadence], "array[int]"]
    served_to: int

    def __len__(self) -> int:
        return sum(map(len, self.ids.values()))

    def pages(self, size: int) -> Iterator[tuple[date, Cadence, Sequence[int]]]:
        """Yield the ids in pages, each with its date and cadence."""
        for (day, cadence), ids in self.ids.items():
            for start in range(0, len(ids), size):
                yield day, cadence, ids[start : start + size]


def due(
    connection: Connection,
    due_date: DueDate,
    *,
    news_since: int | None = None,
    subscriber_id: int | None = None,
) -> Due:
    """Return the active readers for whom `due_date(timezone, send_at, cadence)` gives a date on
    which no digest was planned yet; all of them, or only one.

    Of readers whose watermark has reached `news_since` only those come who were not told so for
    that date: a tick must not decide again, and write, what it has decided before.
    """
    found: dict[tuple[date, Cadence], array[int]] = {}
    lowest: list[int] = []
    for day, cadence, hours in _due_hours(connection, due_date):
        kind = cadences.to_columns(cadence)
        query = (
            select(_SUBSCRIBER.c.id, _CLOCK.c.watermark)
            .join(_PREFERENCE, _PREFERENCE.c.subscriber_id == _SUBSCRIBER.c.id)
            .join(_CLOCK, _CLOCK.c.subscriber_id == _SUBSCRIBER.c.id)
            .where(
                _SUBSCRIBER.c.status == Consent.ACTIVE,
                _PREFERENCE.c.valid_to.is_(None),
                _PREFERENCE.c.cadence == kind["cadence"],
                _PREFERENCE.c.weekday.is_not_distinct_from(kind["weekday"]),
                tuple_(_PREFERENCE.c.timezone, _PREFERENCE.c.send_at).in_(hours),
                or_(_CLOCK.c.planned_on.is_(None), _CLOCK.c.planned_on < day),
            )
            .order_by(_SUBSCRIBER.c.id)
        )
        if news_since is not None:
            told = exists().where(
                _SKIP.c.subscriber_id == _SUBSCRIBER.c.id, _SKIP.c.local_date >= day
            )
            query = query.where(or_(_CLOCK.c.watermark < news_since, ~told))
        if subscriber_id is not None:
            query = query.where(_SUBSCRIBER.c.id == subscriber_id)
        ids: array[int] = array("q")
        for page in connection.execute(query, execution_options={"yield_per": 10_000}).partitions():
            ids.extend(row[0] for row in page)
            lowest.append(min(row[1] for row in page))
        if ids:
            found.setdefault((day, cadence), array("q")).extend(ids)
    queued = connection.scalar(
        select(func.min(_DELIVERY.c.seq_from)).where(
            _DELIVERY.c.kind == Kind.DIGEST, _DELIVERY.c.status == Status.QUEUED
        )
    )
    return Due(found, min([*lowest, *([] if queued is None else [queued])], default=0))


def _due_hours(
    connection: Connection, due_date: DueDate
) -> Iterator[tuple[date, Cadence, list[tuple[str, time]]]]:
    of = _PREFERENCE.c
    hours = connection.execute(
        select(of.timezone, of.send_at, of.cadence, of.weekday)
        .where(of.valid_to.is_(None))
        .distinct()
    )
    found: dict[tuple[date, Cadence], list[tuple[str, time]]] = {}
    for timezone, send_at, *kind in hours:
        cadence = cadences.from_columns(*kind)
        day = due_date(timezone, send_at, cadence)
        if day is not None:
            found.setdefault((day, cadence), []).append((timezone, send_at))
    for (day, cadence), due in found.items():
        # Both databases bound the values that one statement may have.
        for start in range(0, len(due), _HOURS_AT_ONCE):
            yield day, cadence, due[start : start + _HOURS_AT_ONCE]
