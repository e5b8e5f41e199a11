"""The letter: stored parts and one reader's own words, joined to a message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import quote

from markupsafe import Markup, escape

from service.domain.timetable import Cadence
from service.mail import wording
from service.mail.card import Because, Card
from service.mail.contents import Contents, Entry, body, trimmed
from service.mail.frame import Frame
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
    pieces = _pieces(frame, contents, personal)
    while contents and (excess := _html_size(frame, pieces) - HTML_LIMIT) > 0:
        contents = trimmed(contents, excess)
        pieces = _pieces(frame, contents, personal)
    return b"".join(pieces)


def _html_size(frame: Frame, pieces: Sequence[bytes]) -> int:
    """Return the octets of a letter from its HTML part on."""
    place = pieces.index(frame.before_html)
    return sum(map(len, pieces[place:]))


def _pieces(frame: Frame, contents: Contents, personal: Personal) -> list[bytes]:
    """Return the frame's literals and what stands in the slots between them."""
    words, marked_up = _words(frame.kind, contents, personal)
    lists = body(
        contents,
        personal.topics,
        personal.matched,
        personal.web,
        frame.pieces,
        weekly=personal.cadence.weekly,
    )
    pieces: list[bytes] = []
    for literal, slot in zip(frame.literals, frame.slots, strict=False):
        pieces.append(literal)
        place, name = slot
        if slot in lists:
            pieces += lists[slot]
        elif place == "header":
            pieces.append(_header_value(name, words, personal))
        elif place == "text":
            pieces.append(_encoded(words[name]))
        elif name in marked_up:
            pieces.append(_encoded(marked_up[name]))
        else:
            pieces.append(_escaped(words[name]))
    pieces.append(frame.literals[-1])
    return pieces


def _words(
    kind: str, contents: Contents, personal: Personal
) -> tuple[dict[str, str], dict[str, Markup]]:
    """Return what each slot says, and apart from it where HTML says it with marks of its own."""
    match kind:
        case "confirm":
            topics, more = wording.quotable(personal.asked_for)
            return {
                "cadence": personal.cadence.adjective,
                "asked_for": wording.asked_for(topics, more),
                "confirm": _given(personal, kind, "confirm"),
            }, {"asked_for": Markup(wording.asked_for(_in_italics(topics), more))}
        case "goodbye":
            until = wording.until(personal.undo_until)
            return {"until": until, "undo": _given(personal, kind, "undo")}, {}
        case "preferences" | "account":
            return {kind: _given(personal, kind, kind)}, {}
        case "address":
            other = one_line(personal.elsewhere)
            asking = wrapped(wording.asking_to_move(other))
            link = _given(personal, kind, "address")
            return {"address": link, "elsewhere": other, "asking": asking}, {}
        case "moved":
            other = one_line(personal.elsewhere)
            return {"elsewhere": other, "moved": wrapped(wording.moved(other))}, {}
        case "welcome":
            return _welcome_words(personal)
        case _:
            return _digest_words(contents, personal, first=kind == "first")


def _welcome_words(personal: Personal) -> tuple[dict[str, str], dict[str, Markup]]:
    name = _shown_name(personal)
    topics, more = wording.quotable(personal.asked_for)
    greeting, nothing = wording.welcome(name), wording.nothing_yet(topics, more)
    expect = wording.expect(personal.schedule, weekly=personal.cadence.weekly)
    return {
        "greeting": greeting,
        "nothing": nothing,
        "expect": expect,
        "opening": wrapped(f"{greeting} {nothing} {expect}"),
        "unsubscribe": link_value(personal.unsubscribe),
    }, {
        "greeting": Markup(wording.welcome(name and f"<bdi>{escape(name)}</bdi>")),
        "nothing": Markup(wording.nothing_yet(_in_italics(topics), more)),
    }


def _digest_words(
    contents: Contents, personal: Personal, *, first: bool
) -> tuple[dict[str, str], dict[str, Markup]]:
    if not contents.cards:
        raise ValueError("a digest without a paper is not a letter")
    said = [entry.card.said for entry in contents.cards]
    name = _shown_name(personal)
    day, hour = personal.local_date, personal.local_hour
    topics = list(
        dict.fromkeys(topic for entry in contents.cards for topic in entry.reasons.topics)
    )
    expect = ""
    if first:
        prefix = "Your first papers: "
        expect = wording.expect(personal.schedule, weekly=personal.cadence.weekly)
        summary = wording.first_summary(len(said), personal.topics, personal.matched)
    else:
        prefix = "" if personal.topics else "Trending: "
        prefix = "Your week: " if personal.cadence.weekly else prefix
        summary = wording.summary(
            len(said), personal.topics, personal.matched, weekly=personal.cadence.weekly
        )

    def greeting(shown: str) -> str:
        return wording.welcome(shown) if first else wording.greeting(hour, day, shown)

    change = _given(personal, "digest", "preferences")
    asked = wording.asked(personal.schedule, personal.asked_on, day, personal.next_on)
    return {
        "subject": wording.subject(
            [each.title for each in said], prefix=personal.subject_prefix + prefix
        ),
        "preheader": wording.preheader([each.name for each in said], topics, said[0].sentence),
        "date": wording.long_date(day),
        "greeting": greeting(name),
        "summary": summary,
        "expect": expect,
        "opening": wrapped(f"{greeting(name).rstrip('.')}. {summary} {expect}".rstrip()),
        "change": change,
        "pause": f"{change}/pause",
        "unsubscribe": link_value(personal.unsubscribe),
        "web": link_value(personal.web),
        "asked": asked,
        "closing": wrapped(asked),
    }, {"greeting": Markup(greeting(name and f"<bdi>{escape(name)}</bdi>"))}


def _shown_name(personal: Personal) -> str:
    return cut_at_word(one_line(personal.name or ""), _NAME_LENGTH)


def _in_italics(topics: Sequence[str]) -> list[str]:
    return [Markup("<i><bdi>{}</bdi></i>").format(topic) for topic in topics]


def _given(personal: Personal, kind: str, link: str) -> str:
    if link not in personal.links:
        raise ValueError(f"a {kind} letter needs links[{link!r}]")
    return link_value(personal.links[link])


def _header_value(name: str, words: Mapping[str, str], personal: Personal) -> bytes:
    match name:
        case "to":
            value = recipient_value(personal.recipient)
        case "date":
            value = _date_value(personal.planned_at)
        case "token":
            value = token_value(personal.token)
        case "subject":
            value = _subject_value(words["subject"])
        case "stop":
            # The link's own token works for ever; a delivery's is forgotten with its letter.
            value = quote(personal.unsubscribe.rpartition("/")[2], safe="")
        case _:
            value = words[name]
    return value.encode()


# Readers share most of their words: hours, dates, counts, first names.
_encoded = lru_cache(maxsize=8192)(encode)
_subject_value = lru_cache(maxsize=8192)(subject_value)


@lru_cache(maxsize=8192)
def _escaped(text: str) -> bytes:
    return encode(escape(text))


@lru_cache(maxsize=64)
def _date_value(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC))
