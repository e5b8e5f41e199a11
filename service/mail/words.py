"""What the slots of each kind of letter say to its reader."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache

from markupsafe import Markup, escape

from service.domain.selection import Selection
from service.mail import wording
from service.mail.both import Both, both, link, shared
from service.mail.headers import subject_value
from service.mail.parts import Parts
from service.mail.personal import LetterDay, Personal
from service.mail.plain import cut_at_word, one_line, wrapped

_NAME_LENGTH = 80


# What the slots of both parts say, by name, and the Subject where it is the letter's own.
Words = tuple[Mapping[str, Both], bytes]


def words_of(parts: Parts, selection: Selection, personal: Personal) -> Words:
    """Return what the letter of a selection says.

    Raises HeaderError for a link that no header can hold, and ValueError where the letter lacks
    what it is about.
    """
    kind = parts.frames[selection.frame].kind
    if kind in ("digest", "first"):
        return _digest_words(parts, selection, personal, first=kind == "first")
    return _other_words(kind, personal), b""


def _other_words(kind: str, personal: Personal) -> Mapping[str, Both]:
    """Return what a letter says that is no digest."""
    match kind:
        case "confirm":
            topics, more = wording.quotable(personal.asked_for)
            asked_for = both(
                wording.asked_for(topics, more),
                Markup(wording.asked_for(_in_italics(topics), more)),
            )
            cadence = shared(personal.day.cadence.adjective)
            confirm = _own_link(personal, kind, "confirm")
            return {"cadence": cadence, "asked_for": asked_for, "confirm": confirm}
        case "goodbye":
            until = shared(wording.until(personal.undo_until))
            return {"until": until, "undo": _own_link(personal, kind, "undo")}
        case "preferences" | "account":
            return {kind: _own_link(personal, kind, kind)}
        case "address":
            other = one_line(personal.elsewhere)
            asking = both(wrapped(wording.asking_to_move(other)))
            address = _own_link(personal, kind, "address")
            return {"elsewhere": both(other), "asking": asking, "address": address}
        case "moved":
            other = one_line(personal.elsewhere)
            return {"elsewhere": both(other), "moved": both(wrapped(wording.moved(other)))}
        case _:
            return _welcome_words(personal)


def _welcome_words(personal: Personal) -> Mapping[str, Both]:
    name, day = _shown(personal.name), personal.day
    topics, more = wording.quotable(personal.asked_for)
    greeting, nothing = wording.welcome(name), wording.nothing_yet(topics, more)
    expect = wording.expect(day.schedule, weekly=day.weekly)
    return {
        "greeting": both(greeting, Markup(wording.welcome(_set_apart(name)))),
        "nothing": both(nothing, Markup(wording.nothing_yet(_in_italics(topics), more))),
        "expect": both(expect),
        "opening": both(wrapped(f"{greeting} {nothing} {expect}")),
        "unsubscribe": link(personal.unsubscribe),
    }


def _digest_words(parts: Parts, selection: Selection, personal: Personal, *, first: bool) -> Words:
    cards, topics, day = selection.cards, selection.topics, personal.day
    if not cards:
        raise ValueError("a digest without a paper is not a letter")
    leading = [parts.cards[part].said for part, _ in cards[: wording.NAMED]]
    names = [each.name for each in leading]
    labels = dict.fromkeys([label for _, why in cards for label in parts.reasons[why].labels])
    preheader = wording.preheader(names, len(cards), [*labels], leading[0].sentence)
    prefix = "" if topics else "Trending: "
    prefix = "Your first papers: " if first else "Your week: " if day.weekly else prefix
    header, subject = _subject(leading[0].title, len(cards), personal.subject_prefix + prefix)
    change = _given(personal, "digest", "preferences")
    said = {
        **_of_day(day, personal.asked_on),
        **_opening(day, personal.name or "", len(cards), topics, selection.matched, first),
        "subject": subject,
        "preheader": both(preheader),
        "change": link(change),
        "pause": link(f"{change}/pause"),
        "unsubscribe": link(personal.unsubscribe),
        "web": link(personal.web),
    }
    return said, header


# Readers share days, counts, the first paper of all, and many first names.
@lru_cache(maxsize=2048)
def _subject(title: str, papers: int, prefix: str) -> tuple[bytes, Both]:
    """Return the subject as the header has it, and as the letter does."""
    subject = wording.subject(title, papers, prefix)
    return subject_value(subject).encode(), both(subject)


@lru_cache(maxsize=2048)
def _of_day(day: LetterDay, asked_on: date | None) -> Mapping[str, Both]:
    """Return the date, and the footer's first sentences on one line and wrapped."""
    asked = wording.asked(day.schedule, asked_on, day.local_date, day.next_on)
    return {
        "date": both(wording.long_date(day.local_date)),
        "asked": both(asked),
        "closing": both(wrapped(asked)),
    }


@lru_cache(maxsize=4096)
def _opening(
    day: LetterDay, name: str, papers: int, topics: int, matched: int, first: bool
) -> Mapping[str, Both]:
    """Return the greeting and what the letter brings, each by itself and as one."""
    greeting, greeted = _greeting(name, None if first else day.hour, day.local_date)
    summary = wording.summary(papers, topics, matched, first=first, weekly=day.weekly)
    expect = wording.expect(day.schedule, weekly=day.weekly) if first else ""
    opening = f"{greeting.rstrip('.')}. {summary} {expect}".rstrip()
    return {
        "greeting": greeted,
        "summary": shared(summary),
        "expect": shared(expect),
        "opening": both(wrapped(opening)),
    }


@lru_cache(maxsize=4096)
def _greeting(name: str, hour: int | None, day: date) -> tuple[str, Both]:
    """Return the greeting at an hour, or of the first letter of all."""
    shown = _shown(name)

    def greeted(name: str) -> str:
        return wording.welcome(name) if hour is None else wording.greeting(hour, day, name)

    return greeted(shown), both(greeted(shown), Markup(greeted(_set_apart(shown))))


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
