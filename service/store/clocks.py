"""Reader clocks: up to which seq each reader has been planned for."""

from collections.abc import Mapping
from datetime import date

import numpy as np
from sqlalchemy import Connection, func, or_, select, update

from service.domain.readers import Consent
from service.store import tables
from service.store.bulk import Integers, covering, update_many
from service.store.columns import fetch_columns
from service.store.dialect import upsert

_SUBSCRIBER = tables.table(tables.Subscriber)
_CLOCK = tables.table(tables.ReaderClock)


def start(connection: Connection, subscriber_id: int, floor: int) -> None:
    """Start a new reader's clock at `floor`; a returning reader's is raised to it."""
    statement = upsert(connection, tables.ReaderClock)
    highest = func.max if connection.dialect.name == "sqlite" else func.greatest
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["subscriber_id"],
            set_={"watermark": highest(_CLOCK.c.watermark, statement.excluded.watermark)},
        ),
        {"subscriber_id": subscriber_id, "watermark": floor},
    )


def watermark(connection: Connection, subscriber_id: int) -> int:
    """Return the highest seq planned for a reader; 0 for one whose clock never started."""
    query = select(_CLOCK.c.watermark).where(_CLOCK.c.subscriber_id == subscriber_id)
    return connection.scalar(query) or 0


def hold(connection: Connection, subscriber_ids: Integers, day: date) -> tuple[Integers, Integers]:
    """Lock the clocks of readers who are active and have no digest for `day`; return their ids
    and watermarks.

    Those whom another transaction is changing at this moment are left out, not waited for: it may
    be waiting for us.
    """
    query = (
        select(_CLOCK.c.subscriber_id, _CLOCK.c.watermark)
        .join(_SUBSCRIBER, _SUBSCRIBER.c.id == _CLOCK.c.subscriber_id)
        .where(
            covering(connection, subscriber_ids, _CLOCK.c.subscriber_id, _SUBSCRIBER.c.id),
            _SUBSCRIBER.c.status == Consent.ACTIVE,
            or_(_CLOCK.c.planned_on.is_(None), _CLOCK.c.planned_on < day),
        )
        .with_for_update(key_share=True, skip_locked=True)
    )
    held, watermarks = fetch_columns(connection, query)
    asked = np.isin(held, subscriber_ids)
    return held[asked], watermarks[asked]


def advance(
    connection: Connection, subscriber_ids: Integers, upto: int, served_on: date | None
) -> None:
    """Raise readers' watermarks to `upto`; `served_on` is the date they got a digest for, if so."""
    constant = {"watermark": upto} | ({"planned_on": served_on} if served_on else {})
    update_many(connection, _CLOCK, "subscriber_id", subscriber_ids, constant)


def put_back(connection: Connection, seq_from: Mapping[int, int]) -> None:
    """Lower readers' watermarks to where a digest began that never reached them."""
    for subscriber_id, seq in seq_from.items():
        connection.execute(
            update(_CLOCK)
            .where(_CLOCK.c.subscriber_id == subscriber_id, _CLOCK.c.watermark > seq)
            .values(watermark=seq)
        )
