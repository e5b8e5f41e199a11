"""The demo's mail catcher takes real SMTP, and its inbox shows what came."""

import asyncio
import smtplib
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from service.demo.catcher import Catcher
from service.demo.inbox import inbox_app

TEMPLATES = Path(__file__).parents[2] / "templates"


class Browser:
    """Asks an application for its pages, one at a time, as HTTP would."""

    def __init__(self, app: FastAPI) -> None:
        self._transport = httpx.ASGITransport(app)

    def get(self, path: str) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=self._transport, base_url="http://127.0.0.1"
            ) as client:
                return await client.get(path)

        return asyncio.run(ask())


@pytest.fixture
def inbox(catcher: Catcher) -> Browser:
    return Browser(inbox_app(catcher, TEMPLATES, "http://127.0.0.1:8000/"))


def letter(subject: str = "Nine papers", html: str = "<p>Good morning.</p>") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Paperround <paperround@example.org>"
    message["To"] = "ada@example.org"
    message["Subject"] = subject
    message.set_content("Good morning, Ada.\n")
    message.add_alternative(html, subtype="html")
    return message


def send(catcher: Catcher, *messages: EmailMessage) -> None:
    with smtplib.SMTP(*catcher.address) as client:
        for message in messages:
            client.send_message(message)


def test_a_letter_sent_by_smtp_is_kept_with_its_envelope(catcher: Catcher) -> None:
    with smtplib.SMTP(*catcher.address) as client:
        client.sendmail(
            "bounces@example.org",
            ["ada@example.org", "bo@example.org"],
            b"Subject: Plain\r\n\r\n.dot\r\n",
        )
    (caught,) = catcher.letters()
    assert caught.number == 1
    assert caught.mail_from == "bounces@example.org"
    assert caught.rcpt_to == ("ada@example.org", "bo@example.org")
    assert caught.received_at.utcoffset() is not None
    assert caught.raw == b"Subject: Plain\r\n\r\n.dot\r\n"
    assert caught.message()["Subject"] == "Plain"


def test_only_the_last_letters_are_kept_and_numbers_go_on() -> None:
    catcher = Catcher(kept=3)
    catcher.start()
    try:
        send(catcher, *(letter(f"Letter {n}") for n in range(1, 6)))
    finally:
        catcher.stop()
    assert [caught.number for caught in catcher.letters()] == [3, 4, 5]
    assert catcher.letters()[-1].headers()["Subject"] == "Letter 5"


def test_two_catchers_get_two_free_ports(catcher: Catcher) -> None:
    other = Catcher()
    other.start()
    try:
        assert other.address != catcher.address
        send(other, letter())
    finally:
        other.stop()
    assert len(other.letters()) == 1
    assert catcher.letters() == []


def test_a_taken_port_is_said_at_once(catcher: Catcher) -> None:
    with pytest.raises(OSError, match="in use"):
        Catcher(*catcher.address)


def test_internationalised_addresses_are_taken(catcher: Catcher, inbox: Browser) -> None:
    with smtplib.SMTP(*catcher.address) as client:
        client.ehlo()
        assert client.has_extn("smtputf8")
        client.sendmail(
            "paperround@example.org",
            ["jörg@example.org"],
            "Subject: Grüße\r\n\r\nHallo\r\n".encode(),
            mail_options=["SMTPUTF8"],
        )
    page = inbox.get("/").text
    assert "jörg@example.org" in page
    assert "Grüße" in page


def test_a_letter_over_the_limit_is_refused() -> None:
    small = Catcher(largest=1000)
    small.start()
    try:
        with pytest.raises(smtplib.SMTPSenderRefused, match="552"):
            send(small, letter(html="x" * 2000))
    finally:
        small.stop()
    assert small.letters() == []


def test_the_inbox_lists_letters_newest_first_and_refreshes_itself(
    catcher: Catcher, inbox: Browser
) -> None:
    assert "No letters yet." in inbox.get("/").text
    send(catcher, letter("First"), letter("Second"))
    page = inbox.get("/").text
    assert page.index("Second") < page.index("First")
    assert "2 letters" in page
    assert '<meta http-equiv="refresh" content="3">' in page
    assert 'href="http://127.0.0.1:8000/"' in page


def test_a_letter_opens_in_a_sandboxed_frame(catcher: Catcher, inbox: Browser) -> None:
    send(
        catcher,
        letter(html="<!doctype html><html><head><title>x</title></head><body>Hi</body></html>"),
    )
    page = inbox.get("/letters/1")
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
    assert "refresh" not in page.text
    assert "script-src" not in page.headers["content-security-policy"]
    frame = inbox.get("/letters/1/html")
    assert '<head><base target="_blank"><title>x</title>' in frame.text
    policy = frame.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy


def test_text_source_and_download_show_the_same_letter(catcher: Catcher, inbox: Browser) -> None:
    send(catcher, letter("A <b>bold</b> subject"))
    raw = catcher.letters()[0].raw
    assert "Good morning, Ada." in inbox.get("/letters/1?view=text").text
    source = inbox.get("/letters/1?view=source").text
    assert "multipart/alternative" in source
    assert "<b>bold" not in source
    assert "&lt;b&gt;bold" in source
    download = inbox.get("/letters/1/eml")
    assert download.content == raw
    assert download.headers["content-type"] == "message/rfc822"
    assert "attachment" in download.headers["content-disposition"]


def test_a_letter_without_html_opens_as_text(catcher: Catcher, inbox: Browser) -> None:
    with smtplib.SMTP(*catcher.address) as client:
        client.sendmail("a@example.org", ["ada@example.org"], b"Subject: s\r\n\r\nOnly <words>\r\n")
    page = inbox.get("/letters/1").text
    assert "Only &lt;words&gt;" in page
    assert "<iframe" not in page
    assert inbox.get("/letters/1/html").status_code == 404


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00binary",
        b"Subject: =?utf-8?q?=ZZ?=\r\nFrom: \xff <\r\nTo:\r\n\r\nx",
        b"From: @\r\nSubject: \xe2\x80\xae\r\nContent-Type: text/html; charset=nowhere\r\n\r\n<p>x",
        b"From: <\r\nSubject: =?utf-8?q?=0A?= @[\r\n\r\nx",
        b"Content-Type: multipart/alternative\r\n\r\nno boundary",
    ],
)
def test_a_malformed_letter_hides_nothing(catcher: Catcher, inbox: Browser, raw: bytes) -> None:
    with smtplib.SMTP(*catcher.address) as client:
        client.sendmail("a@example.org", ["ada@example.org"], raw)
    send(catcher, letter("Still here"))
    assert "Still here" in inbox.get("/").text
    for view in ("html", "text", "source"):
        assert inbox.get(f"/letters/1?view={view}").status_code == 200
    assert inbox.get("/letters/1/html").status_code in (200, 404)


def test_an_unknown_letter_is_not_found(inbox: Browser) -> None:
    assert inbox.get("/letters/7").status_code == 404
    assert inbox.get("/letters/7/eml").status_code == 404


def test_the_style_is_served_beside_the_pages(inbox: Browser) -> None:
    style = inbox.get("/style.css")
    assert style.headers["content-type"].startswith("text/css")
    assert "--paper" in style.text
