"""Digest files on disk: found under paths, read within bounds."""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from service.domain.papers import UnreadableFile


@dataclass(frozen=True, slots=True)
class Found:
    """A digest file: its bytes, or the error for which it could not be read.

    `modified` is when it was last written to, aware, and None where there is no such file.
    """

    path: Path
    data: bytes | None = None
    error: str | None = None
    modified: datetime | None = None

    @property
    def name(self) -> str:
        """The file's name as text: bytes of it that are not UTF-8 are replaced."""
        return os.fsencode(self.path.name).decode("utf-8", "replace")


def files(paths: Iterable[Path], max_bytes: int) -> Iterator[Found]:
    """Yield the digest files that `paths` name, one in memory at a time.

    A folder stands for the files directly in it, by name, without hidden ones and those still
    being written (`.tmp`, `.part`). A file named itself is always read. A file that is too large,
    not a regular one or a symlink out of its folder has an error; the others follow all the same.
    """
    for path in paths:
        try:
            inside = candidates(path) if path.is_dir() else [path]
        except OSError as error:
            yield Found(path, error=_reason(error))
            continue
        for candidate in inside:
            yield _found(candidate, max_bytes)


def candidates(folder: Path) -> list[Path]:
    """Return the paths of a folder that may be digest files, by name. Raises OSError."""
    with os.scandir(folder) as entries:
        names = sorted(
            entry.name
            for entry in entries
            if not entry.name.startswith(".")
            and not entry.name.lower().endswith((".tmp", ".part"))
            and not entry.is_dir(follow_symlinks=False)
        )
    return [folder / name for name in names]


def _found(path: Path, max_bytes: int) -> Found:
    try:
        data, modified = _read(_inside_its_folder(path), max_bytes)
    except UnreadableFile as error:
        return Found(path, error=error.reason)
    except OSError as error:
        return Found(path, error=_reason(error))
    return Found(path, data=data, modified=modified)


def _inside_its_folder(path: Path) -> Path:
    """Return the file behind `path`, which may be a symlink to another file of its folder."""
    folder = path.parent.resolve(strict=True)
    try:
        file = path.resolve(strict=True)
    except RuntimeError:
        raise UnreadableFile("a symlink that leads back to itself") from None
    except FileNotFoundError:
        if path.is_symlink():
            raise UnreadableFile("a symlink to nothing") from None
        raise
    if not file.is_relative_to(folder):
        raise UnreadableFile("a symlink out of the folder")
    return file


def _read(file: Path, max_bytes: int) -> tuple[bytes, datetime]:
    # O_NOFOLLOW: a symlink put in the file's place since it was looked at is refused.
    # O_NONBLOCK: opening a named pipe must not wait for its writer.
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as opened:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableFile("not a regular file")
        # The size on record spares reading a huge file; the file may have grown since.
        data = b"" if status.st_size > max_bytes else opened.read(max_bytes + 1)
    size = max(status.st_size, len(data))
    if size > max_bytes:
        raise UnreadableFile(f"too large: {size:,} bytes, and the limit is {max_bytes:,}")
    return data, datetime.fromtimestamp(status.st_mtime, UTC)


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file or folder"
    return f"cannot be read: {error.strerror}"
