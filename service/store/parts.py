"""Parts: encoded, immutable pieces of letters, each stored once a day for its content."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice

from sqlalchemy import Connection, delete, select

from service.store import tables
from service.store.bulk import among
from service.store.columns import insert_columns

_PART = tables.table(tables.Part)
_AT_ONCE = 5_000
_ID, _DAY, _SHA256, _BODY = _PART.c.id, _PART.c.day, _PART.c.sha256, _PART.c.body


def keep(connection: Connection, day: date, bodies: Sequence[bytes]) -> list[int]:
    """Store the bodies that this day does not have yet; return the id of each, in order."""
    hashes = [hashlib.sha256(body).digest() for body in bodies]
    rows = dict(zip(hashes, bodies, strict=True))
    insert_columns(
        connection,
        _PART,
        {"sha256": list(rows), "body": list(rows.values())},
        {"day": day},
        on_conflict="ON CONFLICT DO NOTHING",
    )
    ids: dict[bytes, int] = {}
    for some in _in_groups(rows):
        found = connection.execute(select(_SHA256, _ID).where(_DAY == day, _SHA256.in_(some)))
        ids |= dict(found.all())
    return [ids[sha256] for sha256 in hashes]


def _in_groups(hashes: Iterable[bytes]) -> Iterator[list[bytes]]:
    # Both databases bound the values that one statement may have.
    remaining = iter(hashes)
    while some := list(islice(remaining, _AT_ONCE)):
        yield some


def bodies_of(connection: Connection, part_ids: Iterable[int]) -> dict[int, bytes]:
    """Return the body of each part."""
    rows = connection.execute(select(_ID, _BODY).where(among(connection, _ID, part_ids)))
    return dict(rows.all())


def purge(connection: Connection, before: date) -> int:
    """Remove the parts of whole days before the date; return how many."""
    return connection.execute(delete(tables.Part).where(before > _DAY)).rowcount
