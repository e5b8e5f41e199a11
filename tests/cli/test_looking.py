"""`status`, `list`, `show` and `preview` look, and change nothing."""

import re
from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest
from peers.command import Paperround, program
from peers.digest_file import put
from peers.dump import dump
from peers.letter import unsubscribe_link
from peers.smtp import Peer, reply

from service.demo.catcher import Catcher
from service.store.engine import Database

# Where the database is does not matter to a process of its own, which takes seconds to start.
one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def newsstand(on_both: Paperround, digests: Path) -> Paperround:
    """Two papers, and Ada, who reads about maps, Bob, who is pending, and Carol, who cooks."""
    put(digests, "2026-08-21.json", "Maps of Rivers", "Robots that Read")
    on_both("ingest")
    for email, topic, status in (
        ("ada@example.org", "maps", "active"),
        ("bob@example.org", "maps", "pending"),
        ("carol@example.org", "cooking", "active"),
    ):
        on_both("subscribers", "add", email, "--topic", topic, "--status", status)
    return on_both


def test_who_looks_changes_nothing(newsstand: Paperround, database: Database) -> None:
    before = dump(database)
    for command in (
        ("preview", "ada@example.org"),
        ("preview", "ada@example.org", "--html"),
        ("preview", "ada@example.org", "--text"),
        ("preview", "bob@example.org"),
        ("preview", "carol@example.org"),
        ("preview", "nobody@example.org"),
        ("status",),
        ("subscribers", "list"),
        ("subscribers", "show", "ada@example.org"),
    ):
        newsstand(*command)
        assert dump(database) == before, command


def words(text: str) -> list[str]:
    """The lines of a letter but for what differs each time it is made.

    A letter that was not sent has no copy on the web, and links are signed as of a time.
    """
    return re.sub("/(d|preferences)/[^/\n]*", r"/\1/", text).splitlines()


def test_preview_prints_the_letter_a_reader_would_get_now(newsstand: Paperround) -> None:
    text = newsstand("preview", "ada@example.org")
    assert (text.code, text.err) == (0, "")
    assert "Maps of Rivers" in text.out
    assert "Robots that Read" not in text.out
    again = newsstand("preview", "ada@example.org", "--text")
    assert words(again.out) == words(text.out)

    page = newsstand("preview", "ada@example.org", "--html").out
    assert page.lstrip().lower().startswith("<!doctype html")
    assert "Maps of Rivers" in page


@one_database
def test_preview_can_print_the_whole_message(newsstand: Paperround, database: Database) -> None:
    before = dump(database)
    ran = program("preview", "ada@example.org", "--eml")
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert dump(database) == before
    raw = ran.stdout
    message = BytesParser(policy=policy.default).parsebytes(raw)
    assert message["To"] == "ada@example.org"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert not message.defects
    assert raw.endswith(b"\r\n")


def test_what_was_previewed_is_what_is_sent(newsstand: Paperround, catcher: Catcher) -> None:
    previewed = newsstand("preview", "ada@example.org").out
    assert newsstand("send", "--now").code == 0
    sent = next(c for c in catcher.letters() if c.rcpt_to == ("ada@example.org",))
    part = sent.message().get_body(("plain",))
    assert part is not None
    assert words(part.get_content()) == words(previewed)


def test_preview_says_why_no_letter_would_come(newsstand: Paperround, catcher: Catcher) -> None:
    for email, words in (
        ("bob@example.org", "bob@example.org is pending: no letter would come."),
        ("carol@example.org", "No letter would come: none of the new papers matched a topic."),
    ):
        ran = newsstand("preview", email)
        assert (ran.code, ran.out, ran.err.strip()) == (0, "", words)
    newsstand("send", "--now")
    ran = newsstand("preview", "ada@example.org")
    assert (ran.code, ran.out) == (0, "")
    assert "is planned already" in ran.err
    unknown = newsstand("preview", "nobody@example.org")
    assert (unknown.code, unknown.out) == (1, "")
    assert unknown.err.strip() == "nobody@example.org is not a subscriber."


