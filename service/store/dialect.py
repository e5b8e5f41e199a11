"""The one statement that SQLite and PostgreSQL share and SQL's standard does not: upsert."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from service.store.tables import Row


def upsert(connection: Connection, table: type[Row]) -> Any:
    """Return an INSERT for the connection's database that can say ON CONFLICT."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def insert_new(
    connection: Connection,
    table: type[Row],
    rows: Sequence[Mapping[str, Any]],
    returning: Any = None,
) -> list[Any]:
    """Insert the rows whose unique values are new, and pass over the others.

    Returns the `returning` column of those inserted; a row count would not tell (psycopg gives
    none for ON CONFLICT).
    """
    if not rows:
        return []
    statement = upsert(connection, table).on_conflict_do_nothing()
    if returning is None:
        connection.execute(statement, rows)
        return []
    return list(connection.execute(statement.returning(returning), rows).scalars())
