"""The keys of links in a file beside the database, made when there is none."""

import contextlib
import os
import secrets
from pathlib import Path

SHORTEST = 32


class KeyFileError(Exception):
    """A key file that cannot be used; the message says what to do."""


def keys_in(path: Path) -> list[bytes]:
    """Return the keys of a file, one a line, the one that signs first. Raises KeyFileError."""
    try:
        if not path.exists():
            _make(path)
        keys = [line.strip() for line in path.read_bytes().splitlines() if line.strip()]
    except OSError as error:
        raise KeyFileError(
            f"{path}, the key that signs links, cannot be made or read ({error.strerror})"
        ) from None
    if not keys or any(len(key) < SHORTEST for key in keys):
        raise KeyFileError(f"the key file {path} is cut short; restore it or remove it")
    return keys


def _make(path: Path) -> None:
    # A link appears whole or not at all: of two processes that start at once, both read one key.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
