"""Suppressions: addresses never to mail again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from service.domain.readers import address_hash
from service.store import tables
from service.store.dialect import upsert

# The reason of those whom a server refused; a bounce that comes later is another.
REFUSED = "refused"

_SUPPRESSION = tables.table(tables.Suppression)
_SUBSCRIBER = tables.table(tables.Subscriber)
_IN_FORCE = _SUPPRESSION.c.effective_at.is_not(None)


@dataclass(frozen=True, slots=True)
class SuppressionRow:
    """Why an address must not be mailed, and since when.

    One that is not in force awaits an admin's word. `address` is that of a subscriber, if any.
    """

    reason: str
    since: datetime
    detail: str | None = None
    in_force: bool = True
    address_hash: str = ""
    address: str | None = None

    @property
    def words(self) -> str:
        """The reason as a person is told it."""
        return f"{self.reason}: {self.detail}" if self.detail else self.reason


def holds(connection: Connection, hashed: str) -> bool:
    """Say whether the address of that hash must not be mailed."""
    return of(connection, hashed) is not None


def of(connection: Connection, hashed: str) -> SuppressionRow | None:
    """Return the suppression in force for the address of that hash."""
    row = noted(connection, hashed)
    return row if row is not None and row.in_force else None


def noted(connection: Connection, hashed: str) -> SuppressionRow | None:
    """Return the suppression of the address of that hash, also one that awaits an admin."""
    query = select(_SUPPRESSION).where(_SUPPRESSION.c.address_hash == hashed)
    row = connection.execute(query).first()
    return None if row is None else _row(row)


def every(connection: Connection) -> set[str]:
    """Return the hashes of all addresses that must not be mailed."""
    return set(connection.scalars(select(_SUPPRESSION.c.address_hash).where(_IN_FORCE)))


def newest_first(
    connection: Connection, limit: int, *, awaiting: bool = False
) -> list[SuppressionRow]:
    """Return the latest suppressions, with the addresses of those who are subscribers.

    `awaiting` leaves out those in force.
    """
    query = select(_SUPPRESSION).order_by(_SUPPRESSION.c.since.desc(), _SUPPRESSION.c.address_hash)
    if awaiting:
        query = query.where(~_IN_FORCE)
    rows = connection.execute(query.limit(limit)).all()
    wanted = {row.address_hash for row in rows}
    known: dict[str, str] = {}
    if wanted:
        # Only hashes are kept, so that an erased reader's address is not: look from the other end.
        addresses = select(_SUBSCRIBER.c.address).where(_SUBSCRIBER.c.address.is_not(None))
        known = {h: a for a in connection.scalars(addresses) if (h := address_hash(a)) in wanted}
    return [_row(row, known.get(row.address_hash)) for row in rows]


def count(connection: Connection) -> tuple[int, int]:
    """Return how many suppressions are in force, and how many await an admin."""
    everyone, in_force = connection.execute(
        select(func.count(), func.count(_SUPPRESSION.c.effective_at)).select_from(_SUPPRESSION)
    ).one()
    return in_force, everyone - in_force


def add(
    connection: Connection, hashed: str, reason: str, now: datetime, detail: str | None = None
) -> None:
    """Suppress the address of that hash from now on; one that is suppressed already stays so."""
    statement = upsert(connection, tables.Suppression)
    names = ("reason", "detail", "since", "effective_at")
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["address_hash"],
            set_={name: getattr(statement.excluded, name) for name in names},
            where=~_IN_FORCE,
        ),
        {
            "address_hash": hashed,
            "reason": reason,
            "detail": detail,
            "since": now,
            "effective_at": now,
        },
    )


def doubt(connection: Connection, since: datetime) -> int:
    """Let those whom a server refused since then be mailed until an admin decides; return how
    many suppressions now await that.
    """
    connection.execute(
        update(_SUPPRESSION)
        .where(_SUPPRESSION.c.reason == REFUSED, _SUPPRESSION.c.since >= since, _IN_FORCE)
        .values(effective_at=None)
    )
    return count(connection)[1]


def confirm(connection: Connection, now: datetime, hashes: Sequence[str] | None = None) -> int:
    """Put suppressions that await an admin into force, all of them unless hashes are given;
    return how many.
    """
    statement: Any = update(_SUPPRESSION).where(~_IN_FORCE).values(effective_at=now)
    if hashes is not None:
        statement = statement.where(_SUPPRESSION.c.address_hash.in_(hashes))
    changed: int = connection.execute(statement).rowcount
    return changed


def lift(connection: Connection, hashed: str) -> bool:
    """Let the address of that hash be mailed again; False when it was not suppressed."""
    statement = delete(_SUPPRESSION).where(_SUPPRESSION.c.address_hash == hashed)
    return bool(connection.execute(statement).rowcount)


def lift_awaiting(connection: Connection) -> int:
    """Forget the suppressions that await an admin; return how many."""
    lifted: int = connection.execute(delete(_SUPPRESSION).where(~_IN_FORCE)).rowcount
    return lifted


def _row(row: Any, address: str | None = None) -> SuppressionRow:
    return SuppressionRow(
        row.reason,
        row.since,
        row.detail,
        row.effective_at is not None,
        row.address_hash,
        address,
    )
