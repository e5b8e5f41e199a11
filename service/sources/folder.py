"""Digest files on disk: found under paths, opened within bounds, put away when done with."""

import hashlib
import os
import stat
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from service.domain.papers import UnreadableFile

# A file written to so lately may not be whole yet: it is looked at again before it is read.
FRESH_SECONDS = 2.0
_LOOK_AGAIN_SECONDS = 0.2

_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """A digest file: open, and known by the hash of its bytes, or with the error that prevents it.

    `bad` tells an error of the file from one of the way to it. `writing` tells that the file is
    still being written. `modified` is when it was last written to, aware.
    """

    path: Path
    opened: BinaryIO | None = None
    sha256: str = ""
    error: str | None = None
    bad: bool = False
    writing: bool = False
    modified: datetime | None = None
    mark: tuple[int, int] = field(default=(0, 0), repr=False)

    @property
    def name(self) -> str:
        """The file's name as text: bytes of it that are not UTF-8 are replaced."""
        return os.fsencode(self.path.name).decode("utf-8", "replace")

    def changed(self) -> bool:
        """Tell whether the file was written to since it was opened."""
        return self.opened is not None and _mark(os.fstat(self.opened.fileno())) != self.mark


def files(paths: Iterable[Path], max_bytes: int) -> Iterator[Found]:
    """Yield the digest files that `paths` name, each open until the next one is asked for.

    A folder stands for the files directly in it, by name, without hidden ones and those that are
    named as unfinished (`.tmp`, `.part`); one that is still being written is told as such. A file
    named itself is always read. A file that is too large, not a regular one or a symlink out of
    its folder has an error; the others follow all the same.
    """
    for path in paths:
        writing: Collection[Path] = ()
        try:
            inside = [path]
            if path.is_dir():
                inside = candidates(path)
                writing = _still_written(inside)
        except OSError as error:
            yield Found(path, error=_reason(error))
            continue
        for candidate in inside:
            if candidate in writing:
                yield Found(candidate, writing=True)
                continue
            with _found(candidate, max_bytes) as found:
                yield found


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


def put_away(path: Path, into: str, reason: str | None = None) -> Path:
    """Move a file into the folder of that name beside it, with a `.reason.txt` where one is given.

    Returns where it is now: a number is added to a name that is taken. Raises OSError.
    """
    folder = path.parent / into
    folder.mkdir(exist_ok=True)
    number = 1
    target = folder / path.name
    while os.path.lexists(target):
        number += 1
        target = folder / f"{path.stem}-{number}{path.suffix}"
    path.rename(target)
    if reason is not None:
        explained = target.with_name(f"{target.name}.reason.txt")
        explained.write_text(f"{reason}\n", encoding="utf-8")
    return target


def is_settled(path: Path) -> bool:
    """Tell whether a file was left alone for a while, so that it is whole. Raises OSError."""
    return time.time() - path.lstat().st_mtime >= FRESH_SECONDS


def _still_written(paths: Iterable[Path]) -> set[Path]:
    fresh = {}
    for path in paths:
        with suppress(OSError):
            if not is_settled(path):
                fresh[path] = _mark(path.lstat())
    if not fresh:
        return set()
    time.sleep(_LOOK_AGAIN_SECONDS)
    changed = set()
    for path, mark in fresh.items():
        with suppress(OSError):
            if _mark(path.lstat()) != mark:
                changed.add(path)
    return changed


@contextmanager
def _found(path: Path, max_bytes: int) -> Iterator[Found]:
    try:
        opened = _open(_inside_its_folder(path), max_bytes)
    except UnreadableFile as error:
        yield Found(path, error=error.reason, bad=True)
        return
    except OSError as error:
        yield Found(path, error=_reason(error))
        return
    with opened:
        status = os.fstat(opened.fileno())
        try:
            sha256 = _hash(opened, max_bytes)
        except UnreadableFile as error:
            yield Found(path, error=error.reason, bad=True)
            return
        except OSError as error:
            yield Found(path, error=_reason(error))
            return
        modified = datetime.fromtimestamp(status.st_mtime, UTC)
        yield Found(path, opened, sha256, modified=modified, mark=_mark(status))


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


def _open(file: Path, max_bytes: int) -> BinaryIO:
    # O_NOFOLLOW: a symlink put in the file's place since it was looked at is refused.
    # O_NONBLOCK: opening a named pipe must not wait for its writer.
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableFile("not a regular file")
        # The size on record spares reading a huge file; the file may have grown since.
        _check_size(status.st_size, max_bytes)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _hash(opened: BinaryIO, max_bytes: int) -> str:
    digest = hashlib.sha256()
    size = 0
    while piece := opened.read(min(_PIECE, max_bytes + 1 - size)):
        size += len(piece)
        _check_size(size, max_bytes)
        digest.update(piece)
    opened.seek(0)
    return digest.hexdigest()


def _check_size(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise UnreadableFile(f"too large: {size:,} bytes, and the limit is {max_bytes:,}")


def _mark(status: os.stat_result) -> tuple[int, int]:
    return status.st_mtime_ns, status.st_size


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file or folder"
    return f"cannot be read: {error.strerror}"
