"""A letter of each kind with given words in it, to see that its templates can be used."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

from service.domain.papers import Paper
from service.mail.card import Because, Card
from service.mail.contents import Contents, Entry, line
from service.mail.frame import Frame
from service.mail.letter import Letters, Personal, join
from service.mail.reasons import Reasons
from service.mail.rendering import KINDS, Kind
from service.mail.shown import show

_SITE = "https://papers.example.org"
_LINKS = ("confirm", "undo", "preferences", "account", "address")


def specimens(letters: Letters, words: str) -> Iterator[tuple[Kind, bytes]]:
    """Yield each kind and a letter of it, with `words` wherever a stranger's words can stand.

    Raises TemplateMistake.
    """
    personal = Personal(
        recipient="ada@example.org",
        token="0" * 32,
        planned_at=datetime(2026, 8, 21, 5, tzinfo=UTC),
        local_date=date(2026, 8, 21),
        local_hour=7,
        name=words,
        topics=4,
        matched=40,
        unsubscribe=f"{_SITE}/u/specimen",
        web=f"{_SITE}/d/specimen",
        schedule="daily at 07:00, Berlin time",
        asked_on=date(2026, 5, 3),
        next_on=date(2026, 8, 22),
        asked_for=(words, "memory"),
        links={name: f"{_SITE}/{name}/specimen" for name in _LINKS},
        undo_until=date(2026, 9, 20),
        elsewhere=words,
    )
    for kind in KINDS:
        frame = Frame.unpack(letters.frame(kind))
        papers = _contents(letters, frame, words) if frame.pieces else Contents()
        yield kind, join(frame, papers, personal)


def _contents(letters: Letters, frame: Frame, words: str) -> Contents:
    """Return papers with every fact there is, and with none but a title."""
    full = Paper(
        title=words,
        abstract=f"{words}. We present {words}. " * 3,
        authors=(words,) * 12,
        organisation=words,
        published=date(2026, 8, 20),
        page="https://arxiv.org/abs/2608.00001",
        pdf="https://arxiv.org/pdf/2608.00001",
        code="https://github.com/example/specimen",
        project="https://project.example.org",
        stars=76,
        upvotes=163,
    )
    reasons = Reasons.of([Because.unpack(letters.because(words, "agents"))] * 5)
    cards = [Card.unpack(letters.card(paper, "key", 2026)) for paper in (full, Paper(title=words))]
    terms = [[words.split()[0]]]
    return Contents(
        [Entry.of(c, reasons, show(c, terms, frame.pieces, alone=False)) for c in cards],
        [line(card, reasons) for card in cards],
        [line(card, Reasons.noticed("163 upvotes")) for card in cards],
    )
