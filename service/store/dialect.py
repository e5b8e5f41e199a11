"""The one statement that SQLite and PostgreSQL share and SQL's standard does not: upsert."""

import operator
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from service.store.tables import Row


def upsert(connection: Connection, table: type[Row]) -> Any:
    """Return an INSERT for the connection's database that can say ON CONFLICT."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def insert_many(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    or_skip: bool = False,
) -> None:
    """Insert rows that all have the same columns; with `or_skip`, only those that are new.

    It does what executing an INSERT with a list does, in half the time: SQLAlchemy's own way of
    binding values, row by row, costs more than the database's work.
    """
    if not rows:
        return
    dialect = connection.dialect
    names = list(rows[0])
    mark = "?" if dialect.paramstyle == "qmark" else "%s"
    quote = dialect.identifier_preparer.quote
    sql = (
        f"INSERT INTO {quote(table.name)} ({', '.join(map(quote, names))})"
        f" VALUES ({', '.join([mark] * len(names))})"
    )
    if or_skip:
        sql += " ON CONFLICT DO NOTHING"
    columns = []
    for name in names:
        bind = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
        values = map(operator.itemgetter(name), rows)
        columns.append(map(bind, values) if bind else values)
    connection.exec_driver_sql(sql, list(zip(*columns, strict=True)))


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
