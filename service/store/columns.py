"""Columns of numbers and texts, each read whole: a row costs no Python object."""

import json
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Connection, Integer, Select, Text, cast, func, select

Integers: TypeAlias = npt.NDArray[np.int64]


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
