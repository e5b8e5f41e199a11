"""The letter: stored parts and one reader's own words, joined to a message."""

from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import quote

from service.domain.selection import Selection
from service.mail.card import Because, Card
from service.mail.contents import trimmed, written
from service.mail.frame import HTML_BEGINS, Frame
from service.mail.headers import recipient_value, token_value
from service.mail.house import House
from service.mail.parts import Parts
from service.mail.personal import Personal
from service.mail.rendering import Kind, Letters
from service.mail.words import words_of

__all__ = [
    "Because",
    "Card",
    "Frame",
    "House",
    "Kind",
    "Letters",
    "Parts",
    "Personal",
    "join",
]

# Gmail cuts a message off at 102 KB of HTML and hides what stands below, the footer first.
HTML_LIMIT = 90_000


def join(parts: Parts, selection: Selection, personal: Personal) -> bytes:
    """Return the complete message (RFC 5322) for one reader, ready for the wire.

    Same parts, same selection, same reader's words, same bytes. Where the HTML part would be larger
    than 90 KB, the last papers stand there, and in the text, by title only, or are only counted.
    Raises HeaderError for an address, token or link that no header can hold, and ValueError where
    the kind of letter lacks what it is about.
    """
    alone = len(selection.cards) == 1
    letter = _joined(parts, selection, personal, alone=alone)
    while selection.cards and len(letter) > HTML_LIMIT:
        excess = len(letter) - letter.index(HTML_BEGINS) - HTML_LIMIT
        if excess <= 0:
            break
        selection = trimmed(parts, selection, excess, alone=alone)
        letter = _joined(parts, selection, personal, alone=alone)
    return letter


def _joined(parts: Parts, selection: Selection, personal: Personal, *, alone: bool) -> bytes:
    said, subject = words_of(parts, selection, personal)
    header = {
        "to": recipient_value(personal.recipient).encode(),
        "date": _date_value(personal.planned_at),
        "token": token_value(personal.token).encode(),
        "subject": subject,
    }
    if "unsubscribe" in said:
        header["unsubscribe"] = personal.unsubscribe.encode()
        # The link's own token works for ever; a delivery's is forgotten with its letter.
        token = personal.unsubscribe.rpartition("/")[2]
        header["stop"] = (token if token.isalnum() else quote(token, safe="")).encode()
    papers = {}
    if selection.cards:
        weekly = personal.day.weekly
        papers = written(parts, selection, said["web"], alone=alone, weekly=weekly)
    return b"".join(parts.frames[selection.frame].filled(header, said, papers))


@lru_cache(maxsize=64)
def _date_value(moment: datetime) -> bytes:
    return format_datetime(moment.astimezone(UTC)).encode()
