"""Holds: scopes in which no letter is claimed until somebody lifts them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from service.store import tables
from service.store.dialect import upsert

EVERYTHING = "all"
# Everything, too, but not by an admin's wish: refusals were too many.
BREAKER = "breaker"
# Everything, since the database is older than the letters last sent from it.
RESTORED = "restored"
_DOMAIN = "domain:"

_HOLD = tables.table(tables.Hold)
_IN_FORCE = (
    select(_HOLD.c.scope, _HOLD.c.reason, _HOLD.c.since)
    .where(_HOLD.c.until.is_(None))
    .order_by(_HOLD.c.scope)
)


@dataclass(frozen=True, slots=True)
class HoldRow:
    """A scope in which nothing is sent, why, and since when."""

    scope: str
    reason: str
    since: datetime

    @property
    def halts(self) -> bool:
        """Whether it came of trouble, not by an admin's wish."""
        return self.scope in (BREAKER, RESTORED)

    @property
    def domain(self) -> str | None:
        """The destination domain that is held, if it is not everything."""
        return self.scope.removeprefix(_DOMAIN) if self.scope.startswith(_DOMAIN) else None


@dataclass(frozen=True, slots=True)
class Holds:
    """What is held at one moment; `everything` is the gravest of the holds on all letters."""

    rows: tuple[HoldRow, ...]

    @property
    def everything(self) -> HoldRow | None:
        scopes = {row.scope: row for row in self.rows}
        return scopes.get(RESTORED) or scopes.get(BREAKER) or scopes.get(EVERYTHING)

    @property
    def domains(self) -> tuple[str, ...]:
        return tuple(row.domain for row in self.rows if row.domain is not None)


def scope_of(domain: str | None) -> str:
    """Return the scope of a destination domain in normal form, or of everything."""
    return EVERYTHING if domain is None else f"{_DOMAIN}{domain}"


def in_force(connection: Connection) -> Holds:
    """Return what is held now, everything first, then by domain."""
    return Holds(tuple(HoldRow(*row) for row in connection.execute(_IN_FORCE)))


def place(connection: Connection, scope: str, reason: str, now: datetime) -> None:
    """Hold a scope until it is lifted; a hold in force takes the new reason."""
    statement = upsert(connection, tables.Hold)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["scope"],
            set_={"reason": reason, "since": now, "until": None},
        ),
        {"scope": scope, "reason": reason, "since": now},
    )


def lift(connection: Connection, scope: str, now: datetime) -> bool:
    """End a hold; False when the scope is not held. When it ended stays on record."""
    held = (_HOLD.c.scope == scope, _HOLD.c.until.is_(None))
    return bool(connection.execute(update(_HOLD).where(*held).values(until=now)).rowcount)


def lifted_at(connection: Connection, scope: str) -> datetime | None:
    """Return when the last hold of a scope ended; None when there was none or it is in force."""
    ended: datetime | None = connection.scalar(select(_HOLD.c.until).where(_HOLD.c.scope == scope))
    return ended
