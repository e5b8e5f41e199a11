"""The schedule moves the service by itself: a file goes in, a letter comes out."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conftest import OpenWith
from peers.deadline import until
from peers.digest_file import put, put_bytes
from peers.letter import text_of
from peers.log import Lines, kept_log
from peers.newsroom import subscribe

from service.demo.catcher import Catcher
from service.installation import Installation
from service.schedule import Schedule
from service.store import deliveries, editions

Start = Callable[..., Schedule]


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def start(house: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start a schedule that ticks often and serves every reader, whatever their hour."""
    monkeypatch.setattr("service.schedule.DELIVER_SECONDS", 0.05)
    started: list[Schedule] = []

    def start_one(installation: Installation = house) -> Schedule:
        schedule = Schedule(installation, now, tick_seconds=0.05, everyone=True)
        schedule.start()
        started.append(schedule)
        return schedule

    yield start_one
    for schedule in started:
        schedule.stop()


@pytest.fixture
def log() -> Iterator[Lines]:
    with kept_log() as lines:
        yield lines


def test_a_file_dropped_in_the_folder_comes_out_as_a_letter(
    house: Installation, catcher: Catcher, start: Start
) -> None:
    subscribe(house, "ada@example.org", "maps", at=now())
    start()
    put(house.digest_dir, "2026-08-21.json", "Maps of Rivers", "Cooking for Robots")
    until(catcher.letters)
    (letter,) = catcher.letters()
    assert letter.rcpt_to == ("ada@example.org",)
    assert "Maps of Rivers" in text_of(letter)
    assert "Cooking" not in text_of(letter)


def test_stop_ends_every_tick_and_nothing_is_sent_after_it(
    house: Installation, catcher: Catcher, start: Start
) -> None:
    subscribe(house, "ada@example.org", "maps", at=now())
    schedule = start()
    put(house.digest_dir, "2026-08-21.json", "Maps of Rivers")
    until(catcher.letters)
    schedule.stop()
    with house.database.read() as connection:
        books = deliveries.books(connection)
    assert books.balanced
    assert (books.by_status["sent"], books.by_status["sending"]) == (1, 0)
    put(house.digest_dir, "2026-08-22.json", "Maps of Mountains")
    schedule._round()
    schedule._deliver()
    assert len(catcher.letters()) == 1, "a stopped schedule delivers nothing"


def test_two_schedules_on_one_database_send_each_letter_once(
    house: Installation, open_with: OpenWith, catcher: Catcher, start: Start
) -> None:
    for number in range(40):
        subscribe(house, f"reader{number}@example.org", "maps", at=now())
    start()
    start(open_with(smtp_url="smtp://{}:{}".format(*catcher.address)))
    put(house.digest_dir, "2026-08-21.json", "Maps of Rivers")
    until(lambda: len(catcher.letters()) >= 40)
    put(house.digest_dir, "2026-08-22.json", "Maps of Mountains")
    until(lambda: _editions(house) == 2)
    assert sorted(letter.rcpt_to[0] for letter in catcher.letters()) == sorted(
        f"reader{number}@example.org" for number in range(40)
    )


def _editions(house: Installation) -> int:
    with house.database.read() as connection:
        return editions.count(connection)


def test_a_file_that_fails_is_logged_once_and_again_when_it_was_changed(
    house: Installation, start: Start, log: Lines
) -> None:
    put_bytes(house.digest_dir, "broken.json", b"[")
    start()

    def failures() -> list[str]:
        return [line["file"] for line in log() if line["event"] == "digest_file_failed"]

    until(failures)
    # Each good file that goes in marks a later tick.
    for number in range(3):
        put(house.digest_dir, f"good{number}.json", f"Maps {number}")
        until(lambda number=number: _editions(house) == number + 1)
    assert failures() == ["broken.json"]

    put_bytes(house.digest_dir, "broken.json", b"[[")
    until(lambda: len(failures()) == 2)


