"""Subscribers: who they are, what they asked for, and how their consent stands."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, func, select, update
from sqlmodel import col

from service.domain.deliveries import Kind
from service.domain.links import new_token, token_hash
from service.domain.policy import Status
from service.domain.readers import Consent, Preferences, Subscriber
from service.store import clocks, consents, tables, transitions, wanted
from service.store.dialect import insert_new

_SUBSCRIBER = tables.table(tables.Subscriber)
_PREFERENCE = tables.table(tables.Preference)
_SUBSCRIPTION = tables.table(tables.Subscription)
_DELIVERY = tables.table(tables.Delivery)

# What a consent's history calls a new address.
MOVED = "address_changed"


def add(
    connection: Connection,
    *,
    email: str,
    address: str,
    now: datetime,
) -> int | None:
    """Store a new subscriber, pending; None when the address is known already.

    `address` is the normal form of `email`.
    """
    token = new_token()
    subscriber = {
        "email": email,
        "address": address,
        "domain": address.rpartition("@")[2],
        "status": Consent.PENDING,
        "created_at": now,
        "unsubscribe_token": token,
        "unsubscribe_hash": token_hash(token),
    }
    ids = insert_new(connection, tables.Subscriber, [subscriber], returning=_SUBSCRIBER.c.id)
    return ids[0] if ids else None


def by_address(connection: Connection, address: str, *, hold: bool = False) -> Subscriber | None:
    """Return the subscriber of an address; `hold` keeps others from changing them meanwhile."""
    return _first(connection, _all().where(_SUBSCRIBER.c.address == address), hold)


def by_id(connection: Connection, subscriber_id: int, *, hold: bool = False) -> Subscriber | None:
    return _first(connection, _all().where(_SUBSCRIBER.c.id == subscriber_id), hold)


def by_preference(
    connection: Connection, preference_id: int, *, hold: bool = False
) -> Subscriber | None:
    """Return the subscriber whose preference, of now or of the past, has that id."""
    owner = select(_PREFERENCE.c.subscriber_id).where(_PREFERENCE.c.id == preference_id)
    return _first(connection, _all().where(_SUBSCRIBER.c.id.in_(owner)), hold)


def by_unsubscribe_token(
    connection: Connection, token: str, *, hold: bool = False
) -> Subscriber | None:
    """Return the subscriber of an unsubscribe link, also one who was erased since."""
    query = _all().where(_SUBSCRIBER.c.unsubscribe_hash == token_hash(token))
    return _first(connection, query, hold)


def every(connection: Connection, status: Consent | None = None) -> Iterator[Subscriber]:
    """Yield the subscribers that are not erased, by address."""
    query = _all().where(_SUBSCRIBER.c.erased_at.is_(None)).order_by(_SUBSCRIBER.c.address)
    if status is not None:
        query = query.where(_SUBSCRIBER.c.status == status)
    rows = connection.execute(query).all()
    for start in range(0, len(rows), 500):
        yield from _subscribers(connection, rows[start : start + 500])


def count_by_status(connection: Connection) -> dict[str, int]:
    rows = connection.execute(
        select(_SUBSCRIBER.c.status, func.count())
        .where(_SUBSCRIBER.c.erased_at.is_(None))
        .group_by(_SUBSCRIBER.c.status)
    )
    counted: dict[str, int] = dict(rows.all())
    return {status.value: counted.get(status.value, 0) for status in Consent}


def set_status(connection: Connection, subscriber_id: int, status: Consent) -> None:
    connection.execute(
        update(_SUBSCRIBER).where(_SUBSCRIBER.c.id == subscriber_id).values(status=status)
    )


def as_of(connection: Connection, reader: Subscriber, preference_id: int) -> Subscriber:
    """Return a subscriber with a preference of the past, and the topics they had at its end."""
    past = connection.execute(select(_PREFERENCE).where(_PREFERENCE.c.id == preference_id)).one()
    at_its_end = (_SUBSCRIPTION.c.valid_from < past.valid_to) & (
        _SUBSCRIPTION.c.valid_to.is_(None) | (_SUBSCRIPTION.c.valid_to >= past.valid_to)
    )
    wishes = wanted.wishes_of(connection, [reader.subscriber_id], at_its_end)
    return replace(
        reader,
        preferences=wanted.preferences_of(past),
        wishes=tuple(wishes.get(reader.subscriber_id, ())),
    )


def move(
    connection: Connection,
    subscriber_id: int,
    *,
    email: str,
    address: str,
    now: datetime,
    source: str,
) -> None:
    """Give a subscriber another address, which nobody else has; `address` is its normal form."""
    connection.execute(
        update(_SUBSCRIBER)
        .where(_SUBSCRIBER.c.id == subscriber_id)
        .values(email=email, address=address, domain=address.rpartition("@")[2])
    )
    consents.record(connection, subscriber_id, MOVED, source, now)


def activate(
    connection: Connection, subscriber_id: int, *, floor: int, now: datetime, source: str
) -> None:
    """Start a subscriber's letters: papers up to the seq `floor` are not offered again."""
    connection.execute(
        update(_SUBSCRIBER)
        .where(_SUBSCRIBER.c.id == subscriber_id)
        .values(status=Consent.ACTIVE, confirmed_at=now)
    )
    clocks.start(connection, subscriber_id, floor)
    consents.record(connection, subscriber_id, "active", source, now)


