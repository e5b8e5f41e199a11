"""Bring a database to the tables of this version (Alembic)."""

from functools import cache

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from service import resources
from service.store.engine import Database, StoreError


def upgrade(database: Database) -> tuple[str | None, str]:
    """Upgrade to the newest revision; return the revisions before and after.

    Raises StoreError when the database is newer than this version.
    """
    with database.alone("migrate"):
        before, newest = revisions(database)
        if before != newest:
            config = _config()
            with database.write() as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
    return before, newest


def check(database: Database) -> None:
    """Upgrade an embedded database; raise StoreError where a shared one is not up to date.

    Machines that share a database must not change its tables under one another.
    """
    before, newest = revisions(database)
    if before == newest:
        return
    if database.embedded is None:
        raise StoreError("the database needs an upgrade first: run `paperround db upgrade`")
    upgrade(database)


def revisions(database: Database) -> tuple[str | None, str]:
    """Return the database's revision (None: empty) and the newest one.

    Raises StoreError when the database is newer than this version.
    """
    with database.read() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    scripts = _scripts()
    if current is not None:
        try:
            scripts.get_revision(current)
        except CommandError as error:
            raise StoreError(
                f"the database is at revision {current}, which this version does not know; "
                "run the version that made it, or a newer one"
            ) from error
    newest = scripts.get_current_head()
    assert newest is not None
    return current, newest


@cache
def _scripts() -> ScriptDirectory:
    # Reading them takes as long as most commands do.
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(resources.folder("migrations")))
    return config
