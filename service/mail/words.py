"""What the slots of each kind of letter say to its reader."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from markupsafe import Markup, escape

from service.mail import wording
from service.mail.contents import Contents
from service.mail.headers import link_value
from service.mail.personal import Personal
from service.mail.plain import cut_at_word, one_line, wrapped

_NAME_LENGTH = 80


class Words(NamedTuple):
    """What the slots say, by name; HTML says some of it with marks of its own.

    `links` are the reader's own.
    """

    texts: Mapping[str, str]
    marked_up: Mapping[str, str] = MappingProxyType({})
    links: Mapping[str, str] = MappingProxyType({})


def words_of(kind: str, contents: Contents, personal: Personal) -> Words:
    """Return what a letter of a kind says. Raises HeaderError for what is no link, and ValueError
    where the letter lacks what it is about.
    """
    match kind:
        case "digest" | "first":
            return _digest_words(contents, personal, first=kind == "first")
        case "confirm":
            topics, more = wording.quotable(personal.asked_for)
            return Words(
                {
                    "cadence": personal.cadence.adjective,
                    "asked_for": wording.asked_for(topics, more),
                },
                {"asked_for": Markup(wording.asked_for(_in_italics(topics), more))},
                {"confirm": _given(personal, kind, "confirm")},
            )
        case "goodbye":
            until = wording.until(personal.undo_until)
            return Words({"until": until}, links={"undo": _given(personal, kind, "undo")})
        case "preferences" | "account":
            return Words({}, links={kind: _given(personal, kind, kind)})
        case "address":
            other = one_line(personal.elsewhere)
            asking = wrapped(wording.asking_to_move(other))
            link = _given(personal, kind, "address")
            return Words({"elsewhere": other, "asking": asking}, links={"address": link})
        case "moved":
            other = one_line(personal.elsewhere)
            return Words({"elsewhere": other, "moved": wrapped(wording.moved(other))})
        case _:
            return _welcome_words(personal)


def _welcome_words(personal: Personal) -> Words:
    name = _shown(personal.name)
    topics, more = wording.quotable(personal.asked_for)
    greeting, nothing = wording.welcome(name), wording.nothing_yet(topics, more)
    expect = wording.expect(personal.schedule, weekly=personal.cadence.weekly)
    return Words(
        {
            "greeting": greeting,
            "nothing": nothing,
            "expect": expect,
            "opening": wrapped(f"{greeting} {nothing} {expect}"),
        },
        {
            "greeting": Markup(wording.welcome(_set_apart(name))),
            "nothing": Markup(wording.nothing_yet(_in_italics(topics), more)),
        },
        {"unsubscribe": link_value(personal.unsubscribe)},
    )


def _digest_words(contents: Contents, personal: Personal, *, first: bool) -> Words:
    cards = contents.cards
    if not cards:
        raise ValueError("a digest without a paper is not a letter")
    said = [entry.card.said for entry in cards]
    topics = list(dict.fromkeys([topic for entry in cards for topic in entry.reasons.topics]))
    day, weekly = personal.local_date, personal.cadence.weekly
    prefix = "" if personal.topics else "Trending: "
    prefix = "Your first papers: " if first else "Your week: " if weekly else prefix
    change = _given(personal, "digest", "preferences")
    hour = None if first else personal.local_hour
    greeting, marked_up = _greeting(personal.name or "", hour, day)
    expect = ""
    if first:
        expect = wording.expect(personal.schedule, weekly=weekly)
        summary = wording.first_summary(len(said), personal.topics, personal.matched)
    else:
        summary = wording.summary(len(said), personal.topics, personal.matched, weekly=weekly)
    asked, closing = _asked(personal.schedule, personal.asked_on, day, personal.next_on)
    return Words(
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
            "closing": closing,
        },
        {"greeting": marked_up},
        {
            "change": change,
            "pause": f"{change}/pause",
            "unsubscribe": link_value(personal.unsubscribe),
            "web": link_value(personal.web),
        },
    )


# Readers share hours, days and many first names.
@lru_cache(maxsize=4096)
def _greeting(name: str, hour: int | None, day: date) -> tuple[str, Markup]:
    """Return the greeting at an hour, or of the first letter of all, plain and marked up."""
    shown = _shown(name)

    def greeted(name: str) -> str:
        return wording.welcome(name) if hour is None else wording.greeting(hour, day, name)

    return greeted(shown), Markup(greeted(_set_apart(shown)))


@lru_cache(maxsize=4096)
def _asked(schedule: str, on: date | None, day: date, next_on: date | None) -> tuple[str, str]:
    """Return the footer's first sentences, on one line and wrapped."""
    asked = wording.asked(schedule, on, day, next_on)
    return asked, wrapped(asked)


def _shown(name: str | None) -> str:
    return cut_at_word(one_line(name), _NAME_LENGTH) if name else ""


def _set_apart(name: str) -> str:
    return f"<bdi>{escape(name)}</bdi>" if name else ""


def _in_italics(topics: Sequence[str]) -> list[str]:
    return [Markup("<i><bdi>{}</bdi></i>").format(topic) for topic in topics]


def _given(personal: Personal, kind: str, link: str) -> str:
    if link not in personal.links:
        raise ValueError(f"a {kind} letter needs links[{link!r}]")
    return link_value(personal.links[link])
