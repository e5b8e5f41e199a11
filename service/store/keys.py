"""Signing keys: since when each was in use. The keys themselves are not in the database."""

from datetime import datetime

from sqlalchemy import Connection, select

from service.domain.keys import Key, KeyUse
from service.store import tables
from service.store.dialect import insert_new

_SIGNING_KEY = tables.table(tables.SigningKey)


def note_use(connection: Connection, key: Key, now: datetime) -> list[KeyUse]:
    """Put on record that a key is in use, if it is not; return all such records, the oldest
    first.
    """
    noted = _uses(connection)
    if any(use.key_id == key.key_id for use in noted):
        return noted
    insert_new(connection, tables.SigningKey, [{"key_id": key.key_id, "since": now}])
    return _uses(connection)


def _uses(connection: Connection) -> list[KeyUse]:
    rows = connection.execute(
        select(_SIGNING_KEY.c.key_id, _SIGNING_KEY.c.since).order_by(_SIGNING_KEY.c.since)
    )
    return [KeyUse(*row) for row in rows]
