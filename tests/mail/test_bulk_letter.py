"""What a letter must carry to be taken as a bulk sender's, read from the bytes on the wire."""

import email
import email.policy
import re
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from peers.newsroom import FRIDAY_NOON, leave, publish, subscribe
from peers.sending import deliver
from peers.signatures import holds
from peers.smtp import Peer, Taken

from service import pipeline
from service.domain.readers import Preferences
from service.installation import Installation
from service.mail.address import parse_address
from service.mail.dkim import new_key
from service.readers import consent

KINDS = ("digest", "confirm", "goodbye")
SETTINGS = {
    "from_": "Papers of Bücher <round@papers.example.org>",
    "reply_to": "editor@example.org",
    "feedback_id": "digest:::paperround",
    "base_url": "https://papers.example.org",
    "dkim_domain": "papers.example.org",
    "dkim_selector": "august",
}

one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
pytestmark = one_database


@pytest.fixture
def mailed(
    open_with: Callable[..., Installation], tmp_path: Path
) -> Iterator[tuple[Installation, dict[str, Taken]]]:
    """A letter of each kind as a server took it: to Ada; to Bob, asking; to Carol, who left."""
    (tmp_path / "key.pem").write_bytes(new_key("ed25519"))
    with Peer() as peer:
        house = open_with(smtp_url=peer.url, dkim_key_file=str(tmp_path / "key.pem"), **SETTINGS)
        publish(house, FRIDAY_NOON, "Maps of Rivers\nand Seas")
        subscribe(house, "ada@example.net")
        pipeline.plan(house, FRIDAY_NOON, everyone=True)
        consent.sign_up(
            house, parse_address("bob@example.net"), (), Preferences(), FRIDAY_NOON, source="test"
        )
        leave(house, subscribe(house, "carol@example.net"), FRIDAY_NOON)
        deliver(house)
        taken = {t.recipient.partition("@")[0]: t for t in peer.taken}
        yield house, dict(zip(KINDS, (taken[n] for n in ("ada", "bob", "carol")), strict=True))


def read(taken: Taken) -> EmailMessage:
    message = email.message_from_bytes(taken.letter, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def lines_of(taken: Taken, name: str) -> list[bytes]:
    """Return the values of a header, raw, with their folds."""
    header = taken.letter.partition(b"\r\n\r\n")[0] + b"\r\n"
    pattern = rb"(?im)^%s: ((?:.*\r\n)(?:[ \t].*\r\n)*)" % name.encode()
    return [value.removesuffix(b"\r\n") for value in re.findall(pattern, header)]


Mailed = tuple[Installation, dict[str, Taken]]


def test_every_letter_has_one_sender_one_recipient_and_a_live_mailbox_to_reply_to(
    mailed: Mailed,
) -> None:
    for taken in mailed[1].values():
        message = read(taken)
        assert message["From"].addresses[0].display_name == "Papers of Bücher"
        assert [a.addr_spec for a in message["From"].addresses] == ["round@papers.example.org"]
        assert [a.addr_spec for a in message["To"].addresses] == [taken.recipient]
        assert [a.addr_spec for a in message["Reply-To"].addresses] == ["editor@example.org"]
        assert "Cc" not in message


def test_every_letter_has_each_header_once_and_says_that_a_machine_wrote_it(
    mailed: Mailed,
) -> None:
    for taken in mailed[1].values():
        names = [name.lower() for name in read(taken)]
        assert len(names) == len(set(names))
        assert lines_of(taken, "Date") == [b"Fri, 21 Aug 2026 12:00:00 +0000"]
        assert lines_of(taken, "MIME-Version") == [b"1.0"]
        assert lines_of(taken, "Auto-Submitted") == [b"auto-generated"]
        assert lines_of(taken, "Feedback-ID") == [b"digest:::paperround"]
        assert "Precedence" not in read(taken), "a bulk letter is told by its List-Id"


def test_every_letter_is_named_by_the_token_its_envelope_sender_holds_in_one_domain(
    mailed: Mailed,
) -> None:
    for taken in mailed[1].values():
        token = re.fullmatch(r"round\+b-([0-9a-f]{32})@papers\.example\.org", taken.sender)
        assert token
        assert lines_of(taken, "Message-ID") == [f"<{token[1]}@papers.example.org>".encode()]
        (signature,) = lines_of(taken, "DKIM-Signature")
        assert b" d=papers.example.org;" in signature


def test_every_letter_is_signed_last(mailed: Mailed) -> None:
    house, letters = mailed
    assert house.signer is not None
    for taken in letters.values():
        assert taken.letter.startswith(b"DKIM-Signature: ")
        assert holds(taken.letter, house.signer)


def test_a_digest_can_be_unsubscribed_from_by_one_click(mailed: Mailed) -> None:
    digest = mailed[1]["digest"]
    (raw,) = lines_of(digest, "List-Unsubscribe")
    assert re.fullmatch(
        rb"<https://papers\.example\.org/u/([0-9a-f]{32})>,\r\n"
        rb" <mailto:round@papers\.example\.org\?subject=unsubscribe%20\1>",
        raw,
    )
    assert lines_of(digest, "List-Unsubscribe-Post") == [b"List-Unsubscribe=One-Click"]
    (signature,) = lines_of(digest, "DKIM-Signature")
    covered = re.sub(rb"\s", b"", signature).partition(b";h=")[2].partition(b";")[0].split(b":")
    assert {b"List-Unsubscribe", b"List-Unsubscribe-Post"} <= set(covered)


def test_a_digest_is_of_a_list_with_a_name_that_stays_and_the_others_of_none(
    mailed: Mailed,
) -> None:
    letters = mailed[1]
    assert lines_of(letters["digest"], "List-Id") == [b"Paperround <paperround.papers.example.org>"]
    assert lines_of(letters["digest"], "List-Help") == [
        b"<mailto:round@papers.example.org?subject=help>"
    ]
    for kind in ("confirm", "goodbye"):
        assert not [name for name in read(letters[kind]) if name.startswith("List-")]


def test_a_subject_is_one_line_of_its_first_title(mailed: Mailed) -> None:
    assert lines_of(mailed[1]["digest"], "Subject") == [b"Trending: Maps of Rivers and Seas"]


def test_every_letter_is_text_first_in_ascii_lines_that_any_server_takes(mailed: Mailed) -> None:
    for taken in mailed[1].values():
        message = read(taken)
        assert message.get_content_type() == "multipart/alternative"
        kinds = [(p.get_content_type(), p["Content-Transfer-Encoding"]) for p in message.walk()]
        assert kinds[1:] == [
            ("text/plain", "quoted-printable"),
            ("text/html", "quoted-printable"),
        ]
        assert taken.letter.isascii()
        assert taken.letter.count(b"\n") == taken.letter.count(b"\r\n") == taken.letter.count(b"\r")
        assert max(map(len, taken.letter.split(b"\r\n"))) <= 998
        html = taken.letter.split(b"text/html")[1]
        assert len(html) <= 90_000


def test_every_link_is_https_and_nothing_is_loaded(mailed: Mailed) -> None:
    for taken in mailed[1].values():
        text, html = (part.get_content() for part in read(taken).iter_parts())
        links = re.findall(r"https?://[^\s\"'<>]+", text + html)
        assert links
        assert all(link.startswith("https://") for link in links)
        assert not re.search(r"<img|<link|url\(|@import| src=", html)
