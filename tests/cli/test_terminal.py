"""The commands as a person at a terminal, or a pipe behind them, sees them."""

import re
import subprocess
from pathlib import Path

import pytest
from peers.command import CHECKOUT, PROGRAM, Paperround, program
from peers.digest_file import put

from service.cli import report

LONG = "a-digest-file-whose-name-is-longer-than-most-terminals-are-wide-" + "x" * 60 + ".json"


def test_help_names_every_command_in_one_whole_line(paperround: Paperround) -> None:
    ran = paperround("--help")
    assert (ran.code, ran.err) == (0, "")
    assert paperround("-h").out == ran.out
    listed = re.findall(r"^  ([a-z]+)  +(\S.*)$", ran.out.partition("Commands:")[2], re.MULTILINE)
    assert [name for name, _ in listed] == [
        "demo", "run", "send", "fetch", "ingest", "plan", "deliver", "mailbox", "pause", "resume",
        "status", "preview", "explain", "subscribers", "suppressions", "deliveries", "topics",
        "editions", "templates", "dkim", "db",
    ]  # fmt: skip
    for line in ran.out.splitlines():
        assert len(line) <= 80
        assert "..." not in line or "PAPERROUND_..." in line or "[ARGS]..." in line


@pytest.mark.parametrize(
    "name",
    [
        "subscribers",
        "topics",
        "editions",
        "dkim",
        "db",
        "ingest",
        "fetch",
        "run",
        "demo",
        "explain",
    ],
)
def test_each_command_has_a_help_that_is_not_cut(paperround: Paperround, name: str) -> None:
    ran = paperround(name, "--help")
    assert ran.code == 0
    assert not re.search(r"\w\.\.\.", ran.out)


def test_no_argument_at_all_shows_the_help(paperround: Paperround) -> None:
    ran = paperround()
    assert "Commands:" in ran.out + ran.err


def test_version_is_that_of_the_package(paperround: Paperround) -> None:
    ran = paperround("--version")
    assert ran.code == 0
    assert re.fullmatch(r"paperround \d+\.\d+\S*\n", ran.out)


def test_a_table_in_a_pipe_is_never_cut() -> None:
    put(Path("digests"), LONG, "Maps of Rivers")
    ran = program("ingest")
    assert ran.returncode == 0, ran.stderr
    header, row = ran.stdout.decode().splitlines()
    assert row.split()[:2] == [LONG, "ingested"]
    assert "…" not in row
    assert header.index("status") == row.index("ingested")
    assert row == row.rstrip()


def test_standard_output_holds_only_the_document_in_a_real_process_too() -> None:
    put(Path("digests"), "bad.json")
    Path("digests/bad.json").write_bytes(b"\x00")
    ran = program("ingest", "--json")
    assert ran.returncode == 1
    assert ran.stdout.startswith(b"{")
    assert ran.stdout.endswith(b"}\n")
    assert ran.stderr.startswith(b"bad.json: ")


def test_a_terminal_without_the_letters_of_a_name_ends_no_command(paperround: Paperround) -> None:
    paperround("subscribers", "add", "ada@example.org", "--name", "Ada Łódź")
    shown = program("subscribers", "show", "ada@example.org", encoding="ascii")
    assert (shown.returncode, b"Ada ??d?" in shown.stdout) == (0, True)
    document = program("subscribers", "show", "ada@example.org", "--json", encoding="ascii")
    assert b"Ada \\u0141\\u00f3d\\u017a" in document.stdout


def test_a_pipe_that_closes_early_makes_no_noise() -> None:
    for number in range(3):
        put(Path("digests"), f"{number:03}-{LONG}", f"Paper {number}")
    with subprocess.Popen(
        [*PROGRAM, "ingest"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": CHECKOUT},
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        noise = running.stderr.read()
    assert b"Traceback" not in noise


def test_strangers_words_move_no_cursor_and_are_no_markup(paperround: Paperround) -> None:
    name = "Ada \x1b[2J\x1b]0;owned\x07 [bold red]Love\u202elace\nBcc: bob@example.org"
    paperround("subscribers", "add", "ada@example.org", "--name", name, "--topic", "[link] maps")
    for command in (("subscribers", "show", "ada@example.org"), ("subscribers", "list")):
        out = paperround(*command).out
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", out)
        assert "[link] maps" in out
    assert "[bold red]Love" in paperround("subscribers", "show", "ada@example.org").out


def test_the_rows_of_a_table_stay_on_their_lines(capsys: pytest.CaptureFixture[str]) -> None:
    report.print_table(("a", "b"), [("one\ntwo", None), ("漢字", 7)])
    assert capsys.readouterr().out.splitlines() == ["a        b", "one two", "漢字     7"]


def test_counts_are_spoken_as_a_person_would() -> None:
    assert report.number(1, "letter") == "1 letter"
    assert report.number(2000, "letter") == "2,000 letters"
    assert report.counts({"sent": 2, "failed": 0, "no_match": 1}) == "2 sent, 1 no match"
    assert report.counts({"sent": 0}) == ""


def test_a_round_speaks_only_of_what_happened(paperround: Paperround, digests: Path) -> None:
    put(digests, "2026-08-21.json", "Maps of Rivers")
    paperround("ingest")
    paperround("subscribers", "add", "ada@example.org", "--topic", "maps", "--status", "active")
    paperround("subscribers", "add", "bob@example.org", "--topic", "tea", "--status", "active")
    assert paperround("plan", "--now").out.splitlines() == [
        "Planned:   1 letter for 2 readers due",
        "Skipped:   1 no match",
        "Queued:    1 letter",
    ]
    assert paperround("status").out.splitlines() == [
        "Papers:       1 in 1 edition",
        "Subscribers:  2 active",
        "Letters:      1 queued",
        "Books:        1 letter planned, each accounted for",
    ]


def test_a_file_with_many_rejects_names_the_first_and_counts_the_rest(
    paperround: Paperround, digests: Path
) -> None:
    records = ", ".join('{"paper": {"id": 7}}' for _ in range(50))
    good = '{"paper": {"id": "2608.00001", "title": "Maps", "summary": "", "authors": []}}'
    (digests / "dirty.json").write_text(f"[{good}, {records}]")
    ran = paperround("ingest")
    assert ran.code == 0, ran.err
    assert len(ran.err.splitlines()) == 21
    assert "dirty.json: 30 more were rejected" in ran.err
    document = paperround("ingest", "--json").json
    assert document["editions"][0]["status"] == "unchanged"
