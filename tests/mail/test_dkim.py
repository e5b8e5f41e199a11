"""DKIM: what is signed holds, as another program sees it, until somebody changes it."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from peers.correspondence import ADA, ANYTHING, HOUSE, KINDS, LAMP, TEMPLATES, letter_of
from peers.signatures import holds, signer_of

from service.domain.papers import Paper
from service.mail.dkim import DkimError, KeyType, Signer, new_key, read_key
from service.mail.rendering import Kind, Letters

both_types = pytest.mark.parametrize("key_type", ["rsa", "ed25519"])
EXAMPLES = settings.default.max_examples
# Primes of a key of 768 bits, which the library will not make any more.
SHORT = (
    32075054647170323665114766804755257790093571544989784940462990608891080528825372723902407145210913133244908586356913,
    31825287080275344125712019903530682213035518971785208680947244762290652066771770462757607465651397753734710441618983,
)

LAMPS = [(LAMP, ["agents"])]


def signed(key_type: KeyType = "ed25519", **changes: object) -> bytes:
    letter = letter_of("digest", LAMPS, ADA._replace(**changes))  # type: ignore[arg-type]
    return signer_of(key_type).signed(letter, ADA.planned_at)


@both_types
@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_of_every_kind_is_signed_so_that_others_believe_it(
    kind: Kind, key_type: KeyType
) -> None:
    signer = signer_of(key_type)
    papers = LAMPS if kind in ("digest", "first") else []
    letter = signer.signed(letter_of(kind, papers), ADA.planned_at)
    assert holds(letter, signer)
    assert letter.startswith(f"DKIM-Signature: v=1; a={key_type}-sha256; ".encode())


@settings(max_examples=EXAMPLES // 2)
@given(ANYTHING, ANYTHING, ANYTHING, st.integers(1, 12))
def test_a_letter_of_any_name_title_and_abstract_is_signed_well(
    name: str, title: str, abstract: str, count: int
) -> None:
    signer = signer_of("ed25519")
    paper = Paper(title=title or "x", abstract=abstract, page=LAMP.page)
    letter = letter_of("digest", [(paper, ["agents"])] * count, ADA._replace(name=name))
    assert holds(signer.signed(letter, ADA.planned_at), signer)


@both_types
def test_a_letter_signed_again_is_the_same_to_the_byte(key_type: KeyType) -> None:
    assert signed(key_type) == signed(key_type)
    assert b" t=1787288400;" in signed(key_type)
    later = ADA.planned_at + timedelta(seconds=1)
    assert signed(key_type) != signer_of(key_type).signed(letter_of("digest", LAMPS), later)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\r\nFrom: Paperround", b"\r\nFrom: Somebody"),
        (b"\r\nTo: ada@", b"\r\nTo: eve@"),
        (b"\r\nSubject: Lamp", b"\r\nSubject: Damp"),
        (b"\r\nDate: Fri", b"\r\nDate: Sat"),
        (b"\r\nMessage-ID: <0", b"\r\nMessage-ID: <1"),
        (b"\r\nReply-To: editor", b"\r\nReply-To: eve"),
        (b"\r\nList-Unsubscribe: <https://papers", b"\r\nList-Unsubscribe: <https://papery"),
        (b"\r\nList-Unsubscribe-Post: List", b"\r\nList-Unsubscribe-Post: Lost"),
        (b"\r\nList-Id: Paper", b"\r\nList-Id: Taper"),
        (b"\r\nMIME-Version: 1.0", b"\r\nMIME-Version: 1.1"),
        (b"\r\nContent-Type: multipart/alt", b"\r\nContent-Type: multipart/mix"),
        (b"\r\nAuto-Submitted: auto", b"\r\nAuto-Submitted: otto"),
        (b"Small Agents", b"Large Agents"),
        (b" t=1787288400;", b" t=1787288401;"),
    ],
)
def test_what_was_signed_cannot_be_changed(old: bytes, new: bytes) -> None:
    letter = signed()
    assert letter.count(old) >= 1
    assert not holds(letter.replace(old, new), signer_of("ed25519"))


@pytest.mark.parametrize(
    "name",
    ["From", "To", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type"],
)
def test_no_second_one_can_be_put_beside_what_stands_once(name: str) -> None:
    letter = signed()
    added = f"{name}: eve@example.net\r\n".encode()
    first, rest = letter.split(b"\r\nFrom: ")
    for forged in (added + letter, first + b"\r\n" + added + b"From: " + rest):
        assert not holds(forged, signer_of("ed25519"))


def test_a_reply_to_cannot_be_added_to_a_letter_without_one() -> None:
    letters = Letters([TEMPLATES], replace(HOUSE, reply_to=None))
    signer, frame = signer_of("ed25519"), letters.frame("confirm")
    letter = signer.signed(letter_of("confirm", frame=frame), ADA.planned_at)
    assert b"Reply-To: " not in letter
    assert holds(letter, signer)
    assert not holds(b"Reply-To: eve@example.net\r\n" + letter, signer)


def test_what_servers_on_the_way_do_leaves_the_signature_good() -> None:
    letter = signed().replace(b"\r\nSubject: Lamp:", b"\r\nsubject:\tLamp: ")
    letter = b"Received: from a by b; Fri, 21 Aug 2026 05:00:09 +0000\r\n" + letter
    letter = letter.replace(b"we present", b"we \t present").replace(b"=\r\n", b"= \r\n")
    assert holds(letter + b"\r\n\r\n", signer_of("ed25519"))


def test_the_signature_names_what_it_covers() -> None:
    header = signed("rsa").partition(b"\r\nFrom: ")[0].decode()
    assert all(len(line) <= 78 for line in header.split("\r\n"))
    tags = dict(tag.strip().split("=", 1) for tag in re.sub(r"\s+", " ", header[15:]).split(";"))
    assert (tags["c"], tags["d"], tags["s"]) == ("relaxed/relaxed", "example.org", "august")
    covered = tags["h"].replace(" ", "").split(":")
    assert {name: covered.count(name) for name in covered} == {
        **dict.fromkeys(("From", "To", "Subject", "Date", "Message-ID", "Reply-To"), 2),
        **dict.fromkeys(("MIME-Version", "Content-Type"), 2),
        **dict.fromkeys(("List-Unsubscribe", "List-Unsubscribe-Post", "List-Id"), 1),
        "Auto-Submitted": 1,
    }


@pytest.mark.parametrize("strings", [1, 2])
def test_the_record_comes_in_strings_that_a_dns_server_takes(strings: int) -> None:
    signer = signer_of("ed25519" if strings == 1 else "rsa")
    assert len(signer.record_strings) == strings
    assert all(len(piece) <= 255 for piece in signer.record_strings)
    assert "".join(signer.record_strings) == signer.record
    assert signer.record_name == "august._domainkey.example.org"


def test_a_domain_of_any_script_signs_in_ascii() -> None:
    signer = replace(signer_of("ed25519"), domain="bücher.example")
    assert signer.domain == "xn--bcher-kva.example"
    assert holds(signer.signed(letter_of("digest", LAMPS), ADA.planned_at), signer)


@pytest.mark.parametrize(
    ("domain", "selector", "field"),
    [
        ("", "august", "domain"),
        ("exa mple.org", "august", "domain"),
        ("example.org; d=evil.example", "august", "domain"),
        ("example.org", "", "selector"),
        ("example.org", "a;b", "selector"),
        ("example.org", "a..b", "selector"),
        ("example.org", "août", "selector"),
    ],
)
def test_a_domain_or_selector_that_no_signature_can_name_is_refused(
    domain: str, selector: str, field: str
) -> None:
    with pytest.raises(DkimError) as caught:
        Signer(domain, selector, signer_of("ed25519").key)
    assert caught.value.field == field


def test_a_key_that_receivers_would_not_take_is_refused() -> None:
    p, q = SHORT
    d = rsa.rsa_recover_private_exponent(65537, p, q)
    numbers = rsa.RSAPrivateNumbers(
        p, q, d,
        rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q),
        rsa.RSAPublicNumbers(65537, p * q),
    )  # fmt: skip
    pem = numbers.private_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(DkimError, match="an RSA key of 768 bits; receivers take 1024 or more"):
        read_key(pem)


def test_what_is_no_key_of_a_kind_that_signs_is_refused() -> None:
    other = generate_private_key(SECP256R1())
    plain = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    locked = signer_of("rsa").key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"sesame")
    )
    for pem, words in (
        (b"", "no private key"),
        (b"\xff\x00", "no private key"),
        (new_key("ed25519")[:60], "no private key"),
        (plain, "neither RSA nor Ed25519"),
        (locked, "locked with a password"),
    ):
        with pytest.raises(DkimError, match=words):
            read_key(pem)


def test_a_key_in_the_old_form_of_openssl_is_read() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    signer = Signer("example.org", "august", read_key(pem))
    assert holds(signer.signed(letter_of("digest", LAMPS), ADA.planned_at), signer)
