"""Suppressions: addresses never to mail again."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from service.store import tables

_SUPPRESSION = tables.table(tables.Suppression)


def holds(connection: Connection, address_hash: str) -> bool:
    """Say whether the address of that hash must not be mailed."""
    return bool(
        connection.scalar(
            select(_SUPPRESSION.c.address_hash).where(
                _SUPPRESSION.c.address_hash == address_hash,
                _SUPPRESSION.c.effective_at.is_not(None),
            )
        )
    )


@dataclass(frozen=True, slots=True)
class SuppressionRow:
    """Why an address must not be mailed, and since when."""

    reason: str
    since: datetime


def of(connection: Connection, address_hash: str) -> SuppressionRow | None:
    """Return the suppression in force for the address of that hash."""
    row = connection.execute(
        select(_SUPPRESSION.c.reason, _SUPPRESSION.c.since).where(
            _SUPPRESSION.c.address_hash == address_hash, _SUPPRESSION.c.effective_at.is_not(None)
        )
    ).first()
    return None if row is None else SuppressionRow(*row)


def every(connection: Connection) -> set[str]:
    """Return the hashes of all addresses that must not be mailed."""
    query = select(_SUPPRESSION.c.address_hash).where(_SUPPRESSION.c.effective_at.is_not(None))
    return set(connection.scalars(query))
