"""What the service says of itself: levels, one line an event, and no value of an error."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from service.domain.timetable import zone
from service.observe import set_up_logging


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    handlers, level = list(logging.root.handlers), logging.root.level
    yield
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def test_a_line_is_one_json_object_with_its_level_and_its_time_in_utc(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logging("info")
    structlog.get_logger().info("edition_ingested", papers=3)
    structlog.get_logger().debug("unheard")
    out, err = capsys.readouterr()
    assert out == ""
    line = json.loads(err)
    assert (line["event"], line["level"], line["papers"]) == ("edition_ingested", "info", 3)
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    ("level", "heard"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_a_level_silences_those_below_it(
    capsys: pytest.CaptureFixture[str], level: str, heard: list[str]
) -> None:
    set_up_logging(level)
    for name in ("debug", "info", "warning", "error"):
        getattr(structlog.get_logger(), name)("event")
    assert [json.loads(line)["level"] for line in capsys.readouterr().err.splitlines()] == heard


def test_an_error_is_told_by_its_kind_and_place_and_never_by_its_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logging("debug")
    try:
        zone("ada@example.org")
    except ValueError as error:
        structlog.get_logger().error("tick_failed", exc_info=error)
    said = capsys.readouterr().err
    line = json.loads(said)
    assert line["error"] == "TimetableError"
    (place,) = line["at"]
    assert place.startswith("domain/timetable.py:")
    assert "ada@" not in said


def test_libraries_are_heard_only_in_trouble(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("debug")
    logging.getLogger("uvicorn.access").info("GET /u/0123456789abcdef")
    logging.getLogger("apscheduler.scheduler").warning("skipped: maximum number of instances")
    logging.getLogger("asyncio").warning("a task was never awaited")
    said = capsys.readouterr().err
    assert "0123456789abcdef" not in said
    assert "skipped" not in said, "a long delivery would say so every second"
    assert "never awaited" in said


def test_what_libraries_say_is_a_line_like_ours_and_their_errors_tell_no_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logging("info")
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    try:
        zone("ada@example.org")
    except ValueError:
        logging.getLogger("asyncio").exception("Task exception was never retrieved: %s", "a@b.org")
    said = capsys.readouterr().err
    invalid, failed = (json.loads(line) for line in said.splitlines())
    assert (invalid["event"], invalid["level"]) == ("uvicorn.error", "warning")
    assert invalid["said"] == "Invalid HTTP request received."
    assert (failed["event"], failed["level"], failed["error"]) == (
        "asyncio", "error", "TimetableError"
    )  # fmt: skip
    assert "ada@" not in said
    assert "a@b.org" not in said
