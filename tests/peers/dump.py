"""A database as text, to tell whether anything in it changed or names somebody."""

from collections.abc import Sequence

from sqlalchemy import Connection, MetaData, Table, inspect, select

from service.store.engine import Database

_seen: dict[tuple[str, ...], Sequence[Table]] = {}


def dump(database: Database, *, without: frozenset[str] = frozenset()) -> str:
    """Return every row of every table, in an order of its own; leave out some tables."""
    lines = []
    with database.read() as connection:
        for table in _tables(connection):
            if table.name not in without:
                rows = connection.execute(select(table)).all()
                lines += sorted(f"{table.name}: {dict(row._mapping)!r}" for row in rows)
    return "\n".join(lines)


def _tables(connection: Connection) -> Sequence[Table]:
    """Return all tables that there are. To read their columns takes longer than their rows: those
    of a database with the same names are the same.
    """
    names = sorted(inspect(connection).get_table_names())
    key = (connection.dialect.name, *names)
    if key not in _seen:
        metadata = MetaData()
        metadata.reflect(connection)
        _seen[key] = [metadata.tables[name] for name in names]
    return _seen[key]