def test_a_file_is_looked_at_again_when_the_database_failed_meanwhile(
    house: Installation, start: Start, log: Lines
) -> None:
    with house.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE edition RENAME TO edition_away")
    put(house.digest_dir, "2026-08-21.json", "Maps of Rivers")
    start()
    until(lambda: [line for line in log() if line["event"] == "database_failed"])
    with house.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE edition_away RENAME TO edition")
    until(lambda: _editions(house) == 1)


def test_a_folder_that_is_gone_is_logged_once_and_letters_are_planned_all_the_same(
    house: Installation,
    catcher: Catcher,
    start: Start,
    log: Lines,
) -> None:
    subscribe(house, "ada@example.org", "maps", at=now())
    put(house.digest_dir, "2026-08-21.json", "Maps of Rivers")
    start()
    until(catcher.letters)
    away = house.digest_dir.rename(house.digest_dir.with_name("away"))
    until(lambda: [line for line in log() if line["event"] == "digest_folder_failed"])
    subscribe(house, "bob@example.org", "maps", at=now())
    until(lambda: len(catcher.letters()) == 2)
    assert len([line for line in log() if line["event"] == "digest_folder_failed"]) == 1
    away.rename(house.digest_dir)
    put(house.digest_dir, "2026-08-22.json", "Maps of Mountains")
    until(lambda: _editions(house) == 2)


def test_a_folder_that_a_symlink_leads_to_is_not_taken_in(
    house: Installation, tmp_path: Path, start: Start
) -> None:
    put(tmp_path / "elsewhere", "secret.json", "A Secret Paper")
    (house.digest_dir / "link").symlink_to(tmp_path / "elsewhere")
    (house.digest_dir / "zz.json").symlink_to(tmp_path / "elsewhere" / "secret.json")
    start()
    put(house.digest_dir, "zzz.json", "Maps of Rivers")
    until(lambda: _editions(house) >= 1)
    with house.database.read() as connection:
        from service.store import papers

        assert [p.paper.title for p in papers.between(connection, 0, 99)] == ["Maps of Rivers"]


def test_a_server_that_is_down_is_logged_and_the_service_goes_on(
    open_with: OpenWith, tmp_path: Path, start: Start, log: Lines
) -> None:
    gone = Catcher()
    gone.start()
    gone.stop()
    (tmp_path / "digests").mkdir(exist_ok=True)
    house = open_with(smtp_url="smtp://{}:{}".format(*gone.address))
    subscribe(house, "ada@example.org", "maps", at=now())
    start(house)
    put(house.digest_dir, "2026-08-21.json", "Maps of Rivers")
    until(lambda: [line for line in log() if line["event"] == "delivery_halted"])
    put(house.digest_dir, "2026-08-22.json", "Maps of Mountains")
    until(lambda: _editions(house) == 2)
    with house.database.read() as connection:
        assert deliveries.books(connection).by_status["queued"] == 1


def test_the_log_names_no_reader_and_holds_no_token(
    house: Installation,
    catcher: Catcher,
    start: Start,
    log: Lines,
) -> None:
    subscribe(house, "ada.lovelace@example.org", "a secret passion", "maps", at=now())
    put_bytes(house.digest_dir, "broken.json", b"[")
    schedule = start()
    put(house.digest_dir, "2026-08-21.json", "Maps of Rivers")
    until(catcher.letters)
    schedule.stop()
    lines = log()
    assert {line["event"] for line in lines} >= {
        "edition_ingested", "letters_planned", "letters_delivered", "digest_file_failed",
    }  # fmt: skip
    said = json.dumps(lines)
    (letter,) = catcher.letters()
    secrets = {
        "lovelace",
        "passion",
        letter.headers()["Message-ID"].strip("<>").partition("@")[0],
        letter.mail_from.partition("@")[0],
        letter.headers()["List-Unsubscribe"].partition("/u/")[2].partition(">")[0],
    }
    for secret in secrets:
        assert len(secret) > 6
        assert secret not in said
