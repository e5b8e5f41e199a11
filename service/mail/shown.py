"""A card as it is shown for one topic: its words marked, or quoted where none is visible."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from service.domain.marking import first_marks, spelled
from service.mail.both import NOTHING, Both, encode_html
from service.mail.card import Card
from service.mail.mime import encode
from service.mail.plain import wrapped
from service.mail.stencil import Stencil

MOST_MARKS = 3

_WORDS_BEFORE, _WORDS_AFTER = 6, 5
# What a quotation shows of a script without spaces on either side.
_SIDE_LENGTH = 90
_TEXT_INDENT = 3
# Where the quotation begins in the text part: "   In the abstract: “".
_QUOTED_FROM = 21
# Where the reasons begin in the text part: "   Because: ".
_BECAUSE_FROM = 12
_COLUMNS = 72

Span = tuple[int, int]


class Mention(NamedTuple):
    """What a paper says of a topic: each term of it by the forms it has there, folded.

    Where the topic has one term, which the paper has in another spelling only, `otherwise` is that
    one, folded ("large language models" for LLM).
    """

    terms: Sequence[Sequence[str]] = ()
    otherwise: str | None = None


@dataclass(slots=True)
class Shown:
    """A card's two halves, in text and in HTML: between them stands its because.

    The second half is in pieces, of which most are shared by all that show the card. `spelled`
    follows a because that is the only one, for instance "(as “large language models”)".
    """

    text_head: bytes
    text_tail: Sequence[bytes]
    html_head: bytes
    html_tail: Sequence[bytes]
    spelled: Both | None


def show(
    card: Card, label: str, mention: Mention, pieces: Mapping[str, Stencil], *, alone: bool
) -> Shown:
    """Return a card as it is shown for the topic of that label; same arguments, same bytes.

    Each term that is mentioned is marked once, title first, at most three; where none stands in
    title or lead, the abstract is quoted. `alone` says that the letter has no other card. `pieces`
    are those of the letter's frame.
    """
    said, terms = card.said, mention.terms
    lead = said.lone_lead if alone else said.lead
    in_title, in_lead = first_marks((spelled(said.title), spelled(lead)), terms, MOST_MARKS)
    in_text, in_html = NOTHING
    if terms and not in_title and not in_lead:
        (found,) = first_marks((spelled(said.abstract),), terms, 1)
        if found:
            in_text, in_html = _quoted(said.abstract, found[0], pieces)
    html = {
        "title": _marked(said.title, in_title, pieces["mark.html"]),
        "lead": _marked(lead, in_lead, pieces["mark.html"]),
        "quotation": in_html,
    }
    return Shown(
        *(_text if in_text else _unquoted)(card.text, lead, in_text),
        *card.html.apart("because", html),
        _spelled(card, mention.otherwise, label) if mention.otherwise else None,
    )


def _spelled(card: Card, form: str, label: str) -> Both:
    """Return what tells in which spelling the paper has a topic, after its label."""
    note = f"(as “{_as_written(card, form)}”)"
    fits = _BECAUSE_FROM + len(label) + 1 + len(note) <= _COLUMNS
    return encode(f" {note}" if fits else f"\n     {note}"), encode_html(f" {note}")


def _as_written(card: Card, form: str) -> str:
    """Return a folded form as the paper writes it first."""
    for text in (card.said.title, card.said.abstract):
        (found,) = first_marks((spelled(text),), [[form]], 1)
        if found:
            return text[slice(*found[0])]
    return form


def quotation(abstract: str, marked: Span) -> tuple[str, str, str]:
    """Return what stands before the marked words of an abstract, those, and what comes after.

    That is six words before and five after, in "…" where the abstract goes on.
    """
    start, end = marked
    begin = abstract.rfind(" ", 0, start) + 1
    for _ in range(_WORDS_BEFORE):
        begin = abstract.rfind(" ", 0, max(begin - 1, 0)) + 1
    begin = max(begin, start - _SIDE_LENGTH)
    finish = _word_end(abstract, end)
    for _ in range(_WORDS_AFTER):
        finish = _word_end(abstract, finish + 1)
    finish = min(finish, end + _SIDE_LENGTH)
    before = ("… " if begin else "") + abstract[begin:start]
    after = abstract[end:finish] + (" …" if finish < len(abstract) else "")
    return before, abstract[start:end], after


def _word_end(text: str, position: int) -> int:
    space = text.find(" ", position)
    return len(text) if space < 0 else space


def _quoted(abstract: str, found: Span, pieces: Mapping[str, Stencil]) -> Both:
    before, words, after = quotation(abstract, found)
    whole = before + words + after
    marked = _marked(whole, [(len(before), len(before) + len(words))], pieces["mark.html"])
    text = encode(wrapped(whole, _TEXT_INDENT, _QUOTED_FROM))
    return (
        pieces["quotation.txt"].fill({"quotation": text}),
        pieces["quotation.html"].fill({"quotation": marked}),
    )


def _marked(text: str, spans: Sequence[Span], mark: Stencil) -> bytes:
    if not spans:
        return _unmarked(text)
    written: list[bytes] = []
    end = 0
    for start, stop in spans:
        words = encode_html(text[start:stop])
        written += (encode_html(text[end:start]), mark.fill({"words": words}))
        end = stop
    written.append(encode_html(text[end:]))
    return b"".join(written)


# Most titles and many leads have no word to mark.
_unmarked = lru_cache(maxsize=2048)(encode_html)


def _text(card: Stencil, lead: str, quotation: bytes) -> tuple[bytes, Sequence[bytes]]:
    before, after = card.around("because", {"lead": _indented(lead), "quotation": quotation})
    return before, (after,)


# In text no word is marked: where nothing is quoted, a card says the same for every topic.
_unquoted = lru_cache(maxsize=1024)(_text)


@lru_cache(maxsize=1024)
def _indented(lead: str) -> bytes:
    return encode(wrapped(lead, _TEXT_INDENT))
