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


class Line(NamedTuple):
    """A paper by its title, as a list shows it with what it came for: encoded, whole."""

    text: bytes
    html: bytes

    @classmethod
    def of(cls, card: Card, reasons: Reasons) -> "Line":
        (text_before, text_after), (html_before, html_after) = card.text_line, card.html_line
        return cls(
            text_before + reasons.text_note + text_after,
            html_before + reasons.html_note + html_after,
        )


class Entry(NamedTuple):
    """A paper written whole: its card as it is shown, and why it is there.

    It is never joined by itself: many readers share a card, but not all that it came for.
    """

    card: Card
    reasons: Reasons
    shown: Shown

    @property
    def html_size(self) -> int:
        """How many octets of HTML it takes."""
        return len(self.shown.html_head) + len(self.reasons.html) + len(self.shown.html_tail)

    @property
    def line(self) -> Line:
        """The same paper by its title."""
        return Line.of(self.card, self.reasons)


@dataclass(frozen=True, slots=True)
class Contents:
    """The papers of a digest, each list in order: whole, by title, and outside the topics."""

    cards: Sequence[Entry] = ()
    also: Sequence[Line] = ()
    trending: Sequence[Line] = ()

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
) -> dict[Slot, bytes]:
    """Return the lists of a digest, encoded, by the slots they stand in.

    `topics` and `matched` are counts, as in `Personal`; `web` is the link to the web copy,
    encoded for text and for HTML.
    """
    if not contents:
        return {}
    text: list[bytes] = []
    html: list[bytes] = []
    for number, (_, reasons, shown) in enumerate(contents.cards, start=1):
        text_head, text_tail, html_head, html_tail = shown
        text += (b"%d. =\r\n" % number, text_head, reasons.text, text_tail)
        html += (html_head, reasons.html, html_tail)
    also = list(contents.also)
    left_out = matched - len(contents.cards) - len(also) if topics else 0
    if left_out > 0:
        more = _more(left_out)
        also.append(
            Line(
                pieces["more.txt"].fill({"more": more, "web": web[0]}),
                pieces["more.html"].fill({"more": more, "web": web[1]}),
            )
        )
    also_text, also_html = _section(pieces, _ALSO_MATCHED if topics else _ALSO_TRENDING, also)
    heading = _TRENDING_THIS_WEEK if weekly else _TRENDING
    trending_text, trending_html = _section(pieces, heading, contents.trending)
    return {
        "text:cards": b"".join(text),
        "html:cards": b"".join(html),
        "text:also": also_text,
        "html:also": also_html,
        "text:trending": trending_text,
        "html:trending": trending_html,
    }


@lru_cache(maxsize=256)
def _more(left_out: int) -> bytes:
    return encode(wording.more_on_the_web(left_out))


_ALSO_MATCHED, _ALSO_TRENDING = encode("Also matched"), encode("Also trending")
_TRENDING = encode("Trending today, outside your topics")
_TRENDING_THIS_WEEK = encode("Trending this week, outside your topics")


def _section(pieces: Mapping[str, Stencil], heading: bytes, lines: Sequence[Line]) -> Line:
    """Return lines below their heading; nothing where there are none."""
    if not lines:
        return _NOTHING
    text_before, text_after = _around(pieces["section.txt"], heading)
    html_before, html_after = _around(pieces["section.html"], heading)
    return Line(
        b"".join((text_before, *[text for text, _ in lines], text_after)),
        b"".join((html_before, *[html for _, html in lines], html_after)),
    )


_NOTHING = Line(b"", b"")


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
            also.insert(0, last.line)
            excess += len(last.line.html) - last.html_size
            if len(also) > ALSO_LISTED:
                excess -= len(also.pop().html)
        elif also:
            excess -= len(also.pop().html)
        else:
            excess -= len(trending.pop().html)
    return Contents(cards, also, trending)
