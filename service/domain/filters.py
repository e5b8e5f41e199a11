"""A reader's own filters, over all their topics: what they never see, and what always comes first.

They act on the papers found for a reader before any is cut away, so that what is left fills the
letter.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from service.domain.expression import Expression, Field, In, Term
from service.domain.papers import Paper
from service.domain.text import INVISIBLE, fold
from service.domain.topics import parse

UPVOTE_STEPS = (0, 5, 20, 50, 100)
MAX_MUTES = 50
MAX_FOLLOWS = 100
MAX_NAME = 100


class FilterError(ValueError):
    """A filter that cannot be had; the message is for the person who asked for it."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a reader mutes, as topics in their own words; the authors they follow, by name; and the
    fewest upvotes they want a paper to have. By default nothing is filtered.
    """

    mutes: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    min_upvotes: int = 0

    def __bool__(self) -> bool:
        return bool(self.mutes or self.follows or self.min_upvotes)

    def without(self, mutes: Iterable[str] = (), follows: Iterable[str] = ()) -> "Filters":
        """Return these filters but for some, known by their meaning.

        Raises FilterError for one that is not among them, and TopicError.
        """
        muted = {parse(text).canonical: text for text in self.mutes}
        for text in mutes:
            if muted.pop(parse(text).canonical, None) is None:
                raise FilterError(_not_among(text, "what is muted", self.mutes))
        followed = {fold(name): name for name in self.follows}
        for name in follows:
            if followed.pop(fold(name), None) is None:
                raise FilterError(_not_among(name, "those followed", self.follows))
        return replace(self, mutes=tuple(muted.values()), follows=tuple(followed.values()))


UNFILTERED = Filters()


def filters_of(
    mutes: Iterable[str] = (),
    follows: Iterable[str] = (),
    min_upvotes: int = 0,
    *,
    known: Filters = UNFILTERED,
) -> Filters:
    """Read filters as typed, after the mutes and authors `known`; what means the same is kept
    once, as typed first.

    Raises FilterError for a name without a letter, a step of upvotes that there is not, or more
    than a reader may have, and TopicError for the first mute that is no topic.
    """
    muted = [text.strip() for text in mutes if text.strip()]
    followed = [" ".join(name.split()) for name in follows if name.strip()]
    # Before any is read, and again when it is known which of them are the same.
    _check_counts(len(muted), len(followed))
    if min_upvotes not in UPVOTE_STEPS:
        *most, last = map(str, UPVOTE_STEPS)
        raise FilterError(
            f"{min_upvotes} is no minimum of upvotes: choose {', '.join(most)} or {last}"
        )
    meanings: dict[str, str] = {}
    for text in (*known.mutes, *muted):
        meanings.setdefault(parse(text).canonical, text)
    names = {fold(name): name for name in known.follows}
    for name in followed:
        if len(name) > MAX_NAME:
            raise FilterError(
                f"the author {name[:MAX_NAME]!r}… has {len(name)} characters,"
                f" {MAX_NAME} are allowed"
            )
        if INVISIBLE.search(name):
            raise FilterError(f"there is an invisible character in the author {name!r}")
        if not fold(name):
            raise FilterError(f"there is no letter in the author {name!r}")
        names.setdefault(fold(name), name)
    _check_counts(len(meanings), len(names))
    return Filters(tuple(meanings.values()), tuple(names.values()), min_upvotes)


def _check_counts(mutes: int, follows: int) -> None:
    if mutes > MAX_MUTES:
        raise FilterError(f"{mutes} mutes are more than one reader may have ({MAX_MUTES})")
    if follows > MAX_FOLLOWS:
        raise FilterError(
            f"{follows} followed authors are more than one reader may have ({MAX_FOLLOWS})"
        )


def by_author(name: str) -> Expression:
    """Return what finds an author's papers: just as the topic `author:"NAME"` does."""
    return In(Field.AUTHOR, Term(tuple(fold(name).split())))


def enough_upvotes(paper: Paper, least: int) -> bool:
    """Tell whether a paper has at least so many upvotes, or comes from where none are counted."""
    return paper.upvotes is None or paper.upvotes >= least


def _not_among(words: str, which: str, there: Sequence[str]) -> str:
    return f"{words!r} is not among {which}: {', '.join(there) or 'nothing'}"
