"""`paperround templates`: an operator's own look, and what is wrong with it."""

import re
from pathlib import Path

import pytest
from peers.command import Paperround
from peers.digest_file import put

from service.demo.catcher import Catcher
from service.settings import PREFIX


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The operator's folder of templates, which is empty."""
    folder = tmp_path / "looks"
    folder.mkdir()
    monkeypatch.setenv(f"{PREFIX}TEMPLATES_DIR", str(folder))
    return folder


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_our_own_templates_can_be_used(paperround: Paperround) -> None:
    ran = paperround("templates", "check")
    assert (ran.code, ran.err) == (0, "")
    assert re.fullmatch(r"All \d\d templates can be used\.\n", ran.out)
    assert paperround("templates", "check", "--json").json["mistakes"] == []


def test_one_file_may_be_replaced_and_the_others_stay_ours(
    paperround: Paperround, own: Path, catcher: Catcher, digests: Path
) -> None:
    write(own, "email/confirm/subject.txt", "Welcome to the reading room\n")
    write(own, "email/parts/button.txt", "a file of no use")
    listed = paperround("templates", "list", "--json").json
    assert {name for name, whose in listed["templates"].items() if whose == "yours"} == {
        "email/confirm/subject.txt"
    }
    assert listed["own"] == ["email/parts/button.txt"]
    shown = paperround("templates", "list").out
    assert re.search(r"^email/confirm/subject\.txt +yours$", shown, re.MULTILINE)
    assert re.search(r"^email/confirm/body\.txt +ours$", shown, re.MULTILINE)
    assert "in place of none" in shown

    assert paperround("templates", "check").code == 0
    paperround("subscribers", "add", "ada@example.org")
    assert paperround("deliver").code == 0
    (letter,) = catcher.letters()
    assert letter.headers()["Subject"] == "Welcome to the reading room"
    assert "Start your letter?" in letter.message().as_string()


@pytest.mark.parametrize(
    ("name", "text", "line", "words"),
    [
        ("email/digest/body.txt", "Hello\n{{ slot.greting }}\n", 2, "greting"),
        ("email/digest/body.html", "<p>\n\n{% if %}", 3, ""),
        ("email/parts/card.html", "{{ slot.because }}\n{{ face.tittle }}", 2, "tittle"),
        ("email/parts/type.html", "{% set %}", 1, ""),
        ("email/first/body.html", "{{ 1 / 0 }}", 1, "division by zero"),
        ("pages/confirm.html", "<p>\n{{ topicks }}", 2, "topicks"),
        ("pages/base.html", "{% block main %}", 1, "endblock"),
        ("pages/parts/facts.html", "{{ colour }}", 1, ""),
    ],
)
def test_a_mistake_is_named_with_its_file_and_line(
    paperround: Paperround, own: Path, name: str, text: str, line: int, words: str
) -> None:
    file = write(own, name, text)
    ran = paperround("templates", "check")
    assert (ran.code, ran.out) == (1, "")
    named, *_ = ran.err.splitlines()
    assert named.startswith(f"{file}, line {line}: ")
    assert words in named
    assert re.search(r"^\d+ mistakes? in the templates\.$", ran.err, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("email/digest/body.txt", "{{ slot.cards }}", "must hold slot.also"),
        ("email/welcome/body.html", "<p>Hello</p>", "must hold slot.unsubscribe"),
        ("email/confirm/body.txt", "Hello", "must hold slot.confirm"),
        ("email/goodbye/body.txt", "Hello", "must hold slot.undo"),
        ("email/parts/line.txt", "Hello", "must hold slot.note exactly once"),
        ("email/parts/card.html", "{% include 'none.html' %}", "there is no template none.html"),
        ("email/goodbye/subject.txt", "\xff", ""),
        ("pages/paper.html", "{{ paper.title|safe }}", "a stranger's words stand there as HTML"),
    ],
)
def test_what_no_letter_may_lack_and_no_page_may_do_is_named(
    paperround: Paperround, own: Path, name: str, text: str, words: str
) -> None:
    file = write(own, name, text)
    if text == "\xff":
        file.write_bytes(b"\xff")
    ran = paperround("templates", "check")
    assert ran.code == 1
    assert str(file) in ran.err
    assert words in ran.err
    assert "Traceback" not in ran.err


def test_words_of_a_stranger_as_html_in_a_letter_are_found(
    paperround: Paperround, own: Path
) -> None:
    ours = Path(paperround("templates", "list", "--json").json["ours"])
    line = (ours / "email/parts/line.html").read_text()
    write(own, "email/parts/line.html", line.replace("face.title", "face.title|safe"))
    ran = paperround("templates", "check")
    assert ran.code == 1
    assert "a stranger's words stand there as HTML" in ran.err


def test_a_mistake_met_at_work_is_one_line_and_loses_nothing(
    paperround: Paperround, own: Path, catcher: Catcher, digests: Path
) -> None:
    put(digests, "2026-08-21.json", "Maps of Rivers")
    paperround("subscribers", "add", "ada@example.org", "--status", "active")
    file = write(own, "email/digest/body.txt", "Hello\n{{ slot.greting }}\n")
    ran = paperround("send", "--now")
    assert ran.code == 1
    assert ran.err.splitlines()[-1].startswith(f"{file}, line 2: ")
    assert catcher.letters() == []
    file.unlink()
    assert paperround("send", "--now").code == 0
    assert len(catcher.letters()) == 1


def test_a_folder_that_is_not_there_is_said_at_the_start(paperround: Paperround, own: Path) -> None:
    own.rmdir()
    for command in (("status",), ("templates", "list"), ("templates", "check")):
        ran = paperround(*command)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.strip() == f"{PREFIX}TEMPLATES_DIR: {own} is not a folder"
