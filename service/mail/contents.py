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
    """A paper, why it is there, and how a letter writes it: whole, and as a line of a list.

    What is written whole, in text after its number, may be empty for an entry of a list.
    """

    card: Card
    reasons: Reasons
    text: bytes
    html: bytes
    text_line: bytes
    html_line: bytes

    @classmethod
    def of(cls, card: Card, reasons: Reasons, shown: Shown | None) -> "Entry":
        """Return the entry of a card as it is shown; without, it can only be listed."""
        text = html = b""
        if shown is not None:
            text = shown.text_head + reasons.text + shown.text_tail
            html = shown.html_head + reasons.html + shown.html_tail
        text_line = card.text_line[0] + reasons.text_note + card.text_line[1]
        html_line = card.html_line[0] + reasons.html_note + card.html_line[1]
        return cls(card, reasons, text, html, text_line, html_line)


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
    for number, entry in enumerate(contents.cards, start=1):
        text += (b"%d. =\r\n" % number, entry.text)
    text_also = [entry.text_line for entry in contents.also]
    html_also = [entry.html_line for entry in contents.also]
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
        ("html", "cards"): [entry.html for entry in contents.cards],
        ("text", "also"): _section(text_section, heading, text_also),
        ("html", "also"): _section(html_section, heading, html_also),
        ("text", "trending"): _section(
            text_section, trending, [entry.text_line for entry in contents.trending]
        ),
        ("html", "trending"): _section(
            html_section, trending, [entry.html_line for entry in contents.trending]
        ),
    }


@lru_cache(maxsize=256)
def _more(left_out: int) -> bytes:
    return encode(wording.more_on_the_web(left_out))


_ALSO_MATCHED, _ALSO_TRENDING = encode("Also matched"), encode("Also trending")
_TRENDING = encode("Trending today, outside your topics")
_TRENDING_THIS_WEEK = encode("Trending this week, outside your topics")


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
            excess += len(last.html_line) - len(last.html)
            if len(also) > ALSO_LISTED:
                excess -= len(also.pop().html_line)
        elif also:
            excess -= len(also.pop().html_line)
        else:
            excess -= len(trending.pop().html_line)
    return Contents(cards, also, trending)
