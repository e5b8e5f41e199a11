"""Bad input gets one clear line, no traceback, and loses nothing."""

import os
import re
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from peers.command import Paperround, Ran
from peers.digest_file import daily, put, put_bytes

from service.store.engine import Database


def one_line(ran: Ran, code: int) -> str:
    """Return the one line of a command that failed with that code and said nothing else."""
    assert ran.code == code, ran
    assert ran.out == ""
    assert "Traceback" not in ran.err
    (line,) = ran.err.splitlines()
    return line


BAD_FILES = {
    "empty file": (b"", "empty"),
    "binary file": (bytes(range(256)) * 40, "UTF-8|text|format"),
    "truncated JSON": (daily("Maps of Rivers")[:-40], "JSON"),
    "JSON of something else": (b'{"hello": 1}', "."),
    "invalid UTF-8": (daily("Maps of Rivers").replace(b"Maps", b"M\xe4ps"), "UTF-8"),
}


@pytest.mark.parametrize(("data", "words"), BAD_FILES.values(), ids=list(BAD_FILES))
def test_a_bad_digest_file_is_named_and_the_others_go_in(
    paperround: Paperround, digests: Path, data: bytes, words: str
) -> None:
    put_bytes(digests, "bad.json", data)
    put(digests, "good.json", "Maps of Rivers")
    ran = paperround("ingest", "--json")
    assert ran.code == 1
    bad, good = ran.json["editions"]
    assert (bad["file"], bad["status"], good["status"]) == ("bad.json", "failed", "ingested")
    assert re.search(words, bad["error"])
    named, summary = ran.err.splitlines()
    assert named == f"bad.json: {bad['error']}"
    assert summary == "1 of 2 digest files could not be read."


def test_a_huge_file_is_refused_without_being_read(paperround: Paperround, digests: Path) -> None:
    with (digests / "huge.json").open("wb") as huge:
        huge.truncate(200_000_000)
    paperround("status")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ran = paperround("ingest")
    assert ran.code == 1
    assert "huge.json: too large: 200,000,000 bytes, and the limit is 150,000,000" in ran.err
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40_000


def test_the_limit_of_a_file_is_a_setting(
    paperround: Paperround, digests: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAPERROUND_MAX_FILE_BYTES", "100")
    put(digests, "large.json", "Maps of Rivers")
    assert "the limit is 100" in paperround("ingest").err


def test_a_symlink_out_of_the_folder_is_refused(
    paperround: Paperround, digests: Path, tmp_path: Path
) -> None:
    outside = put(tmp_path / "elsewhere", "secret.json", "A Secret Paper")
    (digests / "link.json").symlink_to(outside)
    ran = paperround("ingest")
    assert (ran.code, ran.err.splitlines()[0]) == (1, "link.json: a symlink out of the folder")
    assert paperround("status", "--json").json["papers"] == 0


def test_a_folder_that_is_not_there_is_named(paperround: Paperround) -> None:
    ran = paperround("ingest", "nowhere")
    assert (ran.code, ran.err.splitlines()[0]) == (1, "nowhere: no such file or folder")


def test_a_folder_that_cannot_be_written_to_stops_every_command_in_one_line(
    paperround: Paperround, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(stat.S_IRUSR | stat.S_IXUSR)
    # Root may write anywhere but into the kernel's own tree.
    folder = Path("/sys") if os.access(locked, os.W_OK) else locked
    for database in (folder / "paperround.db", tmp_path / "nowhere" / "paperround.db"):
        monkeypatch.setenv("PAPERROUND_DATABASE_URL", f"sqlite:///{database}")
        for command in ("status", "send", "plan", "ingest", "run"):
            line = one_line(paperround(command), 1)
            assert str(database) in line or str(database.parent) in line


def test_what_is_no_database_is_said_so(
    paperround: Paperround, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("letter.txt").write_text("Dear Ada, this is not a database, it is a letter.\n" * 40)
    monkeypatch.setenv("PAPERROUND_DATABASE_URL", "sqlite:///letter.txt")
    assert "not a database" in one_line(paperround("status"), 1)


def test_a_postgresql_that_cannot_be_reached_is_said_so_without_the_password(
    paperround: Paperround, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAPERROUND_SECRET_KEY", "k" * 32)
    monkeypatch.setenv("PAPERROUND_DATABASE_URL", "postgresql://ada:swordfish@127.0.0.1:1/papers")
    line = one_line(paperround("status"), 1)
    assert "127.0.0.1" in line
    assert "refused" in line
    assert "swordfish" not in line


def test_a_missing_postgresql_driver_is_asked_for() -> None:
    # A module that is None in sys.modules is one that cannot be imported.
    script = "import sys; sys.modules['psycopg'] = None\nfrom service.cli.app import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", script, "status"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ
        | {
            "PYTHONPATH": os.pathsep.join(sys.path),
            "PAPERROUND_DATABASE_URL": "postgresql://127.0.0.1/papers",
            "PAPERROUND_SECRET_KEY": "k" * 32,
        },
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.strip() == "PostgreSQL needs: pip install 'paperround[postgres]'"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("subscribers", "add", "ada"), "'ada' is not an e-mail address"),
        (("subscribers", "add", "ada@example.org\nBcc: bob@example.org"), "not an e-mail address"),
        (
            ("subscribers", "show", "ada@@example.org"),
            "'ada@@example.org' is not an e-mail address",
        ),
        (("subscribers", "remove", ""), "'' is not an e-mail address"),
        (("preview", "ada@"), "'ada@' is not an e-mail address"),
        (("subscribers", "add", "a@example.org", "--timezone", "Mars/Olympus"), "'Mars/Olympus'"),
        (("subscribers", "add", "a@example.org", "--timezone", "../etc/passwd"), "time zone"),
        (("subscribers", "add", "a@example.org", "--send-at", "25:00"), "'25:00' is not an hour"),
        (("subscribers", "add", "a@example.org", "--send-at", "7am"), "write it as HH:MM"),
    ],
)
def test_a_wrong_value_is_named_in_one_line(
    paperround: Paperround, arguments: tuple[str, ...], words: str
) -> None:
    # Whoever breaks a line with an address breaks ours, which quotes it.
    ran = paperround(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err
    assert len(ran.err.splitlines()) == 1
    assert paperround("subscribers", "list", "--json").json == {"subscribers": []}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("plan", "--at", "yesterday"), "'yesterday' is not an ISO 8601 time"),
        (("subscribers", "add", "a@example.org", "--max-papers", "51"), "--max-papers"),
        (("subscribers", "add", "a@example.org", "--max-papers", "0"), "--max-papers"),
        (("subscribers", "add", "a@example.org", "--status", "paused"), "--status"),
        (("subscribers", "add"), "EMAIL"),
        (
            ("preview", "ada@example.org", "--html", "--eml"),
            "one of --html, --text, --eml, --open and --send-to",
        ),
        (("deliver", "--now"), "--now"),
        (("nonsense",), "nonsense"),
    ],
)
def test_wrong_usage_exits_with_2_and_shows_the_way(
    paperround: Paperround, arguments: tuple[str, ...], words: str
) -> None:
    ran = paperround(*arguments)
    assert (ran.code, ran.out) == (2, "")
    usage, way, _, error = ran.err.splitlines()
    assert usage.startswith("Usage: paperround")
    assert way.startswith("Try 'paperround")
    assert error.startswith("Error: ")
    assert words in error


