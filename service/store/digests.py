"""Digests as the ledger has them on record."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from service.domain.deliveries import Kind
from service.domain.policy import Status
from service.domain.selection import Selection, unpack
from service.store import tables

_DELIVERY = tables.table(tables.Delivery)
_SUBSCRIBER = tables.table(tables.Subscriber)
_ATTEMPT = tables.table(tables.Attempt)


@dataclass(frozen=True, slots=True)
class DigestRow:
    """A digest, planned from the papers with seq_from < seq <= seq_to, and what became of it."""

    delivery_id: int
    local_date: date
    status: Status
    attempts: int
    planned_at: datetime
    settled_at: datetime | None
    reply_code: int | None
    reply: str | None
    seq_from: int
    seq_to: int
    selection: Selection
    preference_id: int | None


@dataclass(frozen=True, slots=True)
class Try:
    """A try at sending that did not end in acceptance."""

    number: int
    at: datetime
    result: str
    stage: str
    code: int | None
    reply: str | None


def on(connection: Connection, subscriber_id: int, day: date) -> DigestRow | None:
    """Return a subscriber's digest for a local date."""
    return _first(connection, _all(subscriber_id).where(_DELIVERY.c.local_date == day))


def offering(connection: Connection, subscriber_id: int, seq: int) -> DigestRow | None:
    """Return a subscriber's newest digest that was chosen from papers with that seq among them."""
    holds = (_DELIVERY.c.seq_from < seq, _DELIVERY.c.seq_to >= seq)
    return _first(connection, _all(subscriber_id).where(*holds))


def newest(connection: Connection, subscriber_id: int, limit: int | None = None) -> list[DigestRow]:
    """Return a subscriber's digests, the last planned first."""
    query = _all(subscriber_id).order_by(_DELIVERY.c.id.desc()).limit(limit)
    return [_digest(row) for row in connection.execute(query)]


def by_id(connection: Connection, delivery_id: int) -> DigestRow | None:
    """Return the digest of that id, unless its reader was erased since."""
    return _first(
        connection,
        select(_DELIVERY)
        .join(_SUBSCRIBER, _SUBSCRIBER.c.id == _DELIVERY.c.subscriber_id)
        .where(
            _DELIVERY.c.id == delivery_id,
            _DELIVERY.c.kind == Kind.DIGEST,
            _SUBSCRIBER.c.erased_at.is_(None),
        ),
    )


def tries(connection: Connection, delivery_id: int) -> tuple[Try, ...]:
    """Return the tries of a delivery that are on record, the first one first."""
    of = _ATTEMPT.c
    rows = connection.execute(
        select(of.number, of.at, of.result, of.stage, of.code, of.reply)
        .where(of.delivery_id == delivery_id)
        .order_by(of.id)
    )
    return tuple(Try(*row) for row in rows)


def _all(subscriber_id: int) -> Select[Any]:
    return select(_DELIVERY).where(
        _DELIVERY.c.subscriber_id == subscriber_id, _DELIVERY.c.kind == Kind.DIGEST
    )


def _first(connection: Connection, query: Select[Any]) -> DigestRow | None:
    row = connection.execute(query.order_by(_DELIVERY.c.id.desc()).limit(1)).first()
    return None if row is None else _digest(row)


def _digest(row: Any) -> DigestRow:
    return DigestRow(
        row.id,
        row.local_date,
        Status(row.status),
        row.attempts,
        row.planned_at,
        row.settled_at,
        row.reply_code,
        row.reply,
        row.seq_from,
        row.seq_to,
        unpack(row.selection),
        row.preference_id,
    )
