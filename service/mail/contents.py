"""What a digest holds: cards, what else matched, what trends; written as text and as HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from service.domain.digests import ALSO_LISTED
from service.mail import wording
from service.mail.card import Card
from service.mail.frame import Slot
from service.mail.mime import encode
from service.mail.reasons import Reasons
from service.mail.shown import Shown
from service.mail.stencil import Stencil

# What a section of its own and the line below it add to a letter that had none.
_SECTION_SIZE = 2000


class Entry(NamedTuple):
    """A paper, why it is there, and how it is shown whole; without that it can only be listed.

    It is never joined by itself: a letter is one join of all its pieces.
    """

    card: Card
    reasons: Reasons
    shown: Shown | None = None

    @property
    def html(self) -> Sequence[bytes]:
        """Return the paper written whole, in HTML."""
        assert self.shown is not None
        return (self.shown.html_head, self.reasons.html, self.shown.html_tail)

    @property
    def html_line(self) -> Sequence[bytes]:
        return (self.card.html_line[0], self.reasons.html_note, self.card.html_line[1])


@dataclass(frozen=True, slots=True)
class Contents:
    """The papers of a digest, each list in order: whole, by title, and outside the topics."""

    cards: Sequence[Entry] = ()
    also: Sequence[Entry] = ()
    trending: Sequence[Entry] = ()

    def __bool__(self) -> bool:
        return bool(self.cards)


def body(
    contents: Contents,
    topics: int,
    matched: int,
    web: tuple[bytes, bytes],
    pieces: Mapping[str, Stencil],
    *,
    weekly: bool = False,
) -> dict[Slot, bytes | Sequence[bytes]]:
    """Return the encoded lists of a digest, in pieces, by the slots they stand in.

    `topics` and `matched` are counts, as in `Personal`; `web` is the link to the web copy,
    encoded for text and for HTML.
    """
    if not contents:
        return {}
    text: list[bytes] = []
    html: list[bytes] = []
    for number, (_, reasons, shown) in enumerate(contents.cards, start=1):
        assert shown is not None
        text += (b"%d. =\r\n" % number, shown.text_head, reasons.text, shown.text_tail)
        html += (shown.html_head, reasons.html, shown.html_tail)
    text_also, html_also = _lines(contents.also)
    text_trending, html_trending = _lines(contents.trending)
    left_out = matched - len(contents.cards) - len(contents.also) if topics else 0
    if left_out > 0:
        more = _more(left_out)
        text_also.append(pieces["more.txt"].fill({"more": more, "web": web[0]}))
        html_also.append(pieces["more.html"].fill({"more": more, "web": web[1]}))
    heading = _ALSO_MATCHED if topics else _ALSO_TRENDING
    trending = _TRENDING_THIS_WEEK if weekly else _TRENDING
    text_section, html_section = pieces["section.txt"], pieces["section.html"]
    return {
        ("text", "cards"): text,
        ("html", "cards"): html,
        ("text", "also"): _section(text_section, heading, text_also),
        ("html", "also"): _section(html_section, heading, html_also),
        ("text", "trending"): _section(text_section, trending, text_trending),
        ("html", "trending"): _section(html_section, trending, html_trending),
    }


@lru_cache(maxsize=256)
def _more(left_out: int) -> bytes:
    return encode(wording.more_on_the_web(left_out))


_ALSO_MATCHED, _ALSO_TRENDING = encode("Also matched"), encode("Also trending")
_TRENDING = encode("Trending today, outside your topics")
_TRENDING_THIS_WEEK = encode("Trending this week, outside your topics")


def _lines(entries: Sequence[Entry]) -> tuple[list[bytes], list[bytes]]:
    """Return the pieces of entries that are listed, in text and in HTML."""
    text: list[bytes] = []
    html: list[bytes] = []
    for card, reasons, _ in entries:
        (text_before, text_after), (html_before, html_after) = card.text_line, card.html_line
        text += (text_before, reasons.text_note, text_after)
        html += (html_before, reasons.html_note, html_after)
    return text, html


def _section(section: Stencil, heading: bytes, lines: Sequence[bytes]) -> Sequence[bytes]:
    if not lines:
        return ()
    before, after = _around(section, heading)
    return (before, *lines, after)


@lru_cache(maxsize=64)
def _around(section: Stencil, heading: bytes) -> tuple[bytes, bytes]:
    return section.around("lines", {"heading": heading})


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
            also.insert(0, last)
            excess += _size(last.html_line) - _size(last.html)
            if len(also) > ALSO_LISTED:
                excess -= _size(also.pop().html_line)
        elif also:
            excess -= _size(also.pop().html_line)
        else:
            excess -= _size(trending.pop().html_line)
    return Contents(cards, also, trending)


def _size(pieces: Sequence[bytes]) -> int:
    return sum(map(len, pieces))
