"""A letter of each kind with given words in it, to see that its templates can be used."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

from service.domain.papers import Paper
from service.domain.selection import Selection
from service.mail.letter import join
from service.mail.parts import Parts
from service.mail.personal import LetterDay, Personal
from service.mail.rendering import KINDS, Kind, Letters
from service.mail.shown import Mention

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
        day=LetterDay(
            date(2026, 8, 21),
            hour=7,
            schedule="daily at 07:00, Berlin time",
            next_on=date(2026, 8, 22),
        ),
        name=words,
        unsubscribe=f"{_SITE}/u/specimen",
        web=f"{_SITE}/d/specimen",
        asked_on=date(2026, 5, 3),
        asked_for=(words, "memory"),
        links={name: f"{_SITE}/{name}/specimen" for name in _LINKS},
        elsewhere=words,
    )
    papers = _papers(letters, words)
    for kind in KINDS:
        parts = _parts({_FRAME: letters.frame(kind), **papers}, words)
        yield kind, join(parts, _SELECTION if parts.frames[_FRAME].pieces else _NOTHING, personal)


def _parts(bodies: dict[int, bytes], words: str) -> Parts:
    return Parts(lambda _: bodies, lambda *_: Mention([[words.split()[0]]]))


_FRAME, _FULL, _BARE, _NAME = range(4)
_NOTHING = Selection(_FRAME)
# Papers with every fact there is, and with none but a title.
_CARDS = ((_FULL, (_NAME,) * 5), (_BARE, (_NAME,) * 5))
_SELECTION = Selection(_FRAME, _CARDS, _CARDS, (_FULL, _BARE), topics=4, matched=40)


def _papers(letters: Letters, words: str) -> dict[int, bytes]:
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
    return {
        _FULL: letters.card(full, "key", 2026),
        _BARE: letters.card(Paper(title=words), "key", 2026),
        _NAME: letters.because(words, "agents"),
    }
