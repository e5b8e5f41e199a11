"""Header values that can hold nothing but one value."""

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from string import ascii_letters, digits
from typing import AnyStr

import idna

from service.mail.plain import one_line

_LOCAL_PART = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")
# What nearly all addresses are: on the wire as they are written.
_PLAIN_ADDRESS = re.compile(f"{_LOCAL_PART.pattern}@{_DOMAIN.pattern}")
_LINK = re.compile(r"https?://[!#-;=?-~]{1,900}")
_TOKEN = re.compile(r"[0-9a-f]{32}")
_WORD_LENGTH = 60
_LINE_LENGTH = 76


class HeaderError(ValueError):
    """A value that no header of a letter can hold."""


def address_value(address: str) -> str:
    """Return an address as it stands on the wire: an internationalised domain as A-labels.

    Raises HeaderError for what is not one plain address, and for a local part outside ASCII,
    which only servers with SMTPUTF8 can carry.
    """
    local, at, domain = address.rpartition("@")
    if local and not local.isascii():
        raise HeaderError(f"the part before the @ of {address!r} is not in ASCII letters")
    if not at or not _LOCAL_PART.fullmatch(local):
        raise HeaderError(f"{address!r} is not an e-mail address")
    try:
        return f"{local}@{domain_value(domain)}"
    except HeaderError as error:
        raise HeaderError(f"{address!r} is not an e-mail address: {error}") from error


def recipient_value(address: str) -> str:
    """Return a recipient's address as it stands on the wire: an internationalised domain as
    A-labels, and a local part outside ASCII in Unicode (RFC 6532).

    Only a server that offers SMTPUTF8 takes the latter. Raises HeaderError.
    """
    if _PLAIN_ADDRESS.fullmatch(address):
        return address
    local, at, domain = address.rpartition("@")
    if local.isascii():
        return address_value(address)
    plain = "".join(map(_plain_letter, local))
    if not at or len(local.encode(errors="replace")) > 64 or not _LOCAL_PART.fullmatch(plain):
        raise HeaderError(f"{address!r} is not an e-mail address")
    return f"{local}@{domain_value(domain)}"


def _plain_letter(character: str) -> str:
    """Return a letter for one outside ASCII that can be seen, else what no address may hold."""
    if character.isascii():
        return character
    return "x" if character.isprintable() else " "


def domain_value(domain: str) -> str:
    """Return a domain name as it stands on the wire, in A-labels. Raises HeaderError."""
    wire = domain
    if not domain.isascii():
        try:
            wire = idna.encode(domain, uts46=True).decode("ascii")
        except idna.IDNAError as error:
            raise HeaderError(f"{domain!r} is not a domain name: {error}") from error
    if not _DOMAIN.fullmatch(wire):
        raise HeaderError(f"{domain!r} is not a domain name")
    return wire


def mailbox_value(name: str, address: str) -> str:
    """Return `name` and `address` as a From header shows them (RFC 5322 3.4)."""
    name = one_line(name).replace("=?", "= ?")
    if name.isascii():
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        plain = re.fullmatch(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]+", name)
        return f"{name} <{address}>" if plain else f'"{escaped}" <{address}>'
    return "\r\n ".join((*_encoded_words(name), f"<{address}>"))


def header_line(value: str) -> str:
    """Return `value` if a header can hold it verbatim. Raises HeaderError."""
    if not re.fullmatch(r"[ -~]{1,900}", value) or value != value.strip():
        raise HeaderError(f"{value!r} does not fit one header line of ASCII characters")
    return value


def token_value(token: str) -> str:
    """Return a delivery's token: 32 hexadecimal digits, in lower case. Raises HeaderError."""
    if not _TOKEN.fullmatch(token):
        raise HeaderError(f"{token!r} is not a token of 32 hexadecimal digits")
    return token


def link_value(link: str) -> str:
    """Return a link as List-Unsubscribe holds it, raw and on one line. Raises HeaderError."""
    if not _LINK.fullmatch(link):
        raise HeaderError(f"{link!r} is not a link in ASCII characters")
    return link


def envelope_sender(token: str, sender_address: str) -> str:
    """Return the MAIL FROM of one delivery (VERP), so that a bounce names what it is about."""
    local, _, domain = sender_address.rpartition("@")
    return f"{local}+b-{token_value(token)}@{domain}"


def subject_value(text: str) -> str:
    """Return a Subject on as many folded lines as it needs, without its final line end.

    White space is collapsed and control characters are dropped. "=?" is broken up even though it
    is plain text here: software that writes a decoded subject out again would otherwise take what
    follows for an encoded word (CVE-2024-6923).
    """
    words = one_line(text).replace("=?", "= ?").split(" ")
    foreign = [
        position
        for position, word in enumerate(words)
        if not word.isascii() or len(word) > _WORD_LENGTH
    ]
    if foreign:
        first, last = foreign[0], foreign[-1] + 1
        words[first:last] = _encoded_words(" ".join(words[first:last]))
    lines: list[str] = []
    line = words[0]
    room = _LINE_LENGTH - len("Subject: ")
    for word in words[1:]:
        if len(line) + 1 + len(word) > room:
            lines.append(line)
            line, room = word, _LINE_LENGTH - 1
        else:
            line = f"{line} {word}"
    return "\r\n ".join((*lines, line))


def _encoded_words(text: str) -> list[str]:
    """Return `text` as encoded words (RFC 2047) that fit any line and split no character."""
    cells = [_Q_PLAIN.get(character) or _q(character) for character in text]
    # Q where most of it stays legible, B where that would be twice as long.
    if sum(map(len, cells)) <= 2 * len(text.encode()):
        return [f"=?utf-8?q?{''.join(run)}?=" for run in _runs(cells, 50)]
    octets = [character.encode() for character in text]
    return [f"=?utf-8?b?{b64encode(b''.join(run)).decode()}?=" for run in _runs(octets, 36)]


def _runs(cells: Sequence[AnyStr], room: int) -> Iterator[Sequence[AnyStr]]:
    start, used = 0, 0
    for position, cell in enumerate(cells):
        if used + len(cell) > room:
            yield cells[start:position]
            start, used = position, 0
        used += len(cell)
    yield cells[start:]


def _q(character: str) -> str:
    return "".join(f"={octet:02X}" for octet in character.encode())


# What may stand for itself in an encoded word wherever it is used (RFC 2047 5).
_Q_PLAIN = {character: character for character in ascii_letters + digits + "!*+-/"} | {" ": "_"}
