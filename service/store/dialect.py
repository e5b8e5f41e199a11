"""The one statement that SQLite and PostgreSQL share and SQL's standard does not: upsert."""

import itertools
import operator
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from service.store.tables import Row

# Many rows in one statement cost less than one each; both databases bound how many values.
_ROWS_AT_ONCE = 50


def upsert(connection: Connection, table: type[Row]) -> Any:
    """Return an INSERT for the connection's database that can say ON CONFLICT."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def insert_mappings(
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
    into = f"INSERT INTO {quote(table.name)} ({', '.join(map(quote, names))}) VALUES "
    values = f"({', '.join([mark] * len(names))})"
    unless_there = " ON CONFLICT DO NOTHING" if or_skip else ""
    columns = []
    for name in names:
        bind = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
        column = map(operator.itemgetter(name), rows)
        columns.append(map(bind, column) if bind else column)
    bound = zip(*columns, strict=True)
    while some := list(itertools.islice(bound, _ROWS_AT_ONCE)):
        connection.exec_driver_sql(
            into + ", ".join([values] * len(some)) + unless_there,
            tuple(itertools.chain.from_iterable(some)),
        )


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
