"""Arrays of integers as PostgreSQL reads them: written by numpy, not number by number."""

from typing import Any

import numpy as np
from psycopg import Connection, postgres
from psycopg.adapt import Dumper
from psycopg.pq import Format

_BIGINT = postgres.types["int8"]
_ELEMENT = np.dtype([("size", ">i4"), ("value", ">i8")])


class IntegersDumper(Dumper):
    """Dumps a flat array of 64-bit integers as bigint[], in the binary format of array_recv."""

    format = Format.BINARY
    oid = _BIGINT.array_oid

    def dump(self, obj: Any) -> bytes:
        elements = np.empty(len(obj), dtype=_ELEMENT)
        elements["size"], elements["value"] = 8, obj
        # One dimension, no NULL, and of that: how long, and the number of its first element.
        head = np.array([1, 0, _BIGINT.oid, len(obj), 1], dtype=">i4")
        return head.tobytes() + elements.tobytes()


def take_arrays(connection: Connection[Any]) -> None:
    """Let the connection take arrays of integers as values."""
    connection.adapters.register_dumper(np.ndarray, IntegersDumper)
