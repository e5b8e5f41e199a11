"""Counters: numbers handed out under a row lock that lasts until the commit."""

from sqlalchemy import Connection, select, update

from service.store import tables

PAPER_SEQ = "paper_seq"
DELIVERIES = "deliveries"
# Never raised: its lock lets one worker at a time count letters against limits.
CLAIMS = "claims"

_COUNTER = tables.table(tables.Counter)
_NAME, _VALUE = _COUNTER.c.name, _COUNTER.c.value


def hold(connection: Connection, name: str) -> int:
    """Lock the counter until this transaction ends; return its value."""
    value: int = connection.execute(
        select(_VALUE).where(_NAME == name).with_for_update()
    ).scalar_one()
    return value


def advance(connection: Connection, name: str, by: int) -> int:
    """Raise the counter and return its new value; it stays locked until this transaction ends."""
    value: int = connection.execute(
        update(tables.Counter).where(_NAME == name).values(value=_VALUE + by).returning(_VALUE)
    ).scalar_one()
    return value


def read(connection: Connection, name: str) -> int:
    """Return the counter's value as last committed."""
    value: int = connection.execute(select(_VALUE).where(_NAME == name)).scalar_one()
    return value
