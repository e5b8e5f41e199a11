"""The sign-up form against what people and robots type into it."""

import html
import re

import httpx
import pytest
from peers.dump import dump
from peers.letter import html_of, link_of, text_of
from peers.newsroom import publish
from peers.reader import Clock, deliver, path_of, sign_up

from service import pipeline
from service.demo.catcher import Catcher
from service.installation import Installation
from service.web.guard import MAX_BODY_BYTES

NAUGHTY = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "{{ 7*7 }} ${7*7} <% 7*7 %>",
    "javascript:alert(1)//",
    "'; DROP TABLE subscriber; --",
    "=?utf-8?q?=0ABcc:_bob@example.org?=",
    "%0d%0aBcc:bob@example.org",
    "maps\u202egnp.exe",
    "Ω≈ç√∫ 漢字 ﷽ 👩‍👩‍👧",
    "=" * 70,
    "." * 3 + " maps",
    '"<img src=x onerror=alert(1)>"',
    '"{{ 7*7 }} ${7*7} <% 7*7 %>"',
    '"=?utf-8?q?=0ABcc:_bob@example.org?="',
    "maps OR <b>robots</b>",
)


def test_a_form_with_mistakes_comes_back_as_typed_with_each_mistake_named(
    pages: httpx.Client, house: Installation
) -> None:
    before = dump(house.database)
    answer = sign_up(
        pages, "ada@", "maps", "robots AND (tea", send_at="25:00", timezone="Mars/<Base>",
        cadence="hourly",
    )  # fmt: skip
    assert answer.status_code == 422
    page = answer.text
    shown = html.unescape(page)
    assert '<input type="hidden" name="topic" value="maps">' in page
    assert '<input id="new" name="new" aria-label="Topic" value="robots AND (tea"' in page
    assert 'value="new:robots AND (tea)"' in page, "it is offered mended"
    assert 'value="ada@"' in page
    assert 'value="Mars/&lt;Base&gt;"' in page
    assert re.search(r"<pre>\s*robots AND \(tea\n {11}\^</pre>", shown), "the caret is off"
    for field in ("new", "send_at", "cadence", "timezone", "email"):
        assert f'id="{field}-error"' in page
    assert "'25:00' is not an hour" in shown
    assert "'Mars/<Base>' is not a time zone" in shown
    assert "'ada@' is not an e-mail address" in shown
    assert dump(house.database) == before


@pytest.mark.parametrize("email", ["", "ada", "ada@example.org\r\nBcc: bob@example.org", "ä@a@b.c"])
def test_what_is_no_address_is_refused(
    pages: httpx.Client, house: Installation, email: str
) -> None:
    before = dump(house.database)
    answer = sign_up(pages, email)
    assert answer.status_code == 422
    assert 'id="email-error"' in answer.text
    assert 'id="new-error"' not in answer.text
    assert dump(house.database) == before


