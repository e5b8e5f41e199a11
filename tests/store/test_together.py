"""Those who wait for the same turn share one transaction, and nothing else."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError, OperationalError

from service.installation import Installation
from service.store.engine import Database
from service.store.together import Together
from service.store.turns import Turn

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


def come_at_once(database: Database, *names: str) -> list["Future[str]"]:
    """Have all ask while another writes, who then ends."""
    began = threading.Barrier(len(names) + 1)

    def come(name: str) -> str:
        began.wait()
        return database.write_together(adding(name))

    with ThreadPoolExecutor(len(names)) as threads, database.write(Turn.BULK):
        coming = [threads.submit(come, name) for name in names]
        began.wait()
    return coming


def test_whoever_fails_takes_back_what_was_their_own_and_the_others_are_in(
    database: Database,
) -> None:
    coming = come_at_once(database, *NAMES)
    assert isinstance(coming[2].exception(), LookupError)
    assert [one.result() for one in coming if one is not coming[2]] == ["ada", "bob", "dan"]
    assert guests(database) == ["ada", "bob", "dan"]


def test_of_two_who_want_the_same_place_one_gets_it(database: Database) -> None:
    coming = come_at_once(database, "ada", "ada", "bob")
    errors = [one.exception() for one in coming]
    assert sum(isinstance(error, IntegrityError) for error in errors) == 1
    assert guests(database) == ["ada", "bob"]


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
