"""Many rows in one statement, without the cost of building each row's statement."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, any_, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY

Values = Mapping[str, Any]

_ROWS_AT_ONCE = 100


def among(connection: Connection, column: ColumnElement[int], ids: Iterable[int]) -> Any:
    """Return the condition that a column of integers is one of `ids`, passed as one value.

    Where they follow each other it is a range, which costs half.
    """
    listed = list(ids)
    if listed and listed == list(range(listed[0], listed[-1] + 1)):
        return column.between(listed[0], listed[-1])
    if connection.dialect.name == "postgresql":
        return column == any_(bindparam(None, listed, type_=ARRAY(column.type), unique=True))
    each = func.json_each(f"[{','.join(map(str, listed))}]").table_valued("value")
    return column.in_(select(each.c.value))


def insert_many(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    constant: Values,
    *,
    on_conflict: str = "",
) -> None:
    """Insert rows whose `columns` are integers, texts or bytes; all share the `constant` values.

    `on_conflict` is SQL that both databases understand.
    """
    if not rows:
        return
    names = ", ".join([*columns, *constant])
    if connection.dialect.name == "postgresql":
        shared = ", ".join(["%s"] * len(constant))
        connection.exec_driver_sql(
            f"INSERT INTO {table.name} ({names}) SELECT u.*, {shared} FROM "
            f"unnest({_arrays(connection, table, columns)}) AS u {on_conflict}",
            (*_bound(connection, table, constant), *map(list, zip(*rows, strict=True))),
        )
        return
    shared = ", ".join([*columns, *"?" * len(constant)])
    shared_values = _bound(connection, table, constant)
    marks = f"({', '.join('?' * len(columns))})"
    # One statement for many rows costs half of what one for each costs, and lets other threads
    # run while it does.
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        some = rows[start : start + _ROWS_AT_ONCE]
        connection.exec_driver_sql(
            f"WITH row({', '.join(columns)}) AS (VALUES {', '.join([marks] * len(some))})"
            # Without WHERE, SQLite would take ON CONFLICT for the condition of a join.
            f" INSERT INTO {table.name} ({names}) SELECT {shared} FROM row WHERE true"
            f" {on_conflict}",
            (*itertools.chain.from_iterable(some), *shared_values),
        )


def update_many(
    connection: Connection, table: Table, key: str, ids: Sequence[int], constant: Values
) -> None:
    """Give all rows whose `key` is among `ids` the same values."""
    if not ids:
        return
    connection.execute(update(table).where(among(connection, table.c[key], ids)).values(**constant))


def _arrays(connection: Connection, table: Table, columns: Sequence[str]) -> str:
    dialect = connection.dialect
    types = [table.c[name].type.compile(dialect) for name in columns]
    return ", ".join(f"%s::{type_}[]" for type_ in types)


def _bound(connection: Connection, table: Table, constant: Values) -> tuple[Any, ...]:
    """Return the values as the driver takes them, by the types of their columns."""
    bound = []
    for name, value in constant.items():
        bind = (
            table.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
        )
        bound.append(bind(value) if bind else value)
    return tuple(bound)