def test_an_address_under_an_international_domain_gets_its_letter_there(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    assert sign_up(pages, "ada@bücher.example").status_code == 303
    (asking,) = deliver(house, clock, catcher)
    assert asking.rcpt_to == ("ada@xn--bcher-kva.example",)


def test_more_than_two_hundred_topics_are_too_many(pages: httpx.Client) -> None:
    answer = sign_up(pages, "ada@example.org", *(f"topic {n}" for n in range(201)))
    assert answer.status_code == 422
    assert "more than one reader may have (200)" in answer.text
    assert sign_up(pages, "ada@example.org", *(f"topic {n}" for n in range(200))).status_code == 303


def test_a_robot_that_fills_in_the_hidden_field_gets_nothing_and_a_person_a_second_look(
    pages: httpx.Client, house: Installation
) -> None:
    before = dump(house.database)
    robot = sign_up(pages, "ada@example.org", "maps", website="https://example.org")
    assert robot.status_code == 422
    assert "Please look it over and press the button once more." in robot.text
    assert '<input type="hidden" name="topic" value="maps">' in robot.text
    assert 'value="https://example.org"' not in robot.text
    assert dump(house.database) == before
    assert sign_up(pages, "ada@example.org", "maps").status_code == 303
    assert dump(house.database) != before


def test_a_body_that_is_too_large_is_refused_unread(
    pages: httpx.Client, house: Installation
) -> None:
    before = dump(house.database)
    answer = sign_up(pages, "ada@example.org", "x" * MAX_BODY_BYTES)
    assert answer.status_code == 413
    assert "That is more than this form takes." in answer.text
    chunked = pages.post("/", content=iter([b"email=ada@example.org"]))
    assert chunked.status_code == 411
    assert dump(house.database) == before


def test_a_form_that_is_no_form_gets_a_page_not_a_traceback(
    pages: httpx.Client, house: Installation
) -> None:
    before = dump(house.database)
    for answer in (
        pages.post("/", files={"email": ("ada.txt", b"ada@example.org")}),
        pages.post("/", content=b"\xff\xfe\x00", headers={"content-type": "multipart/form-data"}),
        pages.post(
            "/", content=b"--x\r\nzzz", headers={"content-type": "multipart/form-data; boundary=x"}
        ),
        pages.post("/", json={"email": "ada@example.org"}),
        pages.post("/", content=b"%%%=&&&;email=\xff%00"),
    ):
        assert answer.status_code in (400, 422), answer.text
        assert answer.headers["content-type"].startswith("text/html")
        assert "<h1" in answer.text
    assert dump(house.database) == before


def test_what_a_stranger_types_is_inert_in_letters_and_pages(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    typed = [text for text in NAUGHTY if sign_up(pages, "eve@example.org", text).status_code == 422]
    for text in typed:
        page = sign_up(pages, "eve@example.org", text).text
        assert "<script>" not in page
        assert "<img" not in page
        assert text in html.unescape(page)
    good = [text for text in NAUGHTY if text not in typed]
    assert len(good) >= 6, "there is something odd to letter"
    sign_up(pages, "ada@example.org", *good, "maps")
    letters = [c for c in deliver(house, clock, catcher) if c.rcpt_to == ("ada@example.org",)]
    start = path_of(link_of(letters[0], "/confirm/"))
    pages_seen = [pages.get(start).text, pages.post(start).text]
    publish(house, clock(), "Maps of Rivers")
    pipeline.plan(house, clock(), everyone=True)
    letters += deliver(house, clock, catcher)
    assert sorted(letter.headers()["Subject"] for letter in letters) == [
        "Confirm your Paperround letter",
        "Maps of Rivers",
        "Your Paperround letter is set up",
    ]
    for letter in letters:
        assert letter.headers().get_all("Bcc") is None
        assert not letter.message().defects
        assert [str(v) for v in letter.headers().get_all("To", [])] == ["ada@example.org"]
        assert max(map(len, letter.raw.split(b"\r\n"))) <= 998
        assert "49" not in text_of(letter).split()
        pages_seen.append(html_of(letter))
    for page in pages_seen:
        assert "<script" not in page
        assert "onerror" not in re.sub(r"&lt;img[^;]*&gt;|<bdi>[^<]*</bdi>", "", page)


def test_a_hostile_name_given_by_an_admin_is_inert_in_the_letter(
    house: Installation, clock: Clock, catcher: Catcher
) -> None:
    from service.domain.readers import Preferences
    from service.mail.address import parse_address
    from service.readers import consent

    names = ["Ada\r\nBcc: bob@example.org", "<script>alert(1)</script>", "{{ 7*7 }}", *NAUGHTY]
    for number, name in enumerate(names):
        consent.add(
            house, parse_address(f"ada{number}@example.org"), (), Preferences(name=name), clock(),
            source="test", vouched=True,
        )  # fmt: skip
    publish(house, clock(), "Maps of Rivers")
    pipeline.plan(house, clock(), everyone=True)
    letters = deliver(house, clock, catcher)
    assert len(letters) == len(names)
    for letter in letters:
        assert letter.headers().get_all("Bcc") is None
        assert not letter.message().defects
        assert "<script" not in html_of(letter)
        assert "<img" not in html_of(letter)
