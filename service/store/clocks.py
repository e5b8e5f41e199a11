"""Reader clocks: up to which seq each reader has been planned for."""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import Connection, bindparam, func, select, update

from service.store import tables
from service.store.dialect import upsert

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


def hold(connection: Connection, subscriber_ids: Sequence[int]) -> dict[int, int]:
    """Lock the clocks of readers who are still active; return their watermarks.

    Those whom another transaction is changing at this moment are left out, not waited for: it may
    be waiting for us.
    """
    subscriber = tables.table(tables.Subscriber)
    rows = connection.execute(
        select(_CLOCK.c.subscriber_id, _CLOCK.c.watermark)
        .join(subscriber, subscriber.c.id == _CLOCK.c.subscriber_id)
        .where(_CLOCK.c.subscriber_id.in_(subscriber_ids), subscriber.c.status == "active")
        .with_for_update(key_share=True, skip_locked=True)
    )
    return dict(rows.all())


def advance(connection: Connection, readers: Sequence[tuple[int, date | None]], upto: int) -> None:
    """Raise readers' watermarks to `upto`; a date marks those who got a digest for it."""
    subscriber = _CLOCK.c.subscriber_id == bindparam("reader")
    served = [{"reader": reader, "day": day} for reader, day in readers if day]
    skipped = [{"reader": reader} for reader, day in readers if not day]
    if served:
        connection.execute(
            update(_CLOCK).where(subscriber).values(watermark=upto, planned_on=bindparam("day")),
            served,
        )
    if skipped:
        connection.execute(update(_CLOCK).where(subscriber).values(watermark=upto), skipped)


def put_back(connection: Connection, seq_from: Mapping[int, int]) -> None:
    """Lower readers' watermarks to where a digest began that never reached them."""
    for subscriber_id, seq in seq_from.items():
        connection.execute(
            update(_CLOCK)
            .where(_CLOCK.c.subscriber_id == subscriber_id, _CLOCK.c.watermark > seq)
            .values(watermark=seq)
        )
