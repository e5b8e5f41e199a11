"""Backups of a test's database: a real copy, and the restoring of it."""

import shutil
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from service.installation import Installation


class Backup:
    """The database of an installation as it is now; its file of settings and marker stay out."""

    def __init__(self, installation: Installation, database_url: str) -> None:
        self._installation = installation
        self._url = database_url
        installation.database.close()
        embedded = installation.database.embedded
        self._file = embedded
        self._name = urlsplit(database_url).path.strip("/")
        if embedded is not None:
            shutil.copy(embedded, self._copy(embedded))
        else:
            self._sql(f"DROP DATABASE IF EXISTS {self._name}_backup")
            self._sql(f"CREATE DATABASE {self._name}_backup TEMPLATE {self._name}")

    def restore(self) -> None:
        """Put the copy in the database's place."""
        self._installation.database.close()
        if self._file is not None:
            for end in ("-wal", "-shm"):
                self._file.with_name(self._file.name + end).unlink(missing_ok=True)
            shutil.copy(self._copy(self._file), self._file)
        else:
            self._sql(f"DROP DATABASE {self._name}")
            self._sql(f"CREATE DATABASE {self._name} TEMPLATE {self._name}_backup")

    @staticmethod
    def _copy(file: Path) -> Path:
        return file.with_name("backup.db")

    def _sql(self, statement: str) -> None:
        server = self._url.replace(f"/{self._name}?", "/postgres?", 1)
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(statement)
