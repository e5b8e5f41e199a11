"""What readers want, now and at past moments: preferences and topics are kept as intervals."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    bindparam,
    insert,
    or_,
    select,
    update,
)

from service.domain.filters import Filters
from service.domain.readers import Preferences
from service.domain.timetable import Cadence
from service.domain.wishes import Wish
from service.store import cadences, tables, topics
from service.store.bulk import among

_PREFERENCE = tables.table(tables.Preference)
_SUBSCRIPTION = tables.table(tables.Subscription)
_TOPIC = tables.table(tables.Topic)

# What `letter_of` reads.
LETTER_COLUMNS = (
    _PREFERENCE.c.timezone,
    _PREFERENCE.c.send_at,
    _PREFERENCE.c.max_papers,
    _PREFERENCE.c.name,
    _PREFERENCE.c.cadence,
    _PREFERENCE.c.weekday,
)
# What `preferences_of` reads.
PREFERENCE_COLUMNS = (
    *LETTER_COLUMNS,
    _PREFERENCE.c.mutes,
    _PREFERENCE.c.follows,
    _PREFERENCE.c.min_upvotes,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A reader's preferences, and the topics that were on, at one moment."""

    preferences: Preferences
    wishes: tuple[Wish, ...]


def cadence_of(connection: Connection, preference_id: int | None) -> Cadence:
    """Return how often letters were wanted by a preference: daily where there was none yet."""
    columns = select(_PREFERENCE.c.cadence, _PREFERENCE.c.weekday)
    found = connection.execute(columns.where(_PREFERENCE.c.id == preference_id)).first()
    return Cadence.DAILY if found is None else cadences.from_columns(*found)


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
    chosen = connection.execute(select(*PREFERENCE_COLUMNS).where(which)).first()
    if chosen is None:
        return None
    held = _held(_SUBSCRIPTION, subscriber_id, moment)
    found = wishes_of(connection, [subscriber_id], and_(held, _SUBSCRIPTION.c.enabled))
    return Wanted(preferences_of(chosen), tuple(found.get(subscriber_id, ())))


def preferences_of(row: Any) -> Preferences:
    """Return the preferences in a row that has PREFERENCE_COLUMNS."""
    filters = Filters(tuple(row.mutes), tuple(row.follows), row.min_upvotes or 0)
    letter = letter_of(
        row.timezone, row.send_at, row.max_papers, row.name, row.cadence, row.weekday
    )
    return replace(letter, filters=filters)


def letter_of(
    timezone: str, send_at: time, max_papers: int, name: str | None, kind: str, weekday: int | None
) -> Preferences:
    """Return the preferences in LETTER_COLUMNS: without filters, which a letter says nothing
    of.
    """
    cadence = cadences.from_columns(kind, weekday)
    return Preferences(timezone, send_at, max_papers, name, cadence=cadence)


def wishes_of(
    connection: Connection, ids: Sequence[int], when: ColumnElement[bool]
) -> dict[int, list[Wish]]:
    """Return the topics of subscribers, of the rows for which `when` holds, in their order."""
    rows = connection.execute(
        select(
            _SUBSCRIPTION.c.subscriber_id,
            _SUBSCRIPTION.c.text,
            _TOPIC.c.query,
            _SUBSCRIPTION.c.label,
            _SUBSCRIPTION.c.enabled,
        )
        .join(_TOPIC, _TOPIC.c.id == _SUBSCRIPTION.c.topic_id)
        .where(among(connection, _SUBSCRIPTION.c.subscriber_id, ids), when)
        .order_by(_SUBSCRIPTION.c.position, _SUBSCRIPTION.c.id)
    )
    found: dict[int, list[Wish]] = {}
    for subscriber_id, *wish in rows:
        found.setdefault(subscriber_id, []).append(Wish(*wish))
    return found


def set_preferences(
    connection: Connection, subscriber_id: int, wanted: Preferences, now: datetime
) -> int:
    """Make these the preferences from `now` on, and return their id; the past ones keep their
    interval.
    """
    values = {
        "subscriber_id": subscriber_id,
        "timezone": wanted.timezone,
        "send_at": wanted.send_at,
        "max_papers": wanted.max_papers,
        "name": wanted.name,
        "mutes": list(wanted.filters.mutes),
        "follows": list(wanted.filters.follows),
        "min_upvotes": wanted.filters.min_upvotes or None,
        **cadences.to_columns(wanted.cadence),
        "valid_from": now,
    }
    connection.execute(
        update(_PREFERENCE)
        .where(_PREFERENCE.c.subscriber_id == subscriber_id, _PREFERENCE.c.valid_to.is_(None))
        .values(valid_to=now)
    )
    preference_id: int = connection.execute(
        insert(_PREFERENCE).returning(_PREFERENCE.c.id), values
    ).scalar_one()
    return preference_id


def set_wishes(
    connection: Connection, subscriber_id: int, wishes: Sequence[Wish], now: datetime
) -> None:
    """Make these the topics from `now` on; a topic that stays as it is keeps its interval."""
    ids = topics.ids_of(connection, [wish.query for wish in wishes], now)
    wanted = {
        ids[wish.query]: {
            "text": wish.text,
            "label": wish.label,
            "enabled": wish.enabled,
            "position": position,
        }
        for position, wish in reversed(list(enumerate(wishes)))
    }
    current = connection.execute(
        select(_SUBSCRIPTION).where(
            _SUBSCRIPTION.c.subscriber_id == subscriber_id, _SUBSCRIPTION.c.valid_to.is_(None)
        )
    ).all()
    over, moved = [], []
    for row in current:
        kept = wanted.get(row.topic_id)
        # The order is of no account for the past.
        if kept is None or any(
            kept[name] != getattr(row, name) for name in ("text", "label", "enabled")
        ):
            over.append(row.id)
        else:
            del wanted[row.topic_id]
            if kept["position"] != row.position:
                moved.append({"row": row.id, "to": kept["position"]})
    if over:
        connection.execute(
            update(_SUBSCRIPTION)
            .where(among(connection, _SUBSCRIPTION.c.id, over))
            .values(valid_to=now)
        )
    if moved:
        connection.execute(
            update(_SUBSCRIPTION)
            .where(_SUBSCRIPTION.c.id == bindparam("row"))
            .values(position=bindparam("to")),
            moved,
        )
    if wanted:
        connection.execute(
            insert(_SUBSCRIPTION),
            [
                values | {"subscriber_id": subscriber_id, "topic_id": topic_id, "valid_from": now}
                for topic_id, values in reversed(wanted.items())
            ],
        )


def _held(table: Table, subscriber_id: int, moment: datetime) -> ColumnElement[bool]:
    return and_(
        table.c.subscriber_id == subscriber_id,
        table.c.valid_from <= moment,
        or_(table.c.valid_to.is_(None), table.c.valid_to > moment),
    )
