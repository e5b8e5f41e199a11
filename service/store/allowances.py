"""Allowances, counted in the database so that they hold across machines."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, select

from service.domain.allowances import Allowance, TooMany
from service.store import tables
from service.store.dialect import upsert

_ALLOWANCE = tables.table(tables.Allowance)


def spend(connection: Connection, scope: str, allowance: Allowance, now: datetime) -> None:
    """Use one of what a scope may ask for.

    All of an allowance may be used at once; then one comes back after each step of it. Raises
    TooMany, having used nothing.
    """
    if not allowance.count:
        return
    at, step = now.timestamp(), allowance.step
    latest = at + allowance.time.total_seconds()
    highest: Any = func.max if connection.dialect.name == "sqlite" else func.greatest
    after = highest(_ALLOWANCE.c.free_at, at) + step
    statement = (
        upsert(connection, tables.Allowance)
        .on_conflict_do_update(
            index_elements=["scope"],
            set_={"free_at": after},
            # A float adds up to a little more.
            where=after <= latest + step / 1000,
        )
        .returning(_ALLOWANCE.c.free_at)
    )
    values = {"scope": scope, "free_at": at + step}
    if connection.scalar(statement, values) is None:
        free_at = connection.scalar(select(_ALLOWANCE.c.free_at).where(_ALLOWANCE.c.scope == scope))
        raise TooMany(timedelta(seconds=max(1.0, (free_at or at) + step - latest)))


def purge(connection: Connection, now: datetime) -> int:
    """Forget the scopes that have their whole allowance again; return how many."""
    whole = delete(_ALLOWANCE).where(_ALLOWANCE.c.free_at <= now.timestamp())
    return connection.execute(whole).rowcount
