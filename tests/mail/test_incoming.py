"""Letters that mail clients write to unsubscribe, told from all others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.mail.incoming import split_mbox, stop_token

TOKEN = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    "header",
    [
        f"Subject: unsubscribe {TOKEN}",
        f"Subject: Unsubscribe\r\n {TOKEN}",
        f"subject: Re: UNSUBSCRIBE {TOKEN.upper()} please",
        f"Subject: =?utf-8?q?unsubscribe_{TOKEN}?=",
        f"To: <paperround+u-{TOKEN}@example.org>\r\nSubject: hello",
        f"To: help@example.org, Papers <paperround+U-{TOKEN}@example.org>",
        f"Delivered-To: paperround+u-{TOKEN}@example.org\r\nSubject:",
        f"X-Original-To: paperround+u-{TOKEN}@example.org",
    ],
)
def test_a_token_in_the_subject_or_the_address_is_found(header: str) -> None:
    letter = f"From: ada@example.org\r\n{header}\r\n\r\nPlease stop.\r\n"
    assert stop_token(letter.encode()) == TOKEN


@pytest.mark.parametrize(
    "letter",
    [
        "",
        "\r\n\r\n",
        f"Subject: Out of office\r\n\r\n> Subject: unsubscribe {TOKEN}\r\n",
        f"Subject: {TOKEN}\r\n\r\n",
        f"Subject: unsubscribe {TOKEN[:-1]}\r\n\r\n",
        f"Subject: unsubscribe {TOKEN}0\r\n\r\n",
        f"From: paperround+u-{TOKEN}@example.org\r\nSubject: hello\r\n\r\n",
        f"List-Unsubscribe: <mailto:p@example.org?subject=unsubscribe%20{TOKEN}>\r\n\r\n",
        f"To: paperround+b-{TOKEN}@example.org\r\nSubject: Undelivered\r\n\r\n",
        "Subject: =?nonsense?q?unsubscribe?=\r\n\r\n",
    ],
)
def test_any_other_letter_has_none(letter: str) -> None:
    assert stop_token(letter.encode()) is None


@given(st.binary(max_size=400))
def test_garbage_breaks_nothing(garbage: bytes) -> None:
    stop_token(garbage)
    stop_token(b"Subject: " + garbage)
    for letter in split_mbox(b"From x\n" + garbage):
        stop_token(letter)


def test_the_letters_of_an_mbox_are_told_apart() -> None:
    one, two = b"Subject: one\n\n>From here on\n\n", b"Subject: two\n\nbody\n"
    mbox = b"From ada Fri Aug 21 07:00:00 2026\n" + one + b"From bob Fri Aug 21\n" + two
    assert list(split_mbox(mbox)) == [one, two]
    assert list(split_mbox(one)) == [one]
