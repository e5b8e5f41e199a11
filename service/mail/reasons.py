"""The reasons a paper came for, as its card and a list name them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from service.mail.both import Both
from service.mail.card import Because
from service.mail.mime import encode

_NAMED = 3
_TEXT_COLUMNS = 72
_CARD_COLUMN, _LINE_COLUMN = len("   Because: "), len("  because: ")


@dataclass(slots=True)
class Reasons:
    """Why a paper is there, encoded: what follows "Because:" on a card, and a line's whole note.

    `topic` is the part that names the first topic among the reasons, 0 where none does; `labels`
    are those of all topics.
    """

    topic: int
    labels: Sequence[str]
    text: bytes
    html: bytes
    text_note: bytes
    html_note: bytes


def reasons_of(names: Sequence[int], named: Sequence[Because]) -> Reasons:
    """Return the reasons that some parts name, the best first; without any the paper trends."""
    topics = [name for name, because in zip(names, named, strict=True) if because.query]
    labels = tuple([because.label for because in named if because.query])
    shown, more = named[:_NAMED], b""
    # One column is left for the next comma, six for "+199".
    room = _TEXT_COLUMNS - 1
    if len(named) > _NAMED:
        more = b" +%d=\r\n" % (len(named) - _NAMED)
        room -= 5
    elif not named:
        more = b"trending today=\r\n"
    text = note = _COMMA.join([because.text for because in shown])
    width = sum([len(because.label) + 2 for because in shown]) - 2
    if _CARD_COLUMN + width > room and len(shown) > 1:
        text, note = _broken(shown, _CARD_COLUMN, room), _broken(shown, _LINE_COLUMN, room)
    text, note = text + more, note + more
    html = _DOT.join([because.html for because in shown]) + more
    return Reasons(topics[0] if topics else 0, labels, text, html, _NOTE + note, _NOTE + html)


@lru_cache(maxsize=1024)
def noticed(upvotes: str) -> Both:
    """Return the line below the title of a paper that is no topic's: how many noticed it."""
    return encode(upvotes), encode(upvotes.replace(" ", "\u00a0"))


def _broken(shown: Sequence[Because], at: int, room: int) -> bytes:
    """Return reasons that begin at a column, broken between two where they reach beyond `room`."""
    pieces = [shown[0].text]
    at += len(shown[0].label)
    for because in shown[1:]:
        at += 2 + len(because.label)
        pieces.append(_COMMA if at <= room else _BREAK)
        at = at if at <= room else 5 + len(because.label)
        pieces.append(because.text)
    return b"".join(pieces)


_COMMA = b", =\r\n"
_BREAK = b",\r\n     =\r\n"
_DOT = encode(" · ")
_NOTE = encode("because: ")