def test_show_tells_what_became_of_each_letter_and_why_none_came(
    newsstand: Paperround, catcher: Catcher
) -> None:
    newsstand("send", "--now")
    ada = newsstand("subscribers", "show", "ada@example.org", "--json").json
    (letter,) = ada["letters"]
    assert (letter["kind"], letter["status"], letter["attempts"]) == ("digest", "sent", 1)
    assert letter["reply_code"] == 250
    assert ada["last_skip"] is None
    carol = newsstand("subscribers", "show", "carol@example.org", "--json").json
    assert carol["letters"] == []
    assert carol["last_skip"]["reason"] == "no_match"

    shown = newsstand("subscribers", "show", "ada@example.org").out
    assert "250" in shown
    assert "digest" in shown
    assert "No letter on" in newsstand("subscribers", "show", "carol@example.org").out


def test_preview_writes_a_file_instead_of_printing(newsstand: Paperround, tmp_path: Path) -> None:
    for kind in ("--html", "--text", "--eml"):
        ran = newsstand("preview", "ada@example.org", kind, "--out", "letter")
        assert (ran.code, ran.out, ran.err) == (0, "", "")
        assert b"Maps of Rivers" in (tmp_path / "letter").read_bytes()
    assert (tmp_path / "letter").read_bytes().endswith(b"--\r\n")


@one_database
def test_preview_opens_the_letter_in_a_browser(newsstand: Paperround, tmp_path: Path) -> None:
    # A browser of the test's own: it copies the page that it is given.
    seen = tmp_path / "seen.html"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\ncp "${{1#file://}}" {seen}\n')
    browser.chmod(0o755)
    ran = program(
        "preview", "ada@example.org", "--open", BROWSER=str(browser), TMPDIR=str(tmp_path)
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    page = Path(ran.stdout.decode().strip().removeprefix("The letter is in ").removesuffix("."))
    assert page.suffix == ".html"
    assert "Maps of Rivers" in page.read_text()
    assert page.read_text() == seen.read_text()


def test_preview_sends_a_test_that_changes_nothing_and_whose_links_work_for_nobody(
    newsstand: Paperround, catcher: Catcher, database: Database
) -> None:
    before = dump(database)
    ran = newsstand("preview", "ada@example.org", "--send-to", "editor@example.net")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Sent to editor@example.net through ")
    assert dump(database) == before
    (letter,) = catcher.letters()
    assert letter.rcpt_to == ("editor@example.net",)
    assert letter.headers()["To"] == "editor@example.net"
    assert letter.headers()["Subject"] == "[Test] Maps of Rivers"
    assert letter.mail_from.startswith("paperround+b-")
    assert unsubscribe_link(letter).endswith("/u/test")
    token = newsstand("subscribers", "show", "ada@example.org", "--json").out
    for secret in re.findall(r"/u/([0-9a-f]{32})", token + letter.raw.decode()):
        pytest.fail(f"a reader's own link stands in a test: {secret}")
    assert newsstand("send", "--now", "--json").json["sent"] == 2, "Ada and Bob get theirs"


def test_a_test_that_cannot_be_sent_fails_and_says_why(newsstand: Paperround) -> None:
    for email, words in (
        ("bob@example.org", "bob@example.org is pending: no letter would come."),
        ("carol@example.org", "No letter would come: none of the new papers matched a topic."),
    ):
        ran = newsstand("preview", email, "--send-to", "editor@example.net")
        assert (ran.code, ran.out, ran.err.strip()) == (1, "", words)
    wrong = newsstand("preview", "ada@example.org", "--send-to", "editor")
    assert (wrong.code, len(wrong.err.splitlines())) == (2, 1)
    both = newsstand("preview", "ada@example.org", "--open", "--html")
    assert both.code == 2
    assert "give one of" in both.err


@pytest.mark.parametrize("said", ["550 5.1.1 Nobody here", "421 4.3.2 Closing"])
def test_a_test_that_the_server_refuses_is_told_in_its_words(
    newsstand: Paperround, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    with Peer() as peer:
        peer.on("rcpt", reply(said))
        monkeypatch.setenv("PAPERROUND_SMTP_URL", peer.url)
        ran = newsstand("preview", "ada@example.org", "--send-to", "editor@example.net")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.strip() == f"The test was not taken by 127.0.0.1:{peer.port}: {said}"
