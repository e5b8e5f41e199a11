"""Letters that come to us: those that mail clients write to unsubscribe (RFC 2369, mailto)."""

import re
from collections.abc import Iterator
from email import policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesHeaderParser

# What stands beyond is body.
HEADER_BYTES = 256 * 1024

_IN_SUBJECT = re.compile(r"\bunsubscribe\s+([0-9a-f]{32})\b", re.IGNORECASE)
_IN_ADDRESS = re.compile(r"\+u-([0-9a-f]{32})@", re.IGNORECASE)
_RECIPIENTS = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")
_FROM_LINE = re.compile(rb"(?m)^From [^\n]*\n")


def stop_token(letter: bytes) -> str | None:
    """Return the token of an unsubscribe link that a letter's header holds: in its subject, as in
    "unsubscribe TOKEN", or in an address it came to, as in paperround+u-TOKEN@example.org.

    None where there is none. The body does not count: letters quote others.
    """
    parser = BytesHeaderParser(EmailMessage, policy=policy.compat32)
    header = parser.parsebytes(letter[:HEADER_BYTES])
    found = _IN_SUBJECT.search(" ".join(_decoded(str(header.get("Subject", ""))).split()))
    if found is None:
        values = [str(value) for name in _RECIPIENTS for value in header.get_all(name, ())]
        found = next(filter(None, map(_IN_ADDRESS.search, values)), None)
    return found[1].lower() if found else None


def _decoded(value: str) -> str:
    """Return a header's words; where its encoded ones (RFC 2047) cannot be read, as they stand."""
    try:
        return str(make_header(decode_header(value)))
    except (LookupError, ValueError, HeaderParseError):
        return value


def split_mbox(file: bytes) -> Iterator[bytes]:
    """Yield the letters of an mbox file; what does not begin as one does is one letter."""
    if not file.startswith(b"From "):
        yield file
        return
    yield from _FROM_LINE.split(file)[1:]
