"""What a digest holds: cards, what else matched, what trends; written as text and as HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from service.domain.digests import ALSO_LISTED
from service.mail import wording
from service.mail.both import NOTHING, Both
from service.mail.card import Card, Said
from service.mail.mime import encode
from service.mail.reasons import Reasons
from service.mail.shown import Shown
from service.mail.stencil import Stencil

# What a section of its own and the line below it add to a letter that had none.
_SECTION_SIZE = 2000


def line(card: Card, reasons: Reasons) -> Both:
    """Return a paper by its title, as a list shows it with what it came for."""
    (text_before, text_after), (html_before, html_after) = card.text_line, card.html_line
    return Both(
        text_before + reasons.text_note + text_after,
        html_before + reasons.html_note + html_after,
    )


class Entry(NamedTuple):
    """A paper written whole, as text and as HTML; beside it what else a letter says of it."""

    text: bytes
    html: bytes
    said: Said
    topics: Sequence[str]
    line: Both

    @classmethod
    def of(cls, card: Card, reasons: Reasons, shown: Shown) -> "Entry":
        """Return a card as it is shown, with what it came for."""
        return cls(
            shown.text_head + reasons.text + shown.text_tail,
            shown.html_head + reasons.html + shown.html_tail,
            card.said,
            reasons.topics,
            line(card, reasons),
        )


@dataclass(frozen=True, slots=True)
class Contents:
    """The papers of a digest, each list in order: whole, by title, and outside the topics."""

    cards: Sequence[Entry] = ()
    also: Sequence[Both] = ()
    trending: Sequence[Both] = ()

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
    numbers = [b"%d. =\r\n" % number for number in range(1, len(contents.cards) + 1)]
    texts, htmls = (
        [entry.text for entry in contents.cards],
        [entry.html for entry in contents.cards],
    )
    cards = Both(b"".join(chain.from_iterable(zip(numbers, texts, strict=True))), b"".join(htmls))
    also = list(contents.also)
    left_out = matched - len(contents.cards) - len(also) if topics else 0
    if left_out > 0:
        more = _more(left_out)
        also.append(
            Both(
                pieces["more.txt"].fill({"more": more, "web": web.text}),
                pieces["more.html"].fill({"more": more, "web": web.html}),
            )
        )
    return {
        "cards": cards,
        "also": _section(pieces, _ALSO_MATCHED if topics else _ALSO_TRENDING, also),
        "trending": _section(
            pieces, _TRENDING_THIS_WEEK if weekly else _TRENDING, contents.trending
        ),
    }


@lru_cache(maxsize=256)
def _more(left_out: int) -> bytes:
    return encode(wording.more_on_the_web(left_out))


_ALSO_MATCHED, _ALSO_TRENDING = encode("Also matched"), encode("Also trending")
_TRENDING = encode("Trending today, outside your topics")
_TRENDING_THIS_WEEK = encode("Trending this week, outside your topics")


def _section(pieces: Mapping[str, Stencil], heading: bytes, lines: Sequence[Both]) -> Both:
    """Return lines below their heading; nothing where there are none."""
    if not lines:
        return NOTHING
    text_before, text_after = _around(pieces["section.txt"], heading)
    html_before, html_after = _around(pieces["section.html"], heading)
    texts, htmls = zip(*lines, strict=True)
    return Both(
        b"".join((text_before, *texts, text_after)), b"".join((html_before, *htmls, html_after))
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
            also.insert(0, last.line)
            excess += len(last.line.html) - len(last.html)
            if len(also) > ALSO_LISTED:
                excess -= len(also.pop().html)
        elif also:
            excess -= len(also.pop().html)
        else:
            excess -= len(trending.pop().html)
    return Contents(cards, also, trending)
