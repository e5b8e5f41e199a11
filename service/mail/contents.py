"""What a digest holds: cards, what else matched, what trends; written as text and as HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from service.domain.digests import ALSO_LISTED
from service.mail import wording
from service.mail.both import NOTHING, Both
from service.mail.card import Card
from service.mail.mime import encode
from service.mail.reasons import Reasons
from service.mail.shown import Shown
from service.mail.stencil import Stencil

# What a section of its own and the line below it add to a letter that had none.
_SECTION_SIZE = 2000


class Listed(NamedTuple):
    """A paper named by its title, and why it is there."""

    card: Card
    reasons: Reasons

    @property
    def html_size(self) -> int:
        """How many octets of HTML it takes."""
        before, after = self.card.html_line
        return len(before) + len(self.reasons.html_note) + len(after)


class Entry(NamedTuple):
    """A paper written whole: its card as it is shown, and why it is there.

    Neither this nor a title is joined by itself: readers share cards, but seldom all that a card
    came for, and a list is joined from its smallest pieces as fast.
    """

    card: Card
    reasons: Reasons
    shown: Shown

    @property
    def html_size(self) -> int:
        """How many octets of HTML it takes."""
        return len(self.shown.html_head) + len(self.reasons.html) + len(self.shown.html_tail)

    @property
    def listed(self) -> Listed:
        """The same paper by its title."""
        return Listed(self.card, self.reasons)


@dataclass(frozen=True, slots=True)
class Contents:
    """The papers of a digest, each list in order: whole, by title, and outside the topics."""

    cards: Sequence[Entry] = ()
    also: Sequence[Listed] = ()
    trending: Sequence[Listed] = ()

    def __bool__(self) -> bool:
        return bool(self.cards)


def lists(
    contents: Contents,
    topics: int,
    matched: int,
    web: Both,
    pieces: Mapping[str, Stencil],
    *,
    weekly: bool = False,
) -> dict[str, Both]:
    """Return the lists of a digest by the names of their slots.

    `topics` and `matched` are counts, as in `Personal`; `web` is the link to the web copy.
    """
    text: list[bytes] = []
    html: list[bytes] = []
    for number, (_, reasons, shown) in enumerate(contents.cards, start=1):
        text_head, text_tail, html_head, html_tail = shown
        text += (b"%d. =\r\n" % number, text_head, reasons.text, text_tail)
        html += (html_head, reasons.html, html_tail)
    also_text, also_html = _lines(contents.also)
    left_out = matched - len(contents.cards) - len(contents.also) if topics else 0
    if left_out > 0:
        more = _more(left_out)
        also_text.append(pieces["more.txt"].fill({"more": more, "web": web.text}))
        also_html.append(pieces["more.html"].fill({"more": more, "web": web.html}))
    also = _ALSO_MATCHED if topics else _ALSO_TRENDING
    trending = _TRENDING_THIS_WEEK if weekly else _TRENDING
    return {
        "cards": Both(b"".join(text), b"".join(html)),
        "also": _section(pieces, also, also_text, also_html),
        "trending": _section(pieces, trending, *_lines(contents.trending)),
    }


@lru_cache(maxsize=256)
def _more(left_out: int) -> bytes:
    return encode(wording.more_on_the_web(left_out))


_ALSO_MATCHED, _ALSO_TRENDING = encode("Also matched"), encode("Also trending")
_TRENDING = encode("Trending today, outside your topics")
_TRENDING_THIS_WEEK = encode("Trending this week, outside your topics")


def _lines(papers: Sequence[Listed]) -> tuple[list[bytes], list[bytes]]:
    """Return the pieces of titles, in text and in HTML."""
    text: list[bytes] = []
    html: list[bytes] = []
    for card, reasons in papers:
        (text_before, text_after), (html_before, html_after) = card.text_line, card.html_line
        text += (text_before, reasons.text_note, text_after)
        html += (html_before, reasons.html_note, html_after)
    return text, html


def _section(
    pieces: Mapping[str, Stencil], heading: bytes, text: list[bytes], html: list[bytes]
) -> Both:
    """Return lines below their heading; nothing where there are none."""
    if not text:
        return NOTHING
    text_before, text_after = _around(pieces["section.txt"], heading)
    html_before, html_after = _around(pieces["section.html"], heading)
    return Both(
        b"".join((text_before, *text, text_after)), b"".join((html_before, *html, html_after))
    )


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
            also.insert(0, last.listed)
            excess += last.listed.html_size - last.html_size
            if len(also) > ALSO_LISTED:
                excess -= also.pop().html_size
        elif also:
            excess -= also.pop().html_size
        else:
            excess -= trending.pop().html_size
    return Contents(cards, also, trending)
