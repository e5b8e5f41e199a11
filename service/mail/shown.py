"""A card as it is shown for one topic: its words marked, or quoted where none is visible."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from markupsafe import escape

from service.domain.marking import first_marks, spelled
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


class Shown(NamedTuple):
    """A card's two halves, in text and in HTML: between them stands its because."""

    text_head: bytes
    text_tail: bytes
    html_head: bytes
    html_tail: bytes


def show(
    card: Card,
    terms: Sequence[Sequence[str]],
    pieces: Mapping[str, Stencil],
    *,
    alone: bool,
    instead: tuple[str, str] | None = None,
) -> Shown:
    """Return the card of a letter with the terms marked; same arguments, same bytes.

    A term is given by the forms it has in the paper. Each is marked once, title first, at most
    three; where none stands in title or lead, the abstract is quoted. `alone` says that the letter
    has no other card. `pieces` are those of the letter's frame. `instead` is the only topic the
    paper came for and what the paper says for it, folded, where that is another spelling: "Because:
    LLM (as “large language models”)".
    """
    said = card.said
    lead = said.lone_lead if alone else said.lead
    in_title, in_lead = first_marks((spelled(said.title), spelled(lead)), terms, MOST_MARKS)
    text_quotation = html_quotation = b""
    if terms and not in_title and not in_lead:
        (found,) = first_marks((spelled(said.abstract),), terms, 1)
        if found:
            text_quotation, html_quotation = _quoted(said.abstract, found[0], pieces)
    html = {
        "title": _marked(said.title, in_title, pieces["mark.html"]),
        "lead": _marked(lead, in_lead, pieces["mark.html"]),
        "quotation": html_quotation,
    }
    if text_quotation:
        text_head, text_tail = _text(card.text, lead, text_quotation)
    else:
        text_head, text_tail = _unquoted(card.text, lead, b"")
    html_head, html_tail = card.html.around("because", html)
    if instead is not None:
        label, form = instead
        note = f"(as “{_as_written(card, form)}”)"
        fits = _BECAUSE_FROM + len(label) + 1 + len(note) <= _COLUMNS
        text_tail = encode(f" {note}" if fits else f"\n     {note}") + text_tail
        html_tail = encode(f" {escape(note)}") + html_tail
    return Shown(text_head, text_tail, html_head, html_tail)


def _text(card: Stencil, lead: str, quotation: bytes) -> tuple[bytes, bytes]:
    values = {"lead": encode(wrapped(lead, _TEXT_INDENT)), "quotation": quotation}
    return card.around("because", values)


# Where nothing is quoted, a card has the same text for whatever topic it is shown.
_unquoted = lru_cache(maxsize=512)(_text)


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


def _quoted(abstract: str, found: Span, pieces: Mapping[str, Stencil]) -> tuple[bytes, bytes]:
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
        words = _escaped(text[start:stop])
        written += (_escaped(text[end:start]), mark.fill({"words": words}))
        end = stop
    written.append(_escaped(text[end:]))
    return b"".join(written)


def _escaped(text: str) -> bytes:
    return encode(escape(text))


# Most titles and many leads have no word to mark.
_unmarked = lru_cache(maxsize=512)(_escaped)
