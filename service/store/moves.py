"""Moves: the address that a reader last asked their letters to go to."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from service.domain.deliveries import Kind
from service.store import tables

_DELIVERY = tables.table(tables.Delivery)


class Asked(NamedTuple):
    """Whose letters are to go where, as of when."""

    subscriber_id: int
    address: str
    at: datetime


def asked(connection: Connection, delivery_id: int) -> Asked | None:
    """Return what the letter of that id asks; None where its reader was erased, or has asked for
    another address since.
    """
    asking = (_DELIVERY.c.kind == Kind.ADDRESS, _DELIVERY.c.recipient.is_not(None))
    row = connection.execute(
        select(_DELIVERY.c.subscriber_id, _DELIVERY.c.recipient, _DELIVERY.c.planned_at).where(
            _DELIVERY.c.id == delivery_id, *asking
        )
    ).first()
    if row is None:
        return None
    newer = select(_DELIVERY.c.id).where(
        _DELIVERY.c.subscriber_id == row.subscriber_id, _DELIVERY.c.id > delivery_id, *asking
    )
    return None if connection.scalar(newer.limit(1)) is not None else Asked(*row)
