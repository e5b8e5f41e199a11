"""The mailbox: whoever asks by letter to be unsubscribed is, and other letters stay to be read."""

from datetime import timedelta
from pathlib import Path

import pytest
from conftest import OpenWith
from peers.deadline import until
from peers.dump import dump
from peers.log import kept_log
from peers.newsroom import FRIDAY_NOON, subscribe
from peers.pages import real_time
from peers.preferences import kept

from service.installation import Installation
from service.mail.address import parse_address
from service.mailbox import MailboxError, Maildir, heed, heed_file
from service.readers import consent
from service.schedule import Schedule

ADA = "ada@example.org"


def asking(token: str | None) -> bytes:
    return f"From: {ADA}\r\nSubject: unsubscribe {token}\r\n\r\n".encode()


@pytest.fixture
def token(installation: Installation) -> str | None:
    subscribe(installation, ADA, "maps")
    return kept(installation, ADA).unsubscribe_token


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    folder = tmp_path / "mail"
    for name in ("new", "cur", "tmp"):
        (folder / name).mkdir(parents=True)
    return folder


def test_ada_is_unsubscribed_by_letter_and_a_second_one_changes_nothing(
    installation: Installation, token: str | None
) -> None:
    assert heed(installation, "1", asking(token), FRIDAY_NOON).left is None
    assert kept(installation, ADA).status == "unsubscribed"
    after = dump(installation.database)
    assert heed(installation, "2", asking(token), FRIDAY_NOON).left is None
    assert dump(installation.database) == after


def test_a_letter_whose_reader_was_erased_is_heeded_too(
    installation: Installation, token: str | None
) -> None:
    consent.erase(installation, parse_address(ADA), FRIDAY_NOON, source="test")
    assert heed(installation, "1", asking(token), FRIDAY_NOON).left is None


def test_of_an_mbox_the_letters_that_are_none_of_ours_are_told_with_the_reason(
    installation: Installation, token: str | None
) -> None:
    mbox = b"From x\n" + asking(token) + b"From x\nSubject: hi\n\n" + b"From x\n" + asking("0" * 32)
    told = [(h.name, h.left) for h in heed_file(installation, "mail", mbox, FRIDAY_NOON)]
    assert told == [
        ("mail, letter 1", None),
        ("mail, letter 2", "no “unsubscribe” with a reader's token in its subject or address"),
        ("mail, letter 3", "its token is no reader's"),
    ]


def test_in_a_maildir_what_was_heeded_is_seen_and_the_rest_is_left_as_new(
    installation: Installation, token: str | None, maildir: Path
) -> None:
    (maildir / "new" / "1.x").write_bytes(asking(token))
    (maildir / "new" / "2.x").write_bytes(b"Subject: A question\n\nHow do I ...")
    box = Maildir(maildir)
    assert [h.left is None for h in box.heed(installation, FRIDAY_NOON)] == [True, False]
    assert kept(installation, ADA).status == "unsubscribed"
    assert [path.name for path in (maildir / "cur").iterdir()] == ["1.x:2,S"]
    assert [path.name for path in (maildir / "new").iterdir()] == ["2.x"]
    assert list(box.heed(installation, FRIDAY_NOON + timedelta(minutes=1))) == []


def test_what_is_no_maildir_is_named(installation: Installation, tmp_path: Path) -> None:
    with pytest.raises(MailboxError, match="nowhere is no Maildir: No such file"):
        list(Maildir(tmp_path / "nowhere").heed(installation, FRIDAY_NOON))


def test_the_schedule_heeds_the_mailbox_and_tells_once_of_what_it_left(
    open_with: OpenWith, maildir: Path, tmp_path: Path
) -> None:
    (tmp_path / "digests").mkdir()
    house = open_with(mailbox=maildir)
    subscribe(house, ADA, "maps")
    (maildir / "new" / "1.x").write_bytes(asking(kept(house, ADA).unsubscribe_token))
    (maildir / "new" / "2.x").write_bytes(b"Subject: A question\n\n")
    with kept_log() as log:
        schedule = Schedule(house, real_time, tick_seconds=0.05)
        schedule.start()
        until(lambda: any(line["event"] == "unsubscribed_by_letter" for line in log()))
        (maildir / "new" / "3.x").write_bytes(b"Subject: Another\n\n")
        until(lambda: sum(line["event"] == "letter_left" for line in log()) == 2)
        schedule.stop()
        lines = log()
    assert kept(house, ADA).status == "unsubscribed"
    assert [line["letter"] for line in lines if line["event"] == "letter_left"] == ["2.x", "3.x"]
    assert ADA not in str(lines)
