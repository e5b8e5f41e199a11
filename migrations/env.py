"""Alembic's door: it runs on the connection it is given."""

from typing import Any

import sqlmodel.sql.sqltypes
from alembic import context
from alembic.autogenerate.api import AutogenContext

from service.store.tables import Row


def render_item(kind: str, item: Any, _: AutogenContext) -> str | bool:
    """Write SQLModel's types as the SQLAlchemy types they are in the database."""
    if kind == "type":
        if isinstance(item, sqlmodel.sql.sqltypes.AutoString):
            return "sa.String()"
        if isinstance(item, sqlmodel.sql.sqltypes.UTCDateTime):
            return "sa.DateTime(timezone=True)"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Row.metadata,
    render_item=render_item,
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
