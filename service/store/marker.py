"""The marker: a file beside the database that knows the last letters begun.

A backup put in the database's place is older than its marker: it does not know those letters.
Each worker has a place in the file, and notes a letter there once its begin is committed and
before its body goes out. So a worker that is killed leaves the marker behind the database, never
ahead of it.
"""

import hashlib
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from service.domain.deliveries import Claim
from service.store import tables
from service.store.engine import StoreError

_DELIVERY = tables.table(tables.Delivery)

# Workers are numbered one after another: so many can be at work without sharing a place.
_PLACES = 64
_WIDTH = 40
_NOTE = re.compile(rb"(\d{20}) (\d{8}) ([0-9a-f]{8})\n")


@dataclass(frozen=True, slots=True)
class Begun:
    """A letter that was begun, for the how-manieth time, and what tells it from any other."""

    delivery_id: int
    attempts: int
    digest: str


class Pen:
    """One worker's place in the marker. Use it as a context manager."""

    def __init__(self, path: Path, worker_id: int) -> None:
        """Raises StoreError where the file cannot be written."""
        self._path = path
        self._offset = worker_id % _PLACES * _WIDTH
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unwritable(path, error) from None

    def note(self, claim: Claim) -> None:
        """Note a letter whose begin is committed. Raises StoreError: its body must not go out."""
        digest = _digest(bytes.fromhex(claim.token))
        line = f"{claim.delivery_id:020} {claim.attempts + 1:08} {digest}\n".encode()
        try:
            os.pwrite(self._file, line, self._offset)
        except OSError as error:
            raise _unwritable(self._path, error) from None

    def __enter__(self) -> "Pen":
        return self

    def __exit__(self, *_: object) -> None:
        # A power cut may lose notes: then the marker knows less, and the database all the same.
        with suppress(OSError):
            os.fsync(self._file)
        os.close(self._file)


class Marker:
    """The file at a path, which is not part of the database's backups."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def pen(self, worker_id: int) -> Pen:
        return Pen(self.path, worker_id)

    def unknown_to(self, connection: Connection) -> Begun | None:
        """Return a letter that was begun, but not as far as this database knows; None: all is well.

        What cannot be read in the file, as after a power cut, says nothing. Raises StoreError
        where the file is there but cannot be opened.
        """
        # Of tries of one letter by several workers, the last counts.
        noted = {b.delivery_id: b for b in sorted(self._noted(), key=lambda b: b.attempts)}
        columns = (_DELIVERY.c.id, _DELIVERY.c.attempts, _DELIVERY.c.token)
        known = {
            row.id: row
            for row in connection.execute(select(*columns).where(_DELIVERY.c.id.in_(list(noted))))
        }
        for delivery_id, begun in sorted(noted.items(), reverse=True):
            row = known.get(delivery_id)
            if row is None or row.attempts < begun.attempts or _digest(row.token) != begun.digest:
                return begun
        return None

    def forget(self) -> None:
        """Forget all letters; from now on the database as it is counts."""
        with suppress(FileNotFoundError):
            os.truncate(self.path, 0)

    def _noted(self) -> list[Begun]:
        try:
            lines = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(f"the marker {self.path} cannot be read: {error.strerror}") from None
        return [
            Begun(int(number), int(attempts), digest.decode())
            for number, attempts, digest in _NOTE.findall(lines)
        ]


def _digest(token: bytes) -> str:
    # The token itself leads to the letter's web copy.
    return hashlib.sha256(token).hexdigest()[:8]


def _unwritable(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"the marker {path}, which tells a restored backup, cannot be written: {error.strerror}; "
        "nothing is sent without it. PAPERROUND_MARKER_FILE may name another place"
    )
