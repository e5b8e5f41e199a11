"""Columns of numbers, texts and bytes, each read or written whole: a row costs no Python object."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
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

from service.store.bulk import Integers, Values, bound, given, mark_of

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
    """Insert rows given by column, none of them NULL; all rows share the `constant` values.

    `on_conflict` is SQL that both databases understand.
    """
    if not all(map(len, columns.values())):
        return
    names = ", ".join([*columns, *constant])
    selected = ", ".join([*columns, *[mark_of(connection)] * len(constant)])
    shared = bound(connection, table, constant).values()
    for head, values in _given(connection, table, columns):
        connection.exec_driver_sql(
            # Without WHERE, SQLite would take ON CONFLICT for the condition of a join.
            f"{head} INSERT INTO {table.name} ({names}) SELECT {selected} FROM given WHERE true"
            f" {on_conflict}",
            (*values, *shared),
        )


def _given(
    connection: Connection, table: Table, columns: Mapping[str, Column]
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield the rows as `bulk.given` returns some: all at once, or on SQLite a hundred.

    One statement for a hundred rows costs half of what one for each costs, and lets other threads
    run while it does.
    """
    if connection.dialect.name == "postgresql":
        yield _unnested(connection, table, columns)
        return
    lists = (each.tolist() if isinstance(each, np.ndarray) else each for each in columns.values())
    rows = zip(*lists, strict=True)
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        yield given(connection, table, list(columns), some)


def _unnested(
    connection: Connection, table: Table, columns: Mapping[str, Column]
) -> tuple[str, tuple[Any, ...]]:
    """Return the rows with each column as one value.

    Bytes go as one run that is cut into pieces there: in an array each would be escaped.
    """
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
            whole = np.asarray(column) if isinstance(kind, Integer) else column
            arrays.append((kind.compile(connection.dialect), whole))
            names.append(name)
            taken.append(name)
    marks = ", ".join(f"%s::{kind}[]" for kind, _ in arrays)
    return (
        f"WITH given({', '.join(columns)}) AS (SELECT {', '.join(taken)}"
        f" FROM unnest({marks}) AS listed({', '.join(names)})) ",
        (*runs, *(array for _, array in arrays)),
    )
