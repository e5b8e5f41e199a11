"""What a digest holds: cards, what else matched, what trends; written as text and as HTML."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from service.domain.digests import ALSO_LISTED
from service.domain.selection import Selection
from service.mail import wording
from service.mail.both import Both
from service.mail.mime import encode
from service.mail.parts import Names, Parts
from service.mail.reasons import noticed
from service.mail.stencil import Stencil

# What a section of its own and the line below it add to a letter that had none.
_SECTION_SIZE = 2000


# Papers as text and as HTML. Only the whole letter is joined: readers share cards, but seldom all
# that a card came for.
Pieces = tuple[list[bytes], list[bytes]]


def written(
    parts: Parts, selection: Selection, web: Both, *, alone: bool, weekly: bool
) -> dict[str, Pieces]:
    """Return the lists of a digest by the names of their slots.

    `web` is the link to the web copy. `alone` says that the letter was to have one card only, and
    `weekly` that it tells of a week.
    """
    stencils, topics = parts.frames[selection.frame].pieces, selection.topics
    also_text, also_html = _also(parts, selection.also)
    left_out = selection.matched - len(selection.cards) - len(selection.also) if topics else 0
    if left_out > 0:
        also_text.append(web.text.join(_more(stencils["more.txt"], left_out)))
        also_html.append(web.html.join(_more(stencils["more.html"], left_out)))
    also = "Also matched" if topics else "Also trending"
    trending = f"Trending {'this week' if weekly else 'today'}, outside your topics"
    return {
        "cards": _cards(parts, selection.frame, selection.cards, alone=alone),
        "also": _section(stencils, also, also_text, also_html),
        "trending": _section(stencils, trending, *_trending(parts, selection.trending)),
    }


def _cards(parts: Parts, frame: int, cards: Iterable[tuple[int, Names]], *, alone: bool) -> Pieces:
    reasons, shown = parts.reasons, parts.shown
    text: list[bytes] = []
    html: list[bytes] = []
    for number, (part, names) in enumerate(cards, start=1):
        because = reasons[names]
        card = shown[frame, part, because.topic, alone]
        text += (b"%d. =\r\n" % number, card.text_head, because.text)
        html += (card.html_head, because.html)
        if card.spelled is not None and len(names) == 1:
            text.append(card.spelled.text)
            html.append(card.spelled.html)
        text += card.text_tail
        html += card.html_tail
    return text, html


def _also(parts: Parts, also: Iterable[tuple[int, Names]]) -> Pieces:
    cards, reasons = parts.cards, parts.reasons
    text: list[bytes] = []
    html: list[bytes] = []
    for part, names in also:
        card, because = cards[part], reasons[names]
        text += (card.text_before, because.text_note, card.text_after)
        html += (card.html_before, because.html_note, card.html_after)
    return text, html


def _trending(parts: Parts, trending: Iterable[int]) -> Pieces:
    text: list[bytes] = []
    html: list[bytes] = []
    for part in trending:
        card = parts.cards[part]
        upvotes = noticed(card.said.upvotes)
        text += (card.text_before, upvotes.text, card.text_after)
        html += (card.html_before, upvotes.html, card.html_after)
    return text, html


def _section(
    stencils: Mapping[str, Stencil], heading: str, text: list[bytes], html: list[bytes]
) -> Pieces:
    """Return lines below their heading; nothing where there are none."""
    if not text:
        return text, html
    text_before, text_after = _headed(stencils["section.txt"], heading)
    html_before, html_after = _headed(stencils["section.html"], heading)
    return [text_before, *text, text_after], [html_before, *html, html_after]


@lru_cache(maxsize=64)
def _headed(section: Stencil, heading: str) -> tuple[bytes, ...]:
    return section.around("lines", {"heading": encode(heading)})


@lru_cache(maxsize=1024)
def _more(more: Stencil, left_out: int) -> tuple[bytes, ...]:
    return more.around("web", {"more": encode(wording.more_on_the_web(left_out))})


def trimmed(parts: Parts, selection: Selection, excess: int, *, alone: bool) -> Selection:
    """Return the selection with so many octets of HTML less, as far as that goes.

    The last cards become titles, what is then too many titles is left out, and so on down to one
    card alone.
    """
    cards, also, trending = ([*selection.cards], [*selection.also], [*selection.trending])

    def card_size(picked: tuple[int, Names]) -> int:
        return _size(_cards(parts, selection.frame, [picked], alone=alone))

    def line_size(picked: tuple[int, Names]) -> int:
        return _size(_also(parts, [picked]))

    excess += 0 if also else _SECTION_SIZE
    while excess > 0 and (len(cards) > 1 or also or trending):
        if len(cards) > 1:
            last = cards.pop()
            also.insert(0, last)
            excess += line_size(last) - card_size(last)
            if len(also) > ALSO_LISTED:
                excess -= line_size(also.pop())
        elif also:
            excess -= line_size(also.pop())
        else:
            excess -= _size(_trending(parts, [trending.pop()]))
    return Selection(
        frame=selection.frame,
        cards=tuple(cards),
        also=tuple(also),
        trending=tuple(trending),
        topics=selection.topics,
        matched=selection.matched,
    )


def _size(papers: Pieces) -> int:
    """Return how many octets of HTML they take."""
    return sum(map(len, papers[1]))
