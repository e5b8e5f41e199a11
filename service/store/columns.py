"""Columns of numbers, texts and bytes, each read or written whole: a row costs no Python object."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    LargeBinary,
    Select,
    Table,
    Text,
    cast,
    func,
    select,
)
from sqlalchemy.types import TypeEngine

from service.store.bulk import Integers, Values, bound, given

# Integers, texts or bytes, as the column of the table holds.
Column: TypeAlias = Integers | Sequence[Any]

_ROWS_AT_ONCE = 100


def fetch_columns(connection: Connection, query: Select[Any]) -> list[Any]:
    """Return the query's columns: integers as an array, texts as a list.

    No value may be NULL. The rows come in no order, the same one in all columns. The database
    puts each column together as one text, while other threads run.
    """
    columns = list(query.subquery().c)
    embedded = connection.dialect.name == "sqlite"
    row = connection.execute(select(*(_whole(column, embedded) for column in columns))).one()
    return [
        np.fromstring(text or "", dtype=np.int64, sep=",")
        if isinstance(column.type, Integer)
        else json.loads(text or "[]")
        for column, text in zip(columns, row, strict=True)
    ]


def _whole(column: ColumnElement[Any], embedded: bool) -> ColumnElement[Any]:
    if isinstance(column.type, Integer):
        return func.group_concat(column) if embedded else func.string_agg(cast(column, Text), ",")
    return func.json_group_array(column) if embedded else cast(func.json_agg(column), Text)


def insert_columns(
    connection: Connection,
    table: Table,
    columns: Mapping[str, Column],
    constant: Values,
    *,
    on_conflict: str = "",
) -> None:
    """Insert rows given by column; all rows share the `constant` values.

    Columns are as the drivers take them: integers, texts and bytes as they are, JSON and dates as
    texts. No bytes may be NULL. `on_conflict` is SQL that both databases understand.
    """
    if not all(map(len, columns.values())):
        return
    insert = _insert_rows if connection.dialect.name == "sqlite" else _insert_arrays
    insert(connection, table, columns, bound(connection, table, constant), on_conflict)


def _insert_rows(
    connection: Connection,
    table: Table,
    columns: Mapping[str, Column],
    shared: Values,
    on_conflict: str,
) -> None:
    lists = (each.tolist() if isinstance(each, np.ndarray) else each for each in columns.values())
    rows = list(zip(*lists, strict=True))
    names, taken = ", ".join([*columns, *shared]), ", ".join([*columns, *"?" * len(shared)])
    # One statement for many rows costs half of what one for each costs, and lets other threads
    # run while it does.
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        some = rows[start : start + _ROWS_AT_ONCE]
        head, values = given(connection, table, list(columns), some)
        connection.exec_driver_sql(
            # Without WHERE, ON CONFLICT would be taken for the condition of a join.
            f"{head} INSERT INTO {table.name} ({names}) SELECT {taken} FROM given WHERE true"
            f" {on_conflict}",
            (*values, *shared.values()),
        )


def _insert_arrays(
    connection: Connection,
    table: Table,
    columns: Mapping[str, Column],
    shared: Values,
    on_conflict: str,
) -> None:
    # Bytes go as one run that is cut into pieces there: in an array each would be escaped.
    runs: list[bytes] = []
    arrays: list[tuple[str, Any]] = []
    names, taken = [], []
    for name, column in columns.items():
        kind = table.c[name].type
        if isinstance(kind, LargeBinary):
            sizes = np.fromiter(map(len, column), np.int64, len(column))
            runs.append(b"".join(column))
            arrays += [("integer", np.cumsum(sizes) - sizes + 1), ("integer", sizes)]
            names += [f"{name}_from", f"{name}_size"]
            taken.append(f"substr(%s::bytea, {name}_from, {name}_size)")
        else:
            arrays.append((kind.compile(connection.dialect), _array(kind, column)))
            names.append(name)
            taken.append(name)
    marks = ", ".join(f"%s::{kind}[]" for kind, _ in arrays)
    connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({', '.join([*columns, *shared])})"
        f" SELECT {', '.join([*taken, *['%s'] * len(shared)])}"
        f" FROM unnest({marks}) AS given({', '.join(names)}) {on_conflict}",
        (*runs, *shared.values(), *(array for _, array in arrays)),
    )


def _array(kind: TypeEngine[Any], column: Column) -> Integers | list[Any]:
    if isinstance(kind, Integer) and (isinstance(column, np.ndarray) or None not in column):
        return np.asarray(column)
    return list(column)
