"""What all rows have in common."""

from typing import Any, ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Integer, MetaData, Table
from sqlalchemy.types import TypeEngine
from sqlmodel import Field, SQLModel

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# SQLite counts rows by itself only in a column declared INTEGER.
BigId: TypeEngine[int] = BigInteger().with_variant(Integer(), "sqlite")


# For ids that stand in links or deliveries: SQLite would give that of a removed last row again.
NEVER_REUSED = {"sqlite_autoincrement": True}


class Row(SQLModel):
    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING)


def table(row: type[Row]) -> Table:
    """Return the table of a row class, for statements without the ORM."""
    found: Table = row.__table__  # type: ignore[attr-defined]
    return found


def row_id(**options: Any) -> Any:
    return Field(default=None, primary_key=True, sa_type=BigId, **options)


def reference(target: str, **options: Any) -> Any:
    return Field(foreign_key=target, sa_type=BigId, **options)


def one_of(column: str, values: Any) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")
