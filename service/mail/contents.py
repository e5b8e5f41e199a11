"""What a digest holds: cards, what else matched, what trends; written as text and as HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import escape

from service.domain.digests import ALSO_LISTED
from service.mail import wording
from service.mail.card import Because, Card
from service.mail.frame import Slot
from service.mail.mime import encode
from service.mail.shown import Shown
from service.mail.stencil import Stencil

_NAMED_TOPICS = 3
_TEXT_COLUMNS = 72
_CARD_COLUMN, _LINE_COLUMN = len("   Because: "), len("  because: ")
# What a section of its own and the line below it add to a letter that had none.
_SECTION_SIZE = 2000


class Entry(NamedTuple):
    """A paper, and the topics it is there for, best first; without any it is trending.

    `shown` is what its card shows; in a list, nothing.
    """

    card: Card
    reasons: Sequence[Because]
    shown: Shown | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """The papers of a digest, each list in order: whole, by title, and outside the topics."""

    cards: Sequence[Entry] = ()
    also: Sequence[Entry] = ()
    trending: Sequence[Card] = ()

    def __bool__(self) -> bool:
        return bool(self.cards)


def body(
    contents: Contents, topics: int, matched: int, web: str, pieces: Mapping[str, Stencil]
) -> dict[Slot, bytes]:
    """Return the encoded lists of a digest, by the slots they stand in.

    `topics` and `matched` are counts, as in `Personal`; `web` is where the web copy is.
    """
    if not contents:
        return {}
    left_out = matched - len(contents.cards) - len(contents.also) if topics else 0
    heading = "Also matched" if topics else "Also trending"
    outside = "Trending today, outside your topics"
    text_also = [_text_line(entry.card, _text_note(entry.reasons)) for entry in contents.also]
    html_also = [_html_line(entry.card, _html_note(entry.reasons)) for entry in contents.also]
    if left_out > 0:
        more = wording.more_on_the_web(left_out)
        values = {"more": encode(more), "web": encode(web)}
        text_also.append(pieces["more.txt"].fill(values))
        html_also.append(pieces["more.html"].fill({**values, "web": encode(escape(web))}))
    return {
        ("text", "cards"): _text_cards(contents.cards),
        ("html", "cards"): b"".join(map(_html_card, contents.cards)),
        ("text", "also"): _section(pieces["section.txt"], heading, text_also),
        ("html", "also"): _section(pieces["section.html"], heading, html_also),
        ("text", "trending"): _section(
            pieces["section.txt"],
            outside,
            [_text_line(card, encode(card.said.upvotes)) for card in contents.trending],
        ),
        ("html", "trending"): _section(
            pieces["section.html"],
            outside,
            [_html_line(card, _upvotes(card)) for card in contents.trending],
        ),
    }


def trimmed(contents: Contents, excess: int) -> Contents:
    """Return the contents with so many octets of HTML less, as far as that goes.

    The last cards become titles, what is then too many titles is left out, and so on down to one
    card alone.
    """
    cards, also, trending = list(contents.cards), list(contents.also), list(contents.trending)
    excess += 0 if also else _SECTION_SIZE
    while excess > 0 and (len(cards) > 1 or also or trending):
        if len(cards) > 1:
            last = cards.pop()
            also.insert(0, last._replace(shown=None))
            excess += _line_size(last) - len(_html_card(last))
            if len(also) > ALSO_LISTED:
                excess -= _line_size(also.pop())
        elif also:
            excess -= _line_size(also.pop())
        else:
            excess -= len(_html_line(trending[-1], _upvotes(trending.pop())))
    return Contents(cards, also, trending)


def _line_size(entry: Entry) -> int:
    return len(_html_line(entry.card, _html_note(entry.reasons)))


def _section(section: Stencil, heading: str, lines: Sequence[bytes]) -> bytes:
    if not lines:
        return b""
    return section.fill({"heading": encode(heading), "lines": b"".join(lines)})


def _text_cards(cards: Sequence[Entry]) -> bytes:
    pieces: list[bytes] = []
    for number, (_, reasons, shown) in enumerate(cards, start=1):
        assert shown is not None
        head, tail = shown.text_head, shown.text_tail
        pieces += (b"%d. =\r\n" % number, head, _text_topics(reasons, _CARD_COLUMN), tail)
    return b"".join(pieces)


def _html_card(entry: Entry) -> bytes:
    _, reasons, shown = entry
    assert shown is not None
    return b"".join((shown.html_head, _html_topics(reasons), shown.html_tail))


def _text_line(card: Card, note: bytes) -> bytes:
    return card.text_line.fill({"note": note})


def _html_line(card: Card, note: bytes) -> bytes:
    return card.html_line.fill({"note": note})


def _text_note(reasons: Sequence[Because]) -> bytes:
    return b"because: =\r\n" + _text_topics(reasons, _LINE_COLUMN)


def _html_note(reasons: Sequence[Because]) -> bytes:
    return b"because: =\r\n" + _html_topics(reasons)


def _upvotes(card: Card) -> bytes:
    return encode(card.said.upvotes.replace(" ", "\u00a0"))


def _text_topics(reasons: Sequence[Because], column: int) -> bytes:
    """Return the topics of a paper, broken between two where the line would be too long."""
    pieces: list[bytes] = []
    at = column
    for position, because in enumerate(reasons[:_NAMED_TOPICS]):
        if position:
            at += 2 + len(because.label)
            # One column is left for the next comma, six for "+199".
            fits = at + 1 + 5 * (len(reasons) > _NAMED_TOPICS) <= _TEXT_COLUMNS
            pieces.append(b", =\r\n" if fits else b",\r\n     =\r\n")
            at = at if fits else 5 + len(because.label)
        else:
            at += len(because.label)
        pieces.append(because.text)
    pieces.append(_beyond(reasons))
    return b"".join(pieces)


def _html_topics(reasons: Sequence[Because]) -> bytes:
    pieces: list[bytes] = []
    for position, because in enumerate(reasons[:_NAMED_TOPICS]):
        pieces += (_DOT if position else b"", because.html)
    pieces.append(_beyond(reasons))
    return b"".join(pieces)


def _beyond(reasons: Sequence[Because]) -> bytes:
    if not reasons:
        return b"trending today=\r\n"
    more = len(reasons) - _NAMED_TOPICS
    return b" +%d=\r\n" % more if more > 0 else b""


_DOT = encode(" · ")
