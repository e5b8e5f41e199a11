"""Header values: one header each, whatever the text."""

import email
import email.policy
from email.header import decode_header, make_header

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.mail.headers import (
    HeaderError,
    address_value,
    envelope_sender,
    header_line,
    link_value,
    mailbox_value,
    recipient_value,
    subject_value,
    token_value,
)
from service.mail.house import House
from service.mail.plain import one_line

TOKEN = "0123456789abcdef" * 2


def parsed(name: str, value: str) -> email.message.EmailMessage:
    message = email.message_from_string(
        f"{name}: {value}\r\nX-After: here\r\n\r\n", policy=email.policy.default
    )
    assert isinstance(message, email.message.EmailMessage)
    return message


@given(st.text())
@example("Zetta ζ: An Efficient Closed-Loop Embodied Harness… + 9 more")
@example("plain, then 字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字 + 2 more")
@example("🙂" * 80)
@example("a" * 300)
@example("é" + " b" * 200)
def test_a_subject_is_read_back_as_its_text(text: str) -> None:
    value = subject_value(text)
    expected = one_line(text).replace("=?", "= ?")
    assert str(make_header(decode_header(value.replace("\r\n ", " ")))) == expected
    message = parsed("Subject", value)
    assert message.keys() == ["Subject", "X-After"]


@given(st.text())
@example("é " * 100)
@example("a" * 300)
@example("word " * 40)
def test_a_subject_is_ascii_on_lines_of_at_most_76(text: str) -> None:
    lines = ("Subject: " + subject_value(text)).split("\r\n")
    assert all(line.isascii() and line.isprintable() and len(line) <= 76 for line in lines)
    assert all(line.startswith(" ") and line.strip() for line in lines[1:])


@pytest.mark.parametrize(
    "hostile",
    [
        "Hello\r\nBcc: victim@example.org",
        "Hello\nBcc: victim@example.org",
        "=?utf-8?q?=0ABcc:_victim@example.org?=",
        "=?utf-8?q?=0D=0ABcc:_victim@example.org?= é",
        "a\x00b\x0b\x0c\x85c\u2028Bcc: d",
    ],
)
def test_a_hostile_subject_adds_no_header_even_when_written_out_again(hostile: str) -> None:
    message = parsed("Subject", subject_value(hostile))
    again = email.message_from_bytes(message.as_bytes(), policy=email.policy.default)
    assert again.keys() == ["Subject", "X-After"]
    assert again["Bcc"] is None


def test_only_the_foreign_words_of_a_subject_are_encoded() -> None:
    assert subject_value("A Benchmark for Evolution… + 7 more") == (
        "A Benchmark for =?utf-8?q?Evolution=E2=80=A6?= + 7 more"
    )


@pytest.mark.parametrize(
    ("address", "wire"),
    [
        ("ada@example.net", "ada@example.net"),
        ("o'neil+papers@mail.example.co.uk", "o'neil+papers@mail.example.co.uk"),
        ("root@localhost", "root@localhost"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@straße.example", "ada@xn--strae-oqa.example"),
        ("ada@例え.example", "ada@xn--r8jz45g.example"),
    ],
)
def test_an_address_goes_out_in_ascii(address: str, wire: str) -> None:
    assert address_value(address) == wire


@pytest.mark.parametrize(
    "address",
    [
        "",
        "@",
        "ada",
        "@example.net",
        "ada@",
        "a b@example.net",
        "ada@exa mple.net",
        "ada@example.net\r\nBcc: eve@example.net",
        "ada@example.net\n",
        "ada@example.net,eve@example.net",
        "ada@example.net>, <eve@example.net",
        '"ada"@example.net',
        "ada@ü..example",
        "zoë@example.net",
        "a" * 65 + "@example.net",
    ],
)
def test_what_is_not_one_plain_address_is_refused(address: str) -> None:
    with pytest.raises(HeaderError):
        address_value(address)


@pytest.mark.parametrize(
    ("address", "wire"),
    [
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("zoë@example.net", "zoë@example.net"),
        ("用户.+papers@例え.example", "用户.+papers@xn--r8jz45g.example"),
        ("é" * 32 + "@example.net", "é" * 32 + "@example.net"),
    ],
)
def test_a_readers_address_may_have_any_letters_before_its_at(address: str, wire: str) -> None:
    assert recipient_value(address) == wire


@pytest.mark.parametrize(
    "address",
    [
        "ada",
        "zoë",
        "zoë@",
        "zo ë@example.net",
        "zoë\u00a0@example.net",
        "zoë\u2028Bcc: eve@example.net",
        "zoë\r\nBcc: eve@example.net",
        "zoë\x85@example.net",
        "zoë\u202e@example.net",
        "zoë\ud800@example.net",
        "zoë>,<eve@example.net",
        '"zoë"@example.net',
        "zoë@exa mple.net",
        "é" * 33 + "@example.net",
    ],
)
def test_what_is_not_one_address_of_a_reader_is_refused(address: str) -> None:
    with pytest.raises(HeaderError):
        recipient_value(address)


@given(st.text(min_size=1))
@example('Papers "of the day", Ltd. \\')
@example("Café des Papiers")
def test_a_from_header_is_read_back_as_name_and_address(name: str) -> None:
    message = parsed("From", mailbox_value(name, "paperround@example.org"))
    (mailbox,) = message["From"].addresses
    assert mailbox.addr_spec == "paperround@example.org"
    assert message.keys() == ["From", "X-After"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Paperround", "Paperround <p@example.org>"),
        ("Papers, Ltd.", '"Papers, Ltd." <p@example.org>'),
        ('The "Round"', '"The \\"Round\\"" <p@example.org>'),
        ("Café", "=?utf-8?q?Caf=C3=A9?=\r\n <p@example.org>"),
    ],
)
def test_a_name_is_quoted_or_encoded_only_where_it_must_be(name: str, value: str) -> None:
    assert mailbox_value(name, "p@example.org") == value


