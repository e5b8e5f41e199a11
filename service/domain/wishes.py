"""A reader's wishes: the topics they want papers on, in their own words."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.domain.mistakes import TopicError
from service.domain.text import INVISIBLE
from service.domain.topics import parse

MAX_TOPICS = 200
MAX_LABEL = 40

_EQUALS = re.compile(r"\s=\s")
_QUOTED = re.compile('["“”„]')


class WishError(ValueError):
    """A wish that cannot be had; the message is for the person who typed it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One topic as its reader typed it, with the canonical query it means.

    One that is not enabled is kept for later and brings nothing.
    """

    text: str
    query: str
    label: str | None = None
    enabled: bool = True

    @property
    def shown(self) -> str:
        """The words a letter names it by."""
        return self.label or self.text

    @property
    def typed(self) -> str:
        """The words by which it is typed, with its label if it has one."""
        return f"{self.label} = {self.text}" if self.label else self.text


def wishes_of(texts: Iterable[str], known: Sequence[Wish] = ()) -> tuple[Wish, ...]:
    """Read topics as typed, each once, after those `known`, of which one may be typed anew.

    Each may have the reader's own label before it, as in `Brains = neural OR neuron`: with white
    space around it, no topic has such a sign but in quotation marks. Raises TopicError for the
    first that cannot be read, and WishError for a label that is too long and, before any is read,
    for more topics than one reader may have.
    """
    typed = [text.strip() for text in texts if text.strip()]
    if len(typed) > MAX_TOPICS:
        raise WishError(_too_many(len(typed)))
    wishes = {wish.query: wish for wish in known}
    fresh: dict[str, Wish] = {}
    for label, text in map(_cut, typed):
        query = parse(text).canonical
        fresh.setdefault(query, Wish(text, query, label))
    wishes |= fresh
    if len(wishes) > MAX_TOPICS:
        raise WishError(_too_many(len(wishes)))
    return tuple(wishes.values())


def places_of(wishes: Sequence[Wish], words: str) -> list[int]:
    """Return which wishes a person means by a label, a topic as typed, or one of equal meaning.

    Raises WishError where none is.
    """
    wanted = words.strip().casefold()
    try:
        query = parse(words).canonical
    except TopicError:
        query = ""
    found = [
        place
        for place, wish in enumerate(wishes)
        if wanted in (wish.shown.casefold(), wish.text.casefold()) or wish.query == query
    ]
    if not found:
        there = ", ".join(wish.shown for wish in wishes) or "none"
        raise WishError(f"{words!r} is not among the topics: {there}")
    return found


def _cut(typed: str) -> tuple[str | None, str]:
    """Return the label before a topic, if it has one, and the topic."""
    before, *after = _EQUALS.split(typed, maxsplit=1)
    if not after or _QUOTED.search(before):
        return None, typed
    label = " ".join(before.split())
    if found := INVISIBLE.search(label):
        raise WishError(f"the invisible character U+{ord(found[0]):04X} cannot be part of a label")
    if len(label) > MAX_LABEL:
        raise WishError(f"the label {label!r} has {len(label)} characters, {MAX_LABEL} are allowed")
    return label, after[0].strip()


def _too_many(count: int) -> str:
    return f"{count} topics are more than one reader may have ({MAX_TOPICS})"
