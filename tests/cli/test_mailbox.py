"""`paperround mailbox`: letters that ask to unsubscribe, from files and from a Maildir."""

from pathlib import Path

import pytest
from peers.command import Paperround

from service import settings
from service.store import subscribers
from service.store.engine import Database


def asking(paperround: Paperround, email: str) -> bytes:
    assert paperround("subscribers", "add", email, "--status", "active").code == 0
    database = Database(settings.load().database)
    with database.read() as connection:
        reader = subscribers.by_address(connection, email)
    database.close()
    assert reader is not None
    return f"Subject: unsubscribe {reader.unsubscribe_token}\n\n".encode()


def status(paperround: Paperround, email: str) -> str:
    return str(paperround("subscribers", "show", email, "--json").json["status"])


def test_letters_in_files_are_heeded_and_others_told_with_the_reason(
    paperround: Paperround, tmp_path: Path
) -> None:
    (tmp_path / "ada.eml").write_bytes(asking(paperround, "ada@example.org"))
    (tmp_path / "box").write_bytes(
        b"From x\n" + asking(paperround, "bob@example.org") + b"From y\nSubject: hello\n\n"
    )
    ran = paperround("mailbox", "ada.eml", "box")
    assert (ran.code, ran.out) == (0, "Of 3 letters, 2 heeded.\n")
    assert ran.err.startswith("box, letter 2: left, no “unsubscribe”")
    assert status(paperround, "ada@example.org") == status(paperround, "bob@example.org")
    again = paperround("mailbox", "ada.eml", "box", "--json").json
    assert (again["unsubscribed"], len(again["left"])) == (2, 1)


def test_the_maildir_of_the_settings_is_read_where_no_file_is_named(
    paperround: Paperround, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "No mailbox is named" in paperround("mailbox").err
    monkeypatch.setenv("PAPERROUND_MAILBOX", str(tmp_path / "mail"))
    ran = paperround("mailbox")
    assert (ran.code, "mail cannot be used: No such file" in ran.err) == (1, True)
    (tmp_path / "mail" / "new").mkdir(parents=True)
    (tmp_path / "mail" / "new" / "1").write_bytes(asking(paperround, "ada@example.org"))
    assert paperround("mailbox").out == "Of 1 letter, 1 heeded.\n"
    assert status(paperround, "ada@example.org") == "unsubscribed"
    assert paperround("mailbox").out == "Of 0 letters, 0 heeded.\n"
