"""Those who wait for the same turn share one transaction, and nothing else."""

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from peers.deadline import until
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import IntegrityError, OperationalError

from service.installation import Installation
from service.store.engine import Database
from service.store.together import Together
from service.store.turns import Turn

Errand = Callable[[Connection], str | None]
NAMES = ("ada", "bob", "carol", "dan")


@pytest.fixture
def database(installation: Installation) -> Database:
    with installation.database.write() as connection:
        connection.execute(text("CREATE TABLE guest (name TEXT PRIMARY KEY)"))
    return installation.database


def adding(name: str) -> Callable[[Connection], str]:
    def add(connection: Connection) -> str:
        connection.execute(text("INSERT INTO guest VALUES (:name)"), {"name": name})
        if name == "carol":
            raise LookupError("carol thinks better of it")
        return name

    return add


def guests(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.scalars(text("SELECT name FROM guest ORDER BY name")))


def come_at_once(database: Database, *errands: Errand) -> list["Future[str | None]"]:
    """Have all ask while another writes, who then ends."""
    began = threading.Barrier(len(errands) + 1)

    def come(errand: Errand) -> str | None:
        began.wait()
        return database.write_together(errand)

    with ThreadPoolExecutor(len(errands)) as threads, database.write(Turn.BULK):
        coming = [threads.submit(come, errand) for errand in errands]
        began.wait()
        # PostgreSQL's writers wait for nobody.
        if (together := database._together) is not None:
            until(lambda: len(together._waiting) == len(errands))
    return coming


def test_whoever_fails_takes_back_what_was_their_own_and_the_others_are_in(
    database: Database,
) -> None:
    coming = come_at_once(database, *map(adding, NAMES))
    assert isinstance(coming[2].exception(), LookupError)
    assert [one.result() for one in coming if one is not coming[2]] == ["ada", "bob", "dan"]
    assert guests(database) == ["ada", "bob", "dan"]


def test_of_two_who_want_the_same_place_one_gets_it(database: Database) -> None:
    coming = come_at_once(database, *map(adding, ("ada", "ada", "bob")))
    errors = [one.exception() for one in coming]
    assert sum(isinstance(error, IntegrityError) for error in errors) == 1
    assert guests(database) == ["ada", "bob"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nobody_is_told_that_they_are_in_where_a_full_disk_undoes_all(database: Database) -> None:
    def limit(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA max_page_count = 2000")
        # What does not fit into memory asks for its place on disk before the end.
        connection.execute("PRAGMA cache_size = 5")

    event.listen(database.engine, "checkout", limit)
    with database.write() as connection:
        # Without a key: of a statement that cannot fail by itself SQLite keeps nothing to undo.
        connection.execute(text("CREATE TABLE luggage (weight BLOB)"))

    def bringing_too_much(connection: Connection) -> None:
        connection.execute(text("INSERT INTO luggage VALUES (zeroblob(10000000))"))

    errands = [adding("ada"), adding("bob"), bringing_too_much, adding("dan")]
    coming = come_at_once(database, *errands)
    assert ["disk is full" in str(one.exception()) for one in coming] == [True] * 4
    assert guests(database) == []


def test_who_comes_alone_is_in_or_told_why_not(database: Database) -> None:
    assert database.write_together(adding("ada")) == "ada"
    with pytest.raises(LookupError):
        database.write_together(adding("carol"))
    assert guests(database) == ["ada"]


def test_all_are_told_when_their_transaction_cannot_be_had() -> None:
    def broken() -> None:
        raise OperationalError("BEGIN", {}, Exception("the disk is full"))

    together = Together(broken)  # type: ignore[arg-type]
    for _ in range(2):
        with pytest.raises(OperationalError):
            together.write(adding("ada"))
