"""The letter: stored parts and one reader's own words, joined to a message."""

from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import quote

from service.mail.card import Because, Card
from service.mail.contents import Contents, Entry, line, lists, trimmed
from service.mail.frame import Frame
from service.mail.headers import recipient_value, subject_value, token_value
from service.mail.house import House
from service.mail.personal import Personal
from service.mail.reasons import Reasons
from service.mail.rendering import Kind, Letters
from service.mail.shown import Shown, show
from service.mail.words import words_of

__all__ = [
    "Because",
    "Card",
    "Contents",
    "Entry",
    "Frame",
    "House",
    "Kind",
    "Letters",
    "Personal",
    "Reasons",
    "Shown",
    "join",
    "line",
    "show",
]

# Gmail cuts a message off at 102 KB of HTML and hides what stands below, the footer first.
HTML_LIMIT = 90_000


def join(frame: Frame, contents: Contents, personal: Personal) -> bytes:
    """Return the complete message (RFC 5322) for one reader, ready for the wire.

    Same arguments, same bytes. Where the HTML part would be larger than 90 KB, the last papers
    stand there, and in the text, by title only, or are only counted. Raises HeaderError for an
    address, token or link that no header can hold, and ValueError where the kind of letter lacks
    what it is about.
    """
    pieces = _pieces(frame, contents, personal)
    while contents and (excess := frame.html_size(pieces) - HTML_LIMIT) > 0:
        contents = trimmed(contents, excess)
        pieces = _pieces(frame, contents, personal)
    return b"".join(pieces)


def _pieces(frame: Frame, contents: Contents, personal: Personal) -> list[bytes]:
    said, subject = words_of(frame.kind, contents, personal)
    if contents:
        said |= lists(
            contents,
            personal.topics,
            personal.matched,
            said["web"],
            frame.pieces,
            weekly=personal.cadence.weekly,
        )
    header = {
        "to": recipient_value(personal.recipient).encode(),
        "date": _date_value(personal.planned_at),
        "token": token_value(personal.token).encode(),
        "subject": _subject_value(subject),
    }
    if "unsubscribe" in said:
        header["unsubscribe"] = personal.unsubscribe.encode()
        # The link's own token works for ever; a delivery's is forgotten with its letter.
        header["stop"] = quote(personal.unsubscribe.rpartition("/")[2], safe="").encode()
    return frame.filled(header, said)


@lru_cache(maxsize=1024)
def _subject_value(subject: str) -> bytes:
    return subject_value(subject).encode()


@lru_cache(maxsize=64)
def _date_value(moment: datetime) -> bytes:
    return format_datetime(moment.astimezone(UTC)).encode()