def test_an_envelope_sender_names_its_delivery() -> None:
    sender = envelope_sender(TOKEN, "paperround@example.org")
    assert sender == f"paperround+b-{TOKEN}@example.org"
    assert address_value(sender) == sender


@pytest.mark.parametrize("token", ["", "abc", TOKEN.upper(), TOKEN + "\n", "g" * 32, TOKEN + "0"])
def test_a_token_of_another_form_is_refused(token: str) -> None:
    with pytest.raises(HeaderError, match="32 hexadecimal"):
        token_value(token)


@pytest.mark.parametrize(
    "link",
    [
        "",
        "ftp://example.org",
        "javascript:alert(1)",
        "https://é.example/u/1",
        "https://a.example/\r\nX: y",
        "https://a.example/u/1>, <https://b.example",
        "https://a.example/ b",
        'https://a.example/"',
    ],
)
def test_a_link_that_a_header_cannot_hold_is_refused(link: str) -> None:
    with pytest.raises(HeaderError, match="not a link"):
        link_value(link)


@pytest.mark.parametrize("value", ["", " a", "a\nb", "é", "a" * 901])
def test_a_line_that_a_header_cannot_hold_is_refused(value: str) -> None:
    with pytest.raises(HeaderError, match="one header line"):
        header_line(value)


def test_a_bare_sender_is_called_paperround() -> None:
    house = House(sender="round@papers.example.org", base_url="https://papers.example.org")
    assert house.mailbox == "Paperround <round@papers.example.org>"
    assert house.list_id == "paperround.papers.example.org"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"sender": "nobody"}, "sender"),
        ({"sender": ""}, "sender"),
        ({"sender": "a@example.org, b@example.org"}, "sender"),
        ({"sender": "P <p@example.org>\r\nBcc: e@example.org"}, "sender"),
        ({"sender": "a" * 30 + "@example.org"}, "sender"),
        ({"reply_to": "nobody"}, "reply_to"),
        ({"feedback_id": "a\nb"}, "feedback_id"),
        ({"feedback_id": "digest:::four"}, "feedback_id"),
        ({"feedback_id": "digest:::sixteen-letters-"}, "feedback_id"),
        ({"feedback_id": "a:b:c:d:paperround"}, "feedback_id"),
        ({"feedback_id": "digest: :paperround"}, "feedback_id"),
        ({"base_url": "https://papers.example.org/"}, "base_url"),
    ],
)
def test_a_wrong_setting_of_the_house_is_named(wrong: dict[str, str], said: str) -> None:
    right = {"sender": "p@example.org", "base_url": "https://papers.example.org"}
    with pytest.raises(ValueError, match=f"^{said}: "):
        House(**{**right, **wrong})


@given(st.text("ab.+-_@ \r\n:", max_size=20) | st.emails())
def test_an_ascii_recipient_stands_on_the_wire_as_any_address_does(address: str) -> None:
    try:
        expected = address_value(address)
    except HeaderError:
        with pytest.raises(HeaderError):
            recipient_value(address)
    else:
        assert recipient_value(address) == expected
