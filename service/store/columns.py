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

from service.store.bulk import Integers, Values, bound, insert_many

# Integers, texts or bytes, as the column of the table holds.
Column: TypeAlias = Integers | Sequence[Any]


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
    if connection.dialect.name == "sqlite":
        lists = (
            each.tolist() if isinstance(each, np.ndarray) else each for each in columns.values()
        )
        rows = list(zip(*lists, strict=True))
        insert_many(connection, table, list(columns), rows, constant, on_conflict=on_conflict)
        return
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
            whole = np.asarray(column) if isinstance(kind, Integer) else column
            arrays.append((kind.compile(connection.dialect), whole))
            names.append(name)
            taken.append(name)
    shared = bound(connection, table, constant)
    marks = ", ".join(f"%s::{kind}[]" for kind, _ in arrays)
    connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({', '.join([*columns, *shared])})"
        f" SELECT {', '.join([*taken, *['%s'] * len(shared)])}"
        f" FROM unnest({marks}) AS given({', '.join(names)}) {on_conflict}",
        (*runs, *shared.values(), *(array for _, array in arrays)),
    )
