"""The letter: stored parts and one reader's own words, joined to a message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import format_datetime
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote

from markupsafe import Markup, escape

from service.domain.timetable import Cadence
from service.mail import wording
from service.mail.card import Because, Card
from service.mail.contents import Contents, Entry, body, trimmed
from service.mail.frame import Frame, Slot
from service.mail.headers import link_value, recipient_value, subject_value, token_value
from service.mail.house import House
from service.mail.mime import encode
from service.mail.plain import cut_at_word, one_line, wrapped
from service.mail.reasons import Reasons
from service.mail.rendering import Kind, Letters
from service.mail.shown import Shown, show

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
    "show",
]

# Gmail cuts a message off at 102 KB of HTML and hides what stands below, the footer first.
HTML_LIMIT = 90_000
_NAME_LENGTH = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """What differs between two letters with the same cards.

    `token` is the delivery's, 32 hexadecimal digits: the same token and `planned_at` (aware) give
    the same bytes. `local_date` and `local_hour` are the reader's own. `topics` counts the reader's
    topics (0: the day's trending papers), `matched` the papers that matched, shown or not.
    A digest needs `unsubscribe` and `links["preferences"]`, the reader's own links, and `web`,
    which anybody may have; `subject_prefix` stands before its subject.
    `schedule` says when letters come ("daily at 07:00, Berlin time"), `cadence` how often,
    `asked_on` since when, `next_on` when again. A confirm letter needs `links["confirm"]` and the
    labels in `asked_for`, which a welcome letter has too; a goodbye letter needs `links["undo"]`,
    valid until `undo_until`; one that was asked for to change something needs the link of its
    kind. Where a reader's address changes, `elsewhere` is the other one, shortened.
    """

    recipient: str
    token: str
    planned_at: datetime
    local_date: date
    local_hour: int = 12
    name: str | None = None
    topics: int = 0
    matched: int = 0
    unsubscribe: str = ""
    web: str = ""
    subject_prefix: str = ""
    schedule: str = ""
    cadence: Cadence = Cadence.DAILY
    asked_on: date | None = None
    next_on: date | None = None
    asked_for: tuple[str, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    undo_until: date | None = None
    elsewhere: str = ""


def join(frame: Frame, contents: Contents, personal: Personal) -> bytes:
    """Return the complete message (RFC 5322) for one reader, ready for the wire.

    Same arguments, same bytes. Where the HTML part would be larger than 90 KB, the last papers
    stand there, and in the text, by title only, or are only counted. Raises HeaderError for an
    address, token or link that no header can hold, and ValueError where the kind of letter lacks
    what it is about.
    """
    pieces = frame.filled(_values(frame, contents, personal))
    while contents and (excess := _html_size(frame, pieces) - HTML_LIMIT) > 0:
        contents = trimmed(contents, excess)
        pieces = frame.filled(_values(frame, contents, personal))
    return b"".join(pieces)


def _html_size(frame: Frame, pieces: Sequence[bytes]) -> int:
    """Return the octets of a letter from its HTML part on."""
    return sum(map(len, pieces[pieces.index(frame.before_html) :]))


class _Words(NamedTuple):
    """What the slots say, by name; HTML says some of it with marks of its own.

    `links` are the reader's own.
    """

    texts: Mapping[str, str]
    marked_up: Mapping[str, str] = MappingProxyType({})
    links: Mapping[str, str] = MappingProxyType({})


def _values(
    frame: Frame, contents: Contents, personal: Personal
) -> dict[Slot, bytes | Sequence[bytes]]:
    """Return what stands in each slot of the frame, encoded."""
    words = _words(frame.kind, contents, personal)
    texts, marked_up = words.texts, words.marked_up
    # Nobody else has these links: no use to remember them. HTML escapes no other sign of theirs.
    links = {name: encode(link) for name, link in words.links.items()}
    html_links = {
        name: encode(escape(link)) if "&" in link else links[name]
        for name, link in words.links.items()
    }
    values = body(
        contents,
        personal.topics,
        personal.matched,
        (links.get("web", b""), html_links.get("web", b"")),
        frame.pieces,
        weekly=personal.cadence.weekly,
    )
    for slot, name in frame.slots_in["header"]:
        values[slot] = _header_value(name, words, personal)
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


def _words(kind: str, contents: Contents, personal: Personal) -> _Words:
    match kind:
        case "confirm":
            topics, more = wording.quotable(personal.asked_for)
            return _Words(
                {
                    "cadence": personal.cadence.adjective,
                    "asked_for": wording.asked_for(topics, more),
                },
                {"asked_for": Markup(wording.asked_for(_in_italics(topics), more))},
                {"confirm": _given(personal, kind, "confirm")},
            )
        case "goodbye":
            until = wording.until(personal.undo_until)
            return _Words({"until": until}, links={"undo": _given(personal, kind, "undo")})
        case "preferences" | "account":
            return _Words({}, links={kind: _given(personal, kind, kind)})
        case "address":
            other = one_line(personal.elsewhere)
            asking = wrapped(wording.asking_to_move(other))
            link = _given(personal, kind, "address")
            return _Words({"elsewhere": other, "asking": asking}, links={"address": link})
        case "moved":
            other = one_line(personal.elsewhere)
            return _Words({"elsewhere": other, "moved": wrapped(wording.moved(other))})
        case "welcome":
            return _welcome_words(personal)
        case _:
            return _digest_words(contents, personal, first=kind == "first")


def _welcome_words(personal: Personal) -> _Words:
    name = _shown_name(personal)
    topics, more = wording.quotable(personal.asked_for)
    greeting, nothing = wording.welcome(name), wording.nothing_yet(topics, more)
    expect = wording.expect(personal.schedule, weekly=personal.cadence.weekly)
    return _Words(
        {
            "greeting": greeting,
            "nothing": nothing,
            "expect": expect,
            "opening": wrapped(f"{greeting} {nothing} {expect}"),
        },
        {
            "greeting": Markup(wording.welcome(name and f"<bdi>{escape(name)}</bdi>")),
            "nothing": Markup(wording.nothing_yet(_in_italics(topics), more)),
        },
        {"unsubscribe": link_value(personal.unsubscribe)},
    )


def _digest_words(contents: Contents, personal: Personal, *, first: bool) -> _Words:
    if not contents.cards:
        raise ValueError("a digest without a paper is not a letter")
    said = [entry.card.said for entry in contents.cards]
    topics = list(
        dict.fromkeys([topic for entry in contents.cards for topic in entry.reasons.topics])
    )
    day, weekly = personal.local_date, personal.cadence.weekly
    prefix = "" if personal.topics else "Trending: "
    prefix = "Your first papers: " if first else "Your week: " if weekly else prefix
    change = _given(personal, "digest", "preferences")
    name, hour = _shown_name(personal), None if first else personal.local_hour
    greeting, expect = _greeting(name, hour, day), ""
    if first:
        expect = wording.expect(personal.schedule, weekly=weekly)
        summary = wording.first_summary(len(said), personal.topics, personal.matched)
    else:
        summary = wording.summary(len(said), personal.topics, personal.matched, weekly=weekly)
    asked = wording.asked(personal.schedule, personal.asked_on, day, personal.next_on)
    return _Words(
        {
            "subject": wording.subject(
                [each.title for each in said], prefix=personal.subject_prefix + prefix
            ),
            "preheader": wording.preheader([each.name for each in said], topics, said[0].sentence),
            "date": wording.long_date(day),
            "greeting": greeting,
            "summary": summary,
            "expect": expect,
            "opening": wrapped(f"{greeting.rstrip('.')}. {summary} {expect}".rstrip()),
            "asked": asked,
            "closing": wrapped(asked),
        },
        {"greeting": _greeting(name and Markup("<bdi>{}</bdi>").format(name), hour, day)},
        {
            "change": change,
            "pause": f"{change}/pause",
            "unsubscribe": link_value(personal.unsubscribe),
            "web": link_value(personal.web),
        },
    )


@lru_cache(maxsize=8192)
def _greeting(name: str, hour: int | None, day: date) -> str:
    """Return the greeting at an hour, or of the first letter of all; marked up as the name is."""
    words = wording.welcome(name) if hour is None else wording.greeting(hour, day, name)
    return Markup(words) if isinstance(name, Markup) else words


def _shown_name(personal: Personal) -> str:
    return cut_at_word(one_line(personal.name), _NAME_LENGTH) if personal.name else ""


def _in_italics(topics: Sequence[str]) -> list[str]:
    return [Markup("<i><bdi>{}</bdi></i>").format(topic) for topic in topics]


def _given(personal: Personal, kind: str, link: str) -> str:
    if link not in personal.links:
        raise ValueError(f"a {kind} letter needs links[{link!r}]")
    return link_value(personal.links[link])


def _header_value(name: str, words: _Words, personal: Personal) -> bytes:
    match name:
        case "to":
            value = recipient_value(personal.recipient)
        case "date":
            value = _date_value(personal.planned_at)
        case "token":
            value = token_value(personal.token)
        case "subject":
            value = _subject_value(words.texts["subject"])
        case "stop":
            # The link's own token works for ever; a delivery's is forgotten with its letter.
            value = quote(personal.unsubscribe.rpartition("/")[2], safe="")
        case _:
            value = words.links[name]
    return value.encode()


# Readers share most of their words: hours, dates, counts, first names.
_encoded = lru_cache(maxsize=2048)(encode)
_subject_value = lru_cache(maxsize=2048)(subject_value)


@lru_cache(maxsize=2048)
def _escaped(text: str) -> bytes:
    return encode(escape(text))


@lru_cache(maxsize=64)
def _date_value(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC))
