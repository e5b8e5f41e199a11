"""What the slots of each kind of letter say to its reader."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from markupsafe import Markup, escape

from service.domain.selection import Selection
from service.mail import wording
from service.mail.both import NOTHING, Both, both, link, shared
from service.mail.parts import Parts
from service.mail.personal import Personal
from service.mail.plain import cut_at_word, one_line, wrapped

_NAME_LENGTH = 80


class Words(NamedTuple):
    """What the slots of both parts say, by name, and the subject where it is the letter's own."""

    said: dict[str, Both]
    subject: str = ""


def words_of(parts: Parts, selection: Selection, personal: Personal) -> Words:
    """Return what the letter of a selection says.

    Raises HeaderError for a link that no header can hold, and ValueError where the letter lacks
    what it is about.
    """
    kind = parts.frames[selection.frame].kind
    match kind:
        case "digest" | "first":
            return _digest_words(parts, selection, personal, first=kind == "first")
        case "confirm":
            topics, more = wording.quotable(personal.asked_for)
            asked_for = both(
                wording.asked_for(topics, more),
                Markup(wording.asked_for(_in_italics(topics), more)),
            )
            cadence = shared(personal.cadence.adjective)
            confirm = _own_link(personal, kind, "confirm")
            return Words({"cadence": cadence, "asked_for": asked_for, "confirm": confirm})
        case "goodbye":
            until = shared(wording.until(personal.undo_until))
            return Words({"until": until, "undo": _own_link(personal, kind, "undo")})
        case "preferences" | "account":
            return Words({kind: _own_link(personal, kind, kind)})
        case "address":
            other = one_line(personal.elsewhere)
            asking = both(wrapped(wording.asking_to_move(other)))
            address = _own_link(personal, kind, "address")
            return Words({"elsewhere": both(other), "asking": asking, "address": address})
        case "moved":
            other = one_line(personal.elsewhere)
            return Words({"elsewhere": both(other), "moved": both(wrapped(wording.moved(other)))})
        case _:
            return _welcome_words(personal)


def _welcome_words(personal: Personal) -> Words:
    name = _shown(personal.name)
    topics, more = wording.quotable(personal.asked_for)
    greeting, nothing = wording.welcome(name), wording.nothing_yet(topics, more)
    expect = wording.expect(personal.schedule, weekly=personal.cadence.weekly)
    return Words(
        {
            "greeting": both(greeting, Markup(wording.welcome(_set_apart(name)))),
            "nothing": both(nothing, Markup(wording.nothing_yet(_in_italics(topics), more))),
            "expect": both(expect),
            "opening": both(wrapped(f"{greeting} {nothing} {expect}")),
            "unsubscribe": link(personal.unsubscribe),
        }
    )


def _digest_words(parts: Parts, selection: Selection, personal: Personal, *, first: bool) -> Words:
    count, topics, matched = len(selection.cards), selection.topics, selection.matched
    if not count:
        raise ValueError("a digest without a paper is not a letter")
    said = [parts.cards[part].said for part, _ in selection.cards[: wording.NAMED]]
    reasons = dict.fromkeys([name for _, names in selection.cards for name in names])
    named = [parts.names[name] for name in reasons]
    labels = list(dict.fromkeys([because.label for because in named if because.query]))
    day, weekly = personal.local_date, personal.cadence.weekly
    prefix = "" if topics else "Trending: "
    prefix = "Your first papers: " if first else "Your week: " if weekly else prefix
    subject = _subject(said[0].title, count, personal.subject_prefix + prefix)
    greeting, greeted = _greeting(personal.name or "", None if first else personal.local_hour, day)
    summary = _summary(count, topics, matched, first=first, weekly=weekly)
    expect = wording.expect(personal.schedule, weekly=weekly) if first else ""
    asked, closing = _asked(personal.schedule, personal.asked_on, day, personal.next_on)
    change = _given(personal, "digest", "preferences")
    names = [each.name for each in said]
    preheader = wording.preheader(names, count, labels, said[0].sentence)
    return Words(
        {
            "subject": shared(subject),
            "preheader": both(preheader),
            "date": _date(day),
            "greeting": greeted,
            "summary": shared(summary),
            "expect": shared(expect) if first else NOTHING,
            "opening": _opening(greeting, summary, expect),
            "asked": asked,
            "closing": closing,
            "change": link(change),
            "pause": link(f"{change}/pause"),
            "unsubscribe": link(personal.unsubscribe),
            "web": link(personal.web),
        },
        subject,
    )


# Readers share hours, days, counts, the first paper of all, and many first names.
_subject = lru_cache(maxsize=2048)(wording.subject)
_summary = lru_cache(maxsize=2048)(wording.summary)


@lru_cache(maxsize=64)
def _date(day: date) -> Both:
    return both(wording.long_date(day))


@lru_cache(maxsize=4096)
def _greeting(name: str, hour: int | None, day: date) -> tuple[str, Both]:
    """Return the greeting at an hour, or of the first letter of all."""
    shown = _shown(name)

    def greeted(name: str) -> str:
        return wording.welcome(name) if hour is None else wording.greeting(hour, day, name)

    return greeted(shown), both(greeted(shown), Markup(greeted(_set_apart(shown))))


@lru_cache(maxsize=4096)
def _opening(greeting: str, summary: str, expect: str) -> Both:
    return both(wrapped(f"{greeting.rstrip('.')}. {summary} {expect}".rstrip()))


@lru_cache(maxsize=4096)
def _asked(schedule: str, on: date | None, day: date, next_on: date | None) -> tuple[Both, Both]:
    """Return the footer's first sentences, on one line and wrapped."""
    asked = wording.asked(schedule, on, day, next_on)
    return both(asked), both(wrapped(asked))


def _shown(name: str | None) -> str:
    return cut_at_word(one_line(name), _NAME_LENGTH) if name else ""


def _set_apart(name: str) -> str:
    return f"<bdi>{escape(name)}</bdi>" if name else ""


def _in_italics(topics: Sequence[str]) -> list[str]:
    return [Markup("<i><bdi>{}</bdi></i>").format(topic) for topic in topics]


def _own_link(personal: Personal, kind: str, name: str) -> Both:
    return link(_given(personal, kind, name))


def _given(personal: Personal, kind: str, name: str) -> str:
    if name not in personal.links:
        raise ValueError(f"a {kind} letter needs links[{name!r}]")
    return personal.links[name]
