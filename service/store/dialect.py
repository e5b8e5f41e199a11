"""What SQLite and PostgreSQL can both do and SQL's standard does not say: upsert, and new ids."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, func, select
from sqlalchemy.dialects import postgresql, sqlite

from service.store.tables import Row


def upsert(connection: Connection, table: type[Row]) -> Any:
    """Return an INSERT for the connection's database that can say ON CONFLICT."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def new_ids(connection: Connection, table: Table, count: int) -> Sequence[int]:
    """Return the ids of the next rows of a table, in order, for the caller to insert them with.

    The caller holds a lock, so that nobody else inserts rows until this transaction ends.
    """
    if connection.dialect.name == "postgresql":
        sequence = func.pg_get_serial_sequence(table.name, "id")
        drawn = select(func.nextval(sequence)).select_from(func.generate_series(1, count))
        return connection.scalars(drawn).all()
    last = connection.scalar(select(func.max(table.c.id))) or 0
    return range(last + 1, last + 1 + count)


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
