"""A database as text, to tell whether anything in it changed or names somebody."""

from sqlalchemy import MetaData, select

from service.store.engine import Database


def dump(database: Database, *, without: frozenset[str] = frozenset()) -> str:
    """Return every row of every table, in an order of its own; leave out some tables."""
    metadata = MetaData()
    lines = []
    with database.read() as connection:
        metadata.reflect(connection)
        for table in sorted(metadata.tables.values(), key=lambda table: table.name):
            if table.name not in without:
                rows = connection.execute(select(table)).all()
                lines += sorted(f"{table.name}: {dict(row._mapping)!r}" for row in rows)
    return "\n".join(lines)
