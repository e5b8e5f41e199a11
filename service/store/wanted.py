"""What a reader wanted at some moment, the past ones included."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, and_, or_, select

from service.domain.readers import Preferences, Wish
from service.store import tables

_PREFERENCE = tables.table(tables.Preference)
_SUBSCRIPTION = tables.table(tables.Subscription)
_TOPIC = tables.table(tables.Topic)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A reader's preferences and topics of one moment. `mutes` are queries never to show."""

    preferences: Preferences
    wishes: tuple[Wish, ...]
    mutes: tuple[str, ...] = ()
    min_upvotes: int | None = None


def at(
    connection: Connection, subscriber_id: int, moment: datetime, preference_id: int | None = None
) -> Wanted | None:
    """Return what a reader wanted at a moment, or None where nothing held then.

    `preference_id` names the preference where it is known.
    """
    which = (
        _held(_PREFERENCE, subscriber_id, moment)
        if preference_id is None
        else _PREFERENCE.c.id == preference_id
    )
    chosen = connection.execute(select(_PREFERENCE).where(which)).first()
    if chosen is None:
        return None
    rows = connection.execute(
        select(_SUBSCRIPTION.c.text, _TOPIC.c.query, _SUBSCRIPTION.c.label)
        .join(_TOPIC, _TOPIC.c.id == _SUBSCRIPTION.c.topic_id)
        .where(_held(_SUBSCRIPTION, subscriber_id, moment), _SUBSCRIPTION.c.enabled)
        .order_by(_SUBSCRIPTION.c.position, _SUBSCRIPTION.c.id)
    )
    return Wanted(
        Preferences(chosen.timezone, chosen.send_at, chosen.max_papers, chosen.name),
        tuple(Wish(*row) for row in rows),
        tuple(chosen.mutes),
        chosen.min_upvotes,
    )


def _held(table: Table, subscriber_id: int, moment: datetime) -> Any:
    return and_(
        table.c.subscriber_id == subscriber_id,
        table.c.valid_from <= moment,
        or_(table.c.valid_to.is_(None), table.c.valid_to > moment),
    )
