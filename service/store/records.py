"""All that is kept of one reader, for the reader to have."""

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Connection, Select, select

from service.domain.deliveries import Kind
from service.domain.selection import unpack
from service.store import tables

_SUBSCRIBER = tables.table(tables.Subscriber)
_PREFERENCE = tables.table(tables.Preference)
_SUBSCRIPTION = tables.table(tables.Subscription)
_TOPIC = tables.table(tables.Topic)
_CONSENT = tables.table(tables.Consent)
_DELIVERY = tables.table(tables.Delivery)
_SKIP = tables.table(tables.Skip)

# Numbers of our own, and the secrets of links.
_OURS = {"id", "subscriber_id", "topic_id", "position", "unsubscribe_token", "unsubscribe_hash"}


def of(connection: Connection, subscriber_id: int) -> dict[str, Any]:
    """Return a reader's records as JSON can hold them: the past with the present, times in UTC."""

    def rows(query: Select[Any], table: Any) -> list[dict[str, Any]]:
        mine = query.where(table.c.subscriber_id == subscriber_id).order_by(*table.primary_key)
        return [_plain(row) for row in connection.execute(mine).mappings()]

    reader = select(_SUBSCRIBER).where(_SUBSCRIBER.c.id == subscriber_id)
    topics = select(_SUBSCRIPTION, _TOPIC.c.query).join(
        _TOPIC, _TOPIC.c.id == _SUBSCRIPTION.c.topic_id
    )
    return {
        "reader": _plain(connection.execute(reader).mappings().one()),
        "preferences": rows(select(_PREFERENCE), _PREFERENCE),
        "topics": rows(topics, _SUBSCRIPTION),
        "consent": rows(select(_CONSENT), _CONSENT),
        "letters": list(_letters(connection, subscriber_id)),
        "last_day_without_a_letter": rows(select(_SKIP), _SKIP),
    }


def _letters(connection: Connection, subscriber_id: int) -> Iterator[dict[str, Any]]:
    """Yield every letter, the first one first, with its papers as long as its parts are kept."""
    query = (
        select(
            _DELIVERY.c.kind,
            _DELIVERY.c.local_date,
            _DELIVERY.c.recipient,
            _DELIVERY.c.status,
            _DELIVERY.c.attempts,
            _DELIVERY.c.planned_at,
            _DELIVERY.c.settled_at,
            _DELIVERY.c.reply_code,
            _DELIVERY.c.reply,
            _DELIVERY.c.selection,
        )
        .where(_DELIVERY.c.subscriber_id == subscriber_id)
        .order_by(_DELIVERY.c.id)
    )
    for row in connection.execute(query).mappings():
        letter = _plain({name: value for name, value in row.items() if name != "selection"})
        if row["kind"] == Kind.DIGEST:
            chosen = unpack(row["selection"])
            letter["papers"] = len(chosen.cards) + len(chosen.also)
            letter["matched"] = chosen.matched
        yield letter


def _plain(row: Any) -> dict[str, Any]:
    return {name: _value(value) for name, value in row.items() if name not in _OURS}


def _value(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date | time) else value