def stop(
    connection: Connection,
    subscriber_id: int,
    status: Consent,
    *,
    now: datetime,
    source: str,
    until: date | None = None,
) -> None:
    """Give a subscriber a status in which no digest goes out, and cancel what is queued.

    `until` is the local date on which a pause ends.
    """
    connection.execute(
        update(_SUBSCRIBER)
        .where(_SUBSCRIBER.c.id == subscriber_id)
        .values(status=status, paused_until=until)
    )
    cancel_queued(connection, subscriber_id, now)
    consents.record(connection, subscriber_id, status, source, now)


def cancel_queued(connection: Connection, subscriber_id: int, now: datetime) -> None:
    """Cancel a subscriber's letters that no worker has begun; their papers may come again.

    The word to a former address that letters go elsewhere now is not theirs to stop.
    """
    cancelled = list(
        connection.scalars(
            transitions.move(Status.QUEUED, Status.CANCELLED, settled_at=now, worker_id=None)
            .where(_DELIVERY.c.subscriber_id == subscriber_id, _DELIVERY.c.kind != Kind.MOVED)
            .returning(_DELIVERY.c.id)
        )
    )
    transitions.return_papers(connection, _DELIVERY.c.id.in_(cancelled))


def erase(connection: Connection, subscriber_id: int, *, now: datetime, source: str) -> None:
    """Forget a person: what stays names nobody, and the unsubscribe link is still recognised."""
    stop(connection, subscriber_id, Consent.UNSUBSCRIBED, now=now, source=source)
    for table in (tables.Subscription, tables.Preference, tables.Skip, tables.ReaderClock):
        connection.execute(delete(table).where(col(table.subscriber_id) == subscriber_id))
    mine = select(_DELIVERY.c.id).where(_DELIVERY.c.subscriber_id == subscriber_id)
    connection.execute(
        update(tables.Attempt).where(col(tables.Attempt.delivery_id).in_(mine)).values(reply=None)
    )
    connection.execute(
        update(_DELIVERY)
        .where(_DELIVERY.c.subscriber_id == subscriber_id)
        .values(recipient=None, slots=None, reply=None, lane=None)
    )
    connection.execute(
        update(tables.Consent)
        .where(col(tables.Consent.subscriber_id) == subscriber_id)
        .values(detail=None)
    )
    connection.execute(
        update(_SUBSCRIBER)
        .where(_SUBSCRIBER.c.id == subscriber_id)
        .values(email=None, address=None, domain=None, unsubscribe_token=None, erased_at=now)
    )


def _all() -> Select[Any]:
    return select(
        _SUBSCRIBER,
        _PREFERENCE.c.id.label("preference_id"),
        *wanted.PREFERENCE_COLUMNS,
    ).outerjoin(
        _PREFERENCE,
        (_PREFERENCE.c.subscriber_id == _SUBSCRIBER.c.id) & _PREFERENCE.c.valid_to.is_(None),
    )


def _first(connection: Connection, query: Select[Any], hold: bool) -> Subscriber | None:
    if hold:
        query = query.with_for_update(of=_SUBSCRIBER)
    rows = connection.execute(query).all()
    return next(_subscribers(connection, rows), None)


def _subscribers(connection: Connection, rows: Sequence[Any]) -> Iterator[Subscriber]:
    ids = [row.id for row in rows]
    wishes = wanted.wishes_of(connection, ids, _SUBSCRIPTION.c.valid_to.is_(None))
    for row in rows:
        yield Subscriber(
            row.id,
            row.email,
            Consent(row.status),
            row.created_at,
            row.confirmed_at,
            row.unsubscribe_token,
            row.preference_id,
            wanted.preferences_of(row) if row.timezone else Preferences(),
            tuple(wishes.get(row.id, ())),
            row.paused_until,
        )
