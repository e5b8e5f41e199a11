"""Rows written and read by column: nothing is lost between arrays and either database."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    select,
)

from service.installation import Installation
from service.store.bulk import among, covering
from service.store.columns import fetch_columns, insert_columns

THING = Table(
    "thing",
    MetaData(),
    Column("id", BigInteger, primary_key=True),
    Column("small", Integer),
    Column("words", String),
    Column("octets", LargeBinary),
    Column("shared", String),
)
LARGEST = 2**63 - 1
# Neither database takes a NUL in a text, nor half of a surrogate pair.
WORDS = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=5)
ROWS = st.dictionaries(
    st.integers(-LARGEST, LARGEST),
    st.tuples(st.integers(-(2**31), 2**31 - 1), WORDS, st.binary(max_size=5)),
    max_size=250,
)


@pytest.fixture
def things(installation: Installation) -> Installation:
    with installation.database.write() as connection:
        THING.create(connection)
    return installation


@given(rows=ROWS)
@settings(
    max_examples=settings().max_examples // 5,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_rows_come_back_as_they_were_written(
    things: Installation, rows: dict[int, tuple[int, str, bytes]]
) -> None:
    small, words, octets = ([row[place] for row in rows.values()] for place in range(3))
    with things.database.write() as connection:
        connection.execute(delete(THING))
        insert_columns(
            connection,
            THING,
            {
                "id": np.array(list(rows), dtype=np.int64),
                "small": small,
                "words": words,
                "octets": octets,
            },
            {"shared": "by all"},
        )
        found = {row.id: tuple(row)[1:] for row in connection.execute(select(THING))}
        whole = fetch_columns(connection, select(THING.c.id, THING.c.small, THING.c.words))
    assert found == {key: (*row, "by all") for key, row in rows.items()}
    assert {key: tuple(row) for key, *row in zip(*whole, strict=True)} == {
        key: row[:2] for key, row in rows.items()
    }


def test_what_is_not_known_of_a_row_is_null_and_no_rows_are_none(things: Installation) -> None:
    some = {"id": [1, 2, 3], "small": [7, None, 9], "words": [None, "two", None]}
    with things.database.write() as connection:
        insert_columns(connection, THING, {name: [] for name in some}, {"shared": "by all"})
        insert_columns(connection, THING, some, {"shared": "by all"})
        found = connection.execute(select(THING).order_by(THING.c.id)).all()
    assert [tuple(row)[1:3] for row in found] == [(7, None), (None, "two"), (9, None)]


@pytest.mark.parametrize("ids", [[], [3], [2, 3, 4], [1, 3, 9], [4, 2], range(5), np.arange(2, 4)])
def test_ids_are_found_however_they_are_listed(things: Installation, ids: Sequence[int]) -> None:
    with things.database.write() as connection:
        insert_columns(connection, THING, {"id": np.arange(6)}, {"shared": "by all"})
        query = select(THING.c.id).where(among(connection, THING.c.id, ids))
        assert set(connection.scalars(query)) == {each for each in ids if each < 6}


@pytest.mark.parametrize("ids", [[], [3], [1, 3, 4], [0, 5], [4, 2, 0], [1, 900]])
def test_a_condition_that_covers_ids_holds_for_each_of_them(
    things: Installation, ids: list[int]
) -> None:
    with things.database.write() as connection:
        insert_columns(connection, THING, {"id": np.arange(6)}, {"shared": "by all"})
        covered = covering(connection, np.array(ids, dtype=np.int64), THING.c.id)
        found = set(connection.scalars(select(THING.c.id).where(covered)))
        assert {each for each in ids if each < 6} <= found <= set(range(6))
        assert all(min(ids) <= each <= max(ids) for each in found)
