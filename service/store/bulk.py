"""Many rows in one statement, without the cost of building each row's statement."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    any_,
    bindparam,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import NullType

from service.store.as_json import as_json

Integers: TypeAlias = npt.NDArray[np.int64]
Values = Mapping[str, Any]

_CLOSE = 3


def among(connection: Connection, column: ColumnElement[int], ids: Iterable[int] | Integers) -> Any:
    """Return the condition that a column of integers is one of `ids`, passed as one value.

    Where they follow each other it is a range on SQLite, which costs half.
    """
    listed = np.fromiter(ids, np.int64) if not isinstance(ids, np.ndarray) else ids
    if connection.dialect.name == "postgresql":
        # Of a range it does not know how many there are, in a table it has not analysed yet.
        return column == func.any(bindparam(None, listed, type_=NullType(), unique=True))
    if len(listed) and (np.diff(listed) == 1).all():
        return column.between(int(listed[0]), int(listed[-1]))
    each = func.json_each(f"[{','.join(map(str, listed.tolist()))}]").table_valued("value")
    return column.in_(select(each.c.value))


def covering(
    connection: Connection, ids: Integers, column: ColumnElement[int], *equal: ColumnElement[int]
) -> Any:
    """Return a condition that holds where a column of integers, and those `equal` to it by a join,
    is one of `ids`, and perhaps for some numbers between them.

    Where `ids` stand close together it is a range: to walk through an index, and past a few rows
    that nobody asked for, costs a third of descending into it for each of them. Told of one table
    only, PostgreSQL looks through the whole of the next one.
    """
    if len(ids):
        least, most = int(ids.min()), int(ids.max())
        if most - least < _CLOSE * len(ids):
            return and_(*(each.between(least, most) for each in (column, *equal)))
    return among(connection, column, ids)


def among_texts(connection: Connection, column: ColumnElement[str], texts: Iterable[str]) -> Any:
    """Return the condition that a column of texts is one of `texts`, passed as one value."""
    listed = list(texts)
    if connection.dialect.name == "postgresql":
        return column == any_(bindparam(None, listed, type_=ARRAY(column.type), unique=True))
    return column.in_(select(func.json_each(as_json(listed)).table_valued("value").c.value))


def given(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> tuple[str, tuple[Any, ...]]:
    """Return rows of a table's `columns` as `WITH given(…) AS (…)`, and the values of its marks.

    The values are as the driver takes them.
    """
    head = f"WITH given({', '.join(columns)}) AS "
    if connection.dialect.name == "postgresql":
        arrays = ", ".join(
            f"%s::{table.c[name].type.compile(connection.dialect)}[]" for name in columns
        )
        return f"{head}(SELECT * FROM unnest({arrays}))", tuple(map(list, zip(*rows, strict=True)))
    marks = f"({', '.join('?' * len(columns))})"
    values = tuple(itertools.chain.from_iterable(rows))
    return f"{head}(VALUES {', '.join([marks] * len(rows))})", values


def update_many(
    connection: Connection, table: Table, key: str, ids: Sequence[int] | Integers, constant: Values
) -> None:
    """Give all rows whose `key` is among `ids` the same values."""
    if len(ids) == 0:
        return
    connection.execute(update(table).where(among(connection, table.c[key], ids)).values(**constant))


def update_each(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    constant: Values,
) -> None:
    """Give each row its own values of `columns`, as the drivers take them, and the `constant` ones.

    A row's values are followed by its id.
    """
    if not rows:
        return
    mark = mark_of(connection)
    shared = bound(connection, table, constant)
    assigned = ", ".join(f"{name} = {mark}" for name in (*shared, *columns))
    connection.exec_driver_sql(
        f"UPDATE {table.name} SET {assigned} WHERE id = {mark}",
        [(*shared.values(), *row) for row in rows],
    )


def mark_of(connection: Connection) -> str:
    """Return what stands for a value in SQL as the driver reads it."""
    return "%s" if connection.dialect.name == "postgresql" else "?"


def bound(connection: Connection, table: Table, values: Values) -> dict[str, Any]:
    """Return the values as the driver takes them, by the types of their columns."""
    made = {}
    for name, value in values.items():
        impl = table.c[name].type.dialect_impl(connection.dialect)
        bind = impl.bind_processor(connection.dialect)
        made[name] = bind(value) if bind else value
    return made
