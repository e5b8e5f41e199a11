"""Parts: encoded, immutable pieces of letters, each stored once a day for its content."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import islice

from sqlalchemy import Connection, delete, select

from service.store import tables
from service.store.bulk import among
from service.store.dialect import insert_new

_PART = tables.table(tables.Part)
_AT_ONCE = 5_000
_ID, _DAY, _SHA256, _BODY = _PART.c.id, _PART.c.day, _PART.c.sha256, _PART.c.body


def keep(connection: Connection, day: date, bodies: Sequence[bytes]) -> list[int]:
    """Store the bodies that this day does not have yet; return the id of each, in order."""
    hashes = [hashlib.sha256(body).digest() for body in bodies]
    rows = {
        sha256: {"day": day, "sha256": sha256, "body": body}
        for sha256, body in zip(hashes, bodies, strict=True)
    }
    ids: dict[bytes, int] = {}
    # Both databases bound the values that one statement may have.
    for start in range(0, len(rows), _AT_ONCE):
        some = dict(islice(rows.items(), start, start + _AT_ONCE))
        insert_new(connection, tables.Part, list(some.values()))
        found = connection.execute(select(_SHA256, _ID).where(_DAY == day, _SHA256.in_(some)))
        ids |= dict(found.all())
    return [ids[sha256] for sha256 in hashes]


def bodies_of(connection: Connection, part_ids: Iterable[int]) -> dict[int, bytes]:
    """Return the body of each part."""
    rows = connection.execute(select(_ID, _BODY).where(among(connection, _ID, part_ids)))
    return dict(rows.all())


def purge(connection: Connection, before: date) -> int:
    """Remove the parts of whole days before the date; return how many."""
    return connection.execute(delete(tables.Part).where(before > _DAY)).rowcount
