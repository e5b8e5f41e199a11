"""Migrations lead an empty database to the very tables that the code speaks of."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from conftest import make_settings
from sqlalchemy.engine import URL, make_url

from service import resources
from service.installation import open_installation
from service.store import migrate
from service.store.engine import Database, StoreError
from service.store.tables import Row


@pytest.fixture
def empty_postgres(postgres_server: str) -> Iterator[URL]:
    """The URL of a PostgreSQL database without a table."""
    with psycopg.connect(postgres_server.format(database="postgres"), autocommit=True) as server:
        server.execute("CREATE DATABASE without_a_table")
        url = make_url(postgres_server.format(database="without_a_table"))
        yield url.set(drivername="postgresql+psycopg")
        server.execute("DROP DATABASE without_a_table WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = (
        make_url(f"sqlite:///{tmp_path / 'empty.db'}")
        if request.param == "sqlite"
        else request.getfixturevalue("empty_postgres")
    )
    database = Database(url)
    yield database
    database.close()


def names_of_tables(database: Database) -> set[str]:
    return set(sa.inspect(database.engine).get_table_names())


def put_at(database: Database, revision: str) -> None:
    with database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :r"), {"r": revision})


def described(database: Database) -> set[tuple[str, ...]]:
    """Return all that makes the tables what they are, in the database's own words."""
    if database.embedded is not None:
        query = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type = 'index'"
    else:
        query = """
            SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
            UNION ALL SELECT 'constraint', conname, conrelid::regclass || pg_get_constraintdef(oid)
            FROM pg_constraint WHERE connamespace = 'public'::regnamespace
            UNION ALL SELECT 'options', relname, coalesce(reloptions::text, '')
            FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
            UNION ALL SELECT table_name, column_name,
            concat_ws(' ', data_type, is_nullable, column_default, is_identity)
            FROM information_schema.columns WHERE table_schema = 'public'
        """
    inspected = sa.inspect(database.engine)
    with database.read() as connection:
        said = {
            tuple(" ".join(x.split()) for x in row) for row in connection.exec_driver_sql(query)
        }
    for name in inspected.get_table_names():
        columns = [
            (c["name"], str(c["type"]), c["nullable"], c["default"])
            for c in inspected.get_columns(name)
        ]
        said |= {("column", name, *map(str, column)) for column in columns}
        said |= {("check", name, str(c["sqltext"])) for c in inspected.get_check_constraints(name)}
        said |= {("unique", name, str(c)) for c in inspected.get_unique_constraints(name)}
        said |= {("foreign", name, str(c)) for c in inspected.get_foreign_keys(name)}
        said.add(("primary", name, str(inspected.get_pk_constraint(name))))
    return {line for line in said if "alembic_version" not in " ".join(line)}


def test_an_empty_database_becomes_the_tables_of_the_code(empty: Database) -> None:
    before, after = migrate.upgrade(empty)
    assert before is None
    assert migrate.revisions(empty) == (after, after)
    with empty.read() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, Row.metadata) == []


def test_partial_indexes_checks_and_storage_are_those_of_the_code_too(empty: Database) -> None:
    Row.metadata.create_all(empty.engine)
    wanted = described(empty)
    assert any("queued" in " ".join(line) and "WHERE" in " ".join(line) for line in wanted)
    Row.metadata.drop_all(empty.engine)
    migrate.upgrade(empty)
    assert described(empty) == wanted


def test_upgrading_twice_changes_nothing(empty: Database) -> None:
    _, after = migrate.upgrade(empty)
    tables = described(empty)
    assert migrate.upgrade(empty) == (after, after)
    assert described(empty) == tables


def test_what_was_upgraded_can_be_taken_down_and_upgraded_again(empty: Database) -> None:
    migrate.upgrade(empty)
    tables = described(empty)
    config = Config()
    config.set_main_option("script_location", str(resources.folder("migrations")))
    with empty.write() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert names_of_tables(empty) == {"alembic_version"}
    migrate.upgrade(empty)
    assert described(empty) == tables


def test_a_migration_that_fails_leaves_the_database_as_it_was(empty: Database) -> None:
    with empty.write() as connection:
        # In the way of the first tables, but of none before it.
        connection.execute(sa.text("CREATE TABLE subscription (id INTEGER)"))
    with pytest.raises(sa.exc.DBAPIError):
        migrate.upgrade(empty)
    assert names_of_tables(empty) == {"subscription"}
    with empty.write() as connection:
        connection.execute(sa.text("DROP TABLE subscription"))
    migrate.upgrade(empty)
    assert "delivery" in names_of_tables(empty)


def test_an_embedded_database_upgrades_itself_when_it_is_opened(tmp_path: Path) -> None:
    installation = open_installation(make_settings(f"sqlite:///{tmp_path / 'new.db'}", tmp_path))
    assert "delivery" in names_of_tables(installation.database)
    installation.database.close()


def test_a_shared_database_that_is_behind_says_how_to_upgrade_it(
    empty_postgres: URL, tmp_path: Path
) -> None:
    url = empty_postgres.render_as_string(hide_password=False)
    with pytest.raises(StoreError, match="run `paperround db upgrade`"):
        open_installation(make_settings(url, tmp_path))
    database = Database(empty_postgres)
    assert names_of_tables(database) == set()
    migrate.upgrade(database)
    database.close()
    open_installation(make_settings(url, tmp_path)).database.close()


def test_a_database_newer_than_the_code_is_left_alone_with_clear_words(empty: Database) -> None:
    migrate.upgrade(empty)
    put_at(empty, "9999")
    for door in (migrate.check, migrate.upgrade):
        with pytest.raises(StoreError, match=r"revision 9999.*this version does not know"):
            door(empty)
    assert "delivery" in names_of_tables(empty)


def test_a_missing_folder_for_the_database_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere"
    with pytest.raises(StoreError, match=f"no folder {missing}"):
        Database(make_url(f"sqlite:///{missing / 'paperround.db'}"))