def test_a_topic_that_cannot_be_read_is_shown_with_a_caret_under_the_place(
    paperround: Paperround,
) -> None:
    ran = paperround("subscribers", "add", "ada@example.org", "--topic", "robots AND (maps")
    assert (ran.code, ran.out) == (2, "")
    intro, shown, caret, message, way_out = ran.err.splitlines()
    assert (intro, shown) == ("That topic cannot be read.", "robots AND (maps")
    assert caret.index("^") == shown.index("(")
    assert message == "this parenthesis is never closed (column 12)"
    assert way_out


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LOG_LEVEL", "loud"),
        ("SMTP_URL", "imap://mail.example.org"),
        ("BASE_URL", "http://papers.example.org"),
        ("FROM", "Paperround"),
        ("FEEDBACK_ID", "two\nlines"),
        ("REPLY_TO", "Ada <ada@example.org>"),
        ("SECRET_KEY", "swordfish"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_its_variable(
    paperround: Paperround, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(f"PAPERROUND_{variable}", value)
    line = one_line(paperround("status"), 2)
    assert line.startswith(f"PAPERROUND_{variable}: ")
    assert "swordfish" not in line


@pytest.mark.parametrize("command", ["deliver", "send", "run"])
def test_strangers_get_no_letter_that_points_to_this_machine(
    paperround: Paperround, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("PAPERROUND_SMTP_URL", "smtp+starttls://mail.example.org")
    line = one_line(paperround(command), 2)
    assert line.startswith("PAPERROUND_BASE_URL: is still http://127.0.0.1:8000")
    monkeypatch.setenv("PAPERROUND_BASE_URL", "https://papers.example.org")
    line = one_line(paperround(command), 2)
    assert line.startswith("PAPERROUND_FROM: is still paperround@localhost")
    assert "mail.example.org" in line


def test_a_port_that_is_taken_is_said_so(paperround: Paperround) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = one_line(paperround("run", "--port", port), 1)
    assert line == f"Cannot listen on 127.0.0.1 port {port}: Address already in use."


def test_an_error_of_the_database_never_quotes_the_values_of_its_statement(
    paperround: Paperround, database: Database
) -> None:
    paperround("status")
    with database.write() as connection:
        connection.exec_driver_sql("DROP TABLE subscriber")
    line = one_line(paperround("subscribers", "add", "ada@example.org"), 1)
    assert "subscriber" in line
    assert "ada@example.org" not in line
