"""The letter: stored parts and one reader's own words, joined to a message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import format_datetime
from urllib.parse import quote

from markupsafe import Markup, escape

from service.mail import wording
from service.mail.card import Because, Card
from service.mail.frame import Frame, Slot
from service.mail.headers import address_value, link_value, subject_value, token_value
from service.mail.house import House
from service.mail.mime import encode
from service.mail.plain import one_line
from service.mail.rendering import Kind, Letters

__all__ = ["Because", "Card", "Frame", "House", "Kind", "Letters", "Personal", "join"]

_NAMED_TOPICS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """What differs between two letters with the same cards.

    `token` is the delivery's, 32 hexadecimal digits: the same token and `planned_at` (aware) give
    the same bytes. `local_date` and `local_hour` are the reader's own. `topics` counts the reader's
    topics (0: the day's trending papers), `matched` the papers that matched, shown or not.
    `schedule` says when letters come ("daily at 07:00, Berlin time"), `asked_on` since when. A
    confirm letter needs `links["confirm"]` and the labels in `asked_for`; a goodbye letter needs
    `links["undo"]`, valid until `undo_until`.
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
    schedule: str = ""
    asked_on: date | None = None
    asked_for: tuple[str, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    undo_until: date | None = None


def join(
    frame: Frame, cards: Sequence[tuple[Card, Sequence[Because]]], personal: Personal
) -> bytes:
    """Return the complete message (RFC 5322) for one reader, ready for the wire.

    Each card comes with the reasons it is there for, best first; without any it is trending. Same
    arguments, same bytes. Raises HeaderError for an address, token or link that no header can
    hold, and ValueError where the kind of letter lacks what it is about.
    """
    words, marked_up = _words(frame.kind, cards, personal)
    wire: dict[Slot, bytes] = {
        ("text", "cards"): _text_cards(cards),
        ("html", "cards"): _html_cards(cards),
    }
    pieces: list[bytes] = []
    for literal, slot in zip(frame.literals, frame.slots, strict=False):
        value = wire.get(slot)
        if value is None:
            place, name = slot
            if place == "header":
                value = _header_value(name, words, personal)
            elif place == "text":
                value = encode(words[name])
            else:
                value = encode(marked_up[name] if name in marked_up else escape(words[name]))
            wire[slot] = value
        pieces += (literal, value)
    pieces.append(frame.literals[-1])
    return b"".join(pieces)


def _words(
    kind: str, cards: Sequence[tuple[Card, Sequence[Because]]], personal: Personal
) -> tuple[dict[str, str], dict[str, Markup]]:
    """Return what each slot says, and apart from it where HTML says it with marks of its own."""
    if kind == "confirm":
        topics, more = wording.quotable([one_line(label) for label in personal.asked_for])
        named = [Markup("<i><bdi>{}</bdi></i>").format(topic) for topic in topics]
        return {
            "asked_for": wording.asked_for(topics, more),
            "confirm": _given(personal, kind, "confirm"),
        }, {"asked_for": Markup(wording.asked_for(named, more))}
    if kind == "goodbye":
        until = wording.until(personal.undo_until)
        return {"until": until, "undo": _given(personal, kind, "undo")}, {}
    if not cards:
        raise ValueError("a digest without a paper is not a letter")
    name = one_line(personal.name or "")
    day, hour = personal.local_date, personal.local_hour
    topics = list(
        dict.fromkeys(
            because.label for _, reasons in cards for because in reasons if because.is_topic
        )
    )
    greeting = wording.greeting(hour, day, name)
    summary = wording.summary(len(cards), personal.topics, personal.matched)
    first = cards[0][0]
    return {
        "subject": wording.subject(
            [card.title for card, _ in cards], prefix="" if personal.topics else "Trending: "
        ),
        "preheader": wording.preheader([card.name for card, _ in cards], topics, first.sentence),
        "date": wording.long_date(day),
        "greeting": greeting,
        "summary": summary,
        "opening": f"{greeting.rstrip('.')}. {summary}",
        "unsubscribe": link_value(personal.unsubscribe),
        "asked": wording.asked(personal.schedule, personal.asked_on),
    }, {"greeting": Markup(wording.greeting(hour, day, name and f"<bdi>{escape(name)}</bdi>"))}


def _given(personal: Personal, kind: str, link: str) -> str:
    if link not in personal.links:
        raise ValueError(f"a {kind} letter needs links[{link!r}]")
    return link_value(personal.links[link])


def _header_value(name: str, words: Mapping[str, str], personal: Personal) -> bytes:
    match name:
        case "to":
            value = address_value(personal.recipient)
        case "date":
            value = format_datetime(personal.planned_at.astimezone(UTC))
        case "token":
            value = token_value(personal.token)
        case "subject":
            value = subject_value(words["subject"])
        case "stop":
            # The link's own token works for ever; a delivery's is forgotten with its letter.
            value = quote(personal.unsubscribe.rpartition("/")[2], safe="")
        case _:
            value = words[name]
    return value.encode("ascii")


def _text_cards(cards: Sequence[tuple[Card, Sequence[Because]]]) -> bytes:
    pieces: list[bytes] = []
    for number, (card, reasons) in enumerate(cards, start=1):
        pieces += (b"%d. =\r\n" % number, card.text_head)
        for position, because in enumerate(reasons[:_NAMED_TOPICS]):
            pieces += (b", =\r\n" if position else b"", because.text)
        pieces += (_beyond(reasons), card.text_tail)
    return b"".join(pieces)


def _html_cards(cards: Sequence[tuple[Card, Sequence[Because]]]) -> bytes:
    pieces: list[bytes] = []
    for card, reasons in cards:
        pieces.append(card.html_head)
        for position, because in enumerate(reasons[:_NAMED_TOPICS]):
            pieces += (_DOT if position else b"", because.html)
        pieces += (_beyond(reasons), card.html_tail)
    return b"".join(pieces)


def _beyond(reasons: Sequence[Because]) -> bytes:
    if not reasons:
        return b"trending today=\r\n"
    more = len(reasons) - _NAMED_TOPICS
    return b" +%d=\r\n" % more if more > 0 else b""


_DOT = encode(" · ")
