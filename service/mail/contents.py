"""What a digest holds: cards, what else matched, what trends; written as text and as HTML."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from service.domain.digests import ALSO_LISTED
from service.domain.selection import Selection
from service.mail import wording
from service.mail.both import Both
from service.mail.frame import Frame
from service.mail.mime import encode
from service.mail.parts import Names, Parts
from service.mail.reasons import noticed

# What a section of its own and the line below it add to a letter that had none.
_SECTION_SIZE = 2000


_ALSO_MATCHED, _ALSO_TRENDING = "Also matched", "Also trending"
_TRENDING_TODAY = "Trending today, outside your topics"
_TRENDING_THIS_WEEK = "Trending this week, outside your topics"

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
    frame, topics = parts.frames[selection.frame], selection.topics
    also = _also(parts, selection.also)
    left_out = selection.matched - len(selection.cards) - len(selection.also) if topics else 0
    if left_out > 0:
        text_more, html_more = _more(frame, left_out)
        also[0].append(web[0].join(text_more))
        also[1].append(web[1].join(html_more))
    return {
        "cards": _cards(parts, selection.frame, selection.cards, alone=alone),
        "also": _section(frame, _ALSO_MATCHED if topics else _ALSO_TRENDING, also),
        "trending": _section(
            frame,
            _TRENDING_THIS_WEEK if weekly else _TRENDING_TODAY,
            _trending(parts, selection.trending),
        ),
    }


def _cards(parts: Parts, frame: int, cards: Sequence[tuple[int, Names]], *, alone: bool) -> Pieces:
    reasons, shown = parts.reasons, parts.shown
    text: list[bytes] = []
    html: list[bytes] = []
    for number, (part, names) in zip(_numbers(len(cards)), cards, strict=True):
        because = reasons[names]
        card = shown[frame, part, because.topic, alone]
        text.append(number)
        text.append(card.text_head)
        text.append(because.text)
        html.append(card.html_head)
        html.append(because.html)
        if card.spelled is not None and len(names) == 1:
            in_text, in_html = card.spelled
            text.append(in_text)
            html.append(in_html)
        text += card.text_tail
        html += card.html_tail
    return text, html


@lru_cache(maxsize=64)
def _numbers(count: int) -> Sequence[bytes]:
    """Return what stands before each of so many cards."""
    return [b"%d. =\r\n" % number for number in range(1, count + 1)]


def _also(parts: Parts, also: Iterable[tuple[int, Names]]) -> Pieces:
    cards, reasons = parts.cards, parts.reasons
    text: list[bytes] = []
    html: list[bytes] = []
    for part, names in also:
        card, because = cards[part], reasons[names]
        text.append(card.text_before)
        text.append(because.text_note)
        text.append(card.text_after)
        html.append(card.html_before)
        html.append(because.html_note)
        html.append(card.html_after)
    return text, html


def _trending(parts: Parts, trending: Iterable[int]) -> Pieces:
    text: list[bytes] = []
    html: list[bytes] = []
    for part in trending:
        card = parts.cards[part]
        in_text, in_html = noticed(card.said.upvotes)
        text += (card.text_before, in_text, card.text_after)
        html += (card.html_before, in_html, card.html_after)
    return text, html


def _section(frame: Frame, heading: str, lines: Pieces) -> Pieces:
    """Return lines with their heading above them; nothing where there are none."""
    text, html = lines
    if text:
        (text_before, text_after), (html_before, html_after) = _headed(frame, heading)
        text.insert(0, text_before)
        text.append(text_after)
        html.insert(0, html_before)
        html.append(html_after)
    return lines


# What stands around something, in text and in HTML.
Around = tuple[tuple[bytes, ...], tuple[bytes, ...]]


@lru_cache(maxsize=64)
def _headed(frame: Frame, heading: str) -> Around:
    return frame.around("section", "lines", {"heading": encode(heading)})


@lru_cache(maxsize=1024)
def _more(frame: Frame, left_out: int) -> Around:
    return frame.around("more", "web", {"more": encode(wording.more_on_the_web(left_out))})


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
