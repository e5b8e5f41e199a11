"""The reasons a paper came for, as its card and a list name them."""

from collections.abc import Sequence
from typing import NamedTuple

from service.mail.card import Because
from service.mail.mime import encode

_NAMED = 3
_TEXT_COLUMNS = 72
_CARD_COLUMN, _LINE_COLUMN = len("   Because: "), len("  because: ")


class Reasons(NamedTuple):
    """Why a paper is there, encoded: what follows "Because:" on a card, and a line's whole note.

    `topics` are those of its reasons that are topics, by name; `first_topic` is the place of the
    first among all.
    """

    topics: tuple[str, ...]
    first_topic: int | None
    text: bytes
    html: bytes
    text_note: bytes
    html_note: bytes

    @classmethod
    def of(cls, named: Sequence[Because]) -> "Reasons":
        """Return the reasons of a paper, the best first; without any it is trending."""
        text, html = _text(named, _CARD_COLUMN), _html(named)
        # A line of a list has a column more; what needs no break on a card needs none there.
        note = text if _BREAK not in text else _text(named, _LINE_COLUMN)
        topics = tuple([because.label for because in named if because.is_topic])
        return cls(
            topics,
            [because.is_topic for because in named].index(True) if topics else None,
            text,
            html,
            _NOTE + note,
            _NOTE + html,
        )

    @classmethod
    def noticed(cls, upvotes: str) -> "Reasons":
        """Return the reason of a paper that is no topic's: how many people noticed it."""
        text = encode(upvotes)
        html = encode(upvotes.replace(" ", "\u00a0"))
        return cls((), None, text, html, text, html)


def _text(named: Sequence[Because], column: int) -> bytes:
    """Return the reasons by name, broken between two where the line would be too long."""
    shown = named[:_NAMED]
    width = column + sum([len(because.label) + 2 for because in shown]) - 2
    # One column is left for the next comma, six for "+199".
    spare = 1 + 5 * (len(named) > _NAMED)
    if width + spare <= _TEXT_COLUMNS:
        return _COMMA.join([because.text for because in shown]) + _beyond(named)
    pieces: list[bytes] = []
    at = column
    for position, because in enumerate(shown):
        if position:
            at += 2 + len(because.label)
            fits = at + spare <= _TEXT_COLUMNS
            pieces.append(_COMMA if fits else _BREAK)
            at = at if fits else 5 + len(because.label)
        else:
            at += len(because.label)
        pieces.append(because.text)
    pieces.append(_beyond(named))
    return b"".join(pieces)


def _html(named: Sequence[Because]) -> bytes:
    return _DOT.join([because.html for because in named[:_NAMED]]) + _beyond(named)


def _beyond(named: Sequence[Because]) -> bytes:
    if not named:
        return b"trending today=\r\n"
    more = len(named) - _NAMED
    return b" +%d=\r\n" % more if more > 0 else b""


_COMMA = b", =\r\n"
_BREAK = b",\r\n     =\r\n"
_DOT = encode(" · ")
_NOTE = encode("because: ")
