"""The letter: stored parts and one reader's own words, joined to a message."""

from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import quote

from markupsafe import escape

from service.mail.card import Because, Card
from service.mail.contents import Contents, Entry, Line, body, trimmed
from service.mail.frame import Frame, Slot
from service.mail.headers import recipient_value, subject_value, token_value
from service.mail.house import House
from service.mail.mime import encode
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
    "Line",
    "Personal",
    "Reasons",
    "Shown",
    "join",
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
    pieces = frame.filled(_values(frame, contents, personal))
    while contents and (excess := frame.html_size(pieces) - HTML_LIMIT) > 0:
        contents = trimmed(contents, excess)
        pieces = frame.filled(_values(frame, contents, personal))
    return b"".join(pieces)


def _values(frame: Frame, contents: Contents, personal: Personal) -> dict[Slot, bytes]:
    """Return what stands in each slot of the frame, encoded."""
    texts, marked_up, own = words_of(frame.kind, contents, personal)
    # Nobody else has these links: no use to remember them. HTML escapes no other sign of theirs.
    links = {name: encode(link) for name, link in own.items()}
    html_links = {
        name: encode(escape(link)) if "&" in link else links[name] for name, link in own.items()
    }
    values = body(
        contents,
        personal.topics,
        personal.matched,
        (links.get("web", b""), html_links.get("web", b"")),
        frame.pieces,
        weekly=personal.cadence.weekly,
    )
    values["header:to"] = recipient_value(personal.recipient).encode()
    values["header:date"] = _date_value(personal.planned_at)
    values["header:token"] = token_value(personal.token).encode()
    if "subject" in texts:
        values["header:subject"] = _subject_value(texts["subject"])
    if "unsubscribe" in own:
        values["header:unsubscribe"] = own["unsubscribe"].encode()
        # The link's own token works for ever; a delivery's is forgotten with its letter.
        stop = personal.unsubscribe.rpartition("/")[2]
        values["header:stop"] = quote(stop, safe="").encode()
    for slot, name in frame.slots_in["text"]:
        if slot not in values:
            values[slot] = links.get(name) or _encoded(texts[name])
    for slot, name in frame.slots_in["html"]:
        if slot not in values:
            said = marked_up.get(name)
            values[slot] = html_links.get(name) or (
                _encoded(said) if said else _escaped(texts[name])
            )
    return values


# Readers share most of their words: hours, dates, counts, first names.
_encoded = lru_cache(maxsize=2048)(encode)


@lru_cache(maxsize=2048)
def _escaped(text: str) -> bytes:
    return encode(escape(text))


@lru_cache(maxsize=2048)
def _subject_value(text: str) -> bytes:
    return subject_value(text).encode()


@lru_cache(maxsize=64)
def _date_value(moment: datetime) -> bytes:
    return format_datetime(moment.astimezone(UTC)).encode()
