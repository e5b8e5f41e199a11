"""Locks that die with their holder: a process that is killed holds nothing."""

import fcntl
import os
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

# All of Paperround's advisory locks share one class number ("PRND"), apart from other programs'.
_LOCK_CLASS = 0x50524E44


class Lock(Protocol):
    def held(self) -> bool:
        """Say whether the lock is still ours: a lost database connection loses it."""

    def release(self) -> None: ...


class FileLocks:
    """flock on files in one folder, for processes of one machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, name: str, *, wait: bool = True, shared: bool = False) -> "FileLock | None":
        descriptor = self._open(name)
        try:
            kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
            fcntl.flock(descriptor, kind | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        return FileLock(descriptor)

    def _open(self, name: str) -> int:
        path = f"{self._folder}/{name}"
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        try:
            return os.open(path, flags, 0o600)
        except FileNotFoundError:
            self._folder.mkdir(exist_ok=True)
            return os.open(path, flags, 0o600)

    def forget(self, name: str) -> None:
        """Remove the file of a lock that nobody will take again."""
        (self._folder / name).unlink(missing_ok=True)


class FileLock:
    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def held(self) -> bool:
        return self._descriptor is not None

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class AdvisoryLocks:
    """PostgreSQL's session advisory locks, each on a connection of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take(self, name: str, *, wait: bool = True) -> "AdvisoryLock | None":
        number = zlib.crc32(name.encode()) - 2**31
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        function = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
        try:
            taken = connection.scalar(
                text(f"SELECT {function}(:class, :number)"),
                {"class": _LOCK_CLASS, "number": number},
            )
        except BaseException:
            connection.invalidate()
            connection.close()
            raise
        if taken is False:
            connection.close()
            return None
        return AdvisoryLock(connection)

    def forget(self, name: str) -> None:
        """Advisory locks leave nothing behind."""


class AdvisoryLock:
    """A lock that a session of its own holds: what is written on `connection` is lost with it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def held(self) -> bool:
        # A new session would answer, but hold no lock.
        if self.connection.closed or self.connection.invalidated:
            return False
        try:
            self.connection.scalar(text("SELECT 1"))
        except DBAPIError:
            return False
        return True

    def release(self) -> None:
        if self.connection.closed:
            return
        if not self.connection.invalidated:
            with suppress(DBAPIError):
                # The server notices only some time after it that a session was closed.
                self.connection.scalar(text("SELECT pg_advisory_unlock_all()"))
        with suppress(DBAPIError):
            # Closing the session gives back every lock it holds, whatever state it is in.
            self.connection.invalidate()
        self.connection.close()
