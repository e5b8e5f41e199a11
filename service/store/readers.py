"""Readers whose letter is due."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, time

from sqlalchemy import ColumnElement, Connection, exists, func, or_, select
from sqlmodel import col

from service.domain.deliveries import Kind
from service.domain.policy import Result, Status
from service.domain.readers import Consent, Reader
from service.store import tables

_SUBSCRIBER = tables.table(tables.Subscriber)
_PREFERENCE = tables.table(tables.Preference)
_SUBSCRIPTION = tables.table(tables.Subscription)
_DELIVERY = tables.table(tables.Delivery)
_SKIP = tables.table(tables.Skip)
_CLOCK = tables.table(tables.ReaderClock)


def due(
    connection: Connection,
    due_date: Callable[[str, time], date | None],
    *,
    news_since: int | None = None,
    subscriber_id: int | None = None,
) -> Iterator[Reader]:
    """Yield the active readers for whom `due_date(timezone, send_at)` gives a date on which no
    digest was planned yet; all of them, or only one.

    Of readers whose watermark has reached `news_since` only those come who were not told so for
    that date: a tick must not decide again, and write, what it has decided before.
    """
    hours = connection.execute(
        select(_PREFERENCE.c.timezone, _PREFERENCE.c.send_at)
        .where(_PREFERENCE.c.valid_to.is_(None))
        .distinct()
    ).all()
    for timezone, send_at in hours:
        day = due_date(timezone, send_at)
        if day is not None:
            chosen: list[ColumnElement[bool]] = []
            if news_since is not None:
                told = exists().where(
                    _SKIP.c.subscriber_id == _SUBSCRIBER.c.id, _SKIP.c.local_date >= day
                )
                chosen.append(or_(_CLOCK.c.watermark < news_since, ~told))
            if subscriber_id is not None:
                chosen.append(_SUBSCRIBER.c.id == subscriber_id)
            yield from _at(connection, timezone, send_at, day, chosen)


def _at(
    connection: Connection,
    timezone: str,
    send_at: time,
    day: date,
    chosen: Sequence[ColumnElement[bool]],
) -> Iterator[Reader]:
    query = (
        select(_SUBSCRIBER, _PREFERENCE.c.max_papers, _CLOCK.c.watermark)
        .join(_PREFERENCE, _PREFERENCE.c.subscriber_id == _SUBSCRIBER.c.id)
        .join(_CLOCK, _CLOCK.c.subscriber_id == _SUBSCRIBER.c.id)
        .where(
            _PREFERENCE.c.valid_to.is_(None),
            _PREFERENCE.c.timezone == timezone,
            _PREFERENCE.c.send_at == send_at,
            _SUBSCRIBER.c.status == Consent.ACTIVE,
            or_(_CLOCK.c.planned_on.is_(None), _CLOCK.c.planned_on < day),
            *chosen,
        )
        .order_by(_SUBSCRIBER.c.id)
    )
    rows = connection.execute(query).all()
    for start in range(0, len(rows), 500):
        page = rows[start : start + 500]
        ids = [row.id for row in page]
        topics = _topics(connection, ids)
        unsent = _unsent(connection, ids)
        for row in page:
            yield Reader(
                subscriber_id=row.id,
                email=row.email,
                name=row.name,
                timezone=timezone,
                send_at=send_at,
                max_papers=row.max_papers,
                confirmed_at=row.confirmed_at,
                local_date=day,
                watermark=row.watermark,
                topics=tuple(topics.get(row.id, ())),
                unsent=unsent.get(row.id),
            )


def _topics(connection: Connection, ids: list[int]) -> dict[int, list[tuple[int, str]]]:
    found: dict[int, list[tuple[int, str]]] = {}
    rows = connection.execute(
        select(
            _SUBSCRIPTION.c.subscriber_id,
            _SUBSCRIPTION.c.topic_id,
            func.coalesce(_SUBSCRIPTION.c.label, _SUBSCRIPTION.c.text),
        )
        .where(
            _SUBSCRIPTION.c.subscriber_id.in_(ids),
            _SUBSCRIPTION.c.valid_to.is_(None),
            _SUBSCRIPTION.c.enabled,
        )
        .order_by(_SUBSCRIPTION.c.position, _SUBSCRIPTION.c.id)
    )
    for subscriber_id, topic_id, shown in rows:
        found.setdefault(subscriber_id, []).append((topic_id, shown))
    return found


def _unsent(connection: Connection, ids: list[int]) -> dict[int, tuple[int, int]]:
    """Return each reader's newest digest that waits in the queue.

    One that was ever uncertain is not among them: it may have been read, so that it is sent again
    as it was, and never with its papers in another letter.
    """
    attempt = tables.Attempt
    uncertain = exists().where(
        col(attempt.delivery_id) == _DELIVERY.c.id, col(attempt.result) == Result.UNCERTAIN
    )
    rows = connection.execute(
        select(_DELIVERY.c.subscriber_id, _DELIVERY.c.id, _DELIVERY.c.seq_from)
        .where(
            _DELIVERY.c.subscriber_id.in_(ids),
            _DELIVERY.c.kind == Kind.DIGEST,
            _DELIVERY.c.status == Status.QUEUED,
            ~uncertain,
        )
        .order_by(_DELIVERY.c.id)
    )
    return {subscriber_id: (delivery_id, seq) for subscriber_id, delivery_id, seq in rows}
