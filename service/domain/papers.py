"""A paper, the edition that brings it, and how a paper is recognised again."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

# Year and month, then a number; before April 2007 an archive, then year, month and number.
_ARXIV_ID = re.compile(
    r"(?:arxiv:)?([0-9]{2}(?:0[1-9]|1[0-2])\.[0-9]{4,5}|[a-z]+(?:-[a-z]+)?(?:\.[a-z]{2})?/[0-9]{7})"
    r"(?:v[1-9][0-9]*)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One work, in readable text.

    `title` is never empty. Links are absolute https URLs; `page` is the canonical page of the
    paper. A fact that the source does not give is None (or empty), never a guess.
    """

    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    arxiv_id: str | None = None
    doi: str | None = None
    openreview_id: str | None = None
    published: date | None = None
    page: str | None = None
    pdf: str | None = None
    code: str | None = None
    project: str | None = None
    upvotes: int | None = None
    comments: int | None = None
    stars: int | None = None
    keywords: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    organisation: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """What a digest file says that could not be used: where it stands and why.

    A rejected "record" brought no paper. Of a rejected "link" or "date" only that was dropped: the
    record it stands in was kept.
    """

    position: str
    reason: str
    kind: Literal["record", "link", "date"] = "record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """What one digest file says: its papers in its own order, and its rejects.

    `date` is None where the file itself does not tell it.
    """

    format: str
    papers: tuple[Paper, ...]
    rejected: tuple[Rejected, ...] = ()
    # In quotes, because by now the name means the field and no longer the type.
    date: "date | None" = None


class UnreadableFile(Exception):
    """A digest file that cannot be read at all; its text is the reason, for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Known:
    """A stored paper, as far as recognition needs it."""

    paper_id: int
    identities: frozenset[str]


def identities(paper: Paper) -> tuple[str, ...]:
    """Return the names a paper answers to, strongest first; the last is always its title."""
    names = [
        f"{kind}:{value.lower()}"
        for kind, value in (
            ("arxiv", paper.arxiv_id),
            ("doi", paper.doi),
            ("openreview", paper.openreview_id),
        )
        if value
    ]
    return (*names, title_identity(paper.title))


def arxiv_id(text: str) -> str | None:
    """Return the arXiv id that `text` is, without `arXiv:` and version, or None when it is none."""
    found = _ARXIV_ID.fullmatch(text.strip())
    return found[1] if found else None


def title_identity(title: str) -> str:
    """Return the identity of a title: blind to case, accents, width, punctuation and spacing."""
    folded = unicodedata.normalize("NFKD", title).casefold()
    letters = re.sub(r"[\W_]+", "", folded)
    # A title of symbols alone would otherwise equal every other such title.
    return "title:" + hashlib.sha256((letters or title.strip()).encode()).hexdigest()[:24]


def recognise(paper: Paper, known: Iterable[Known]) -> int | None:
    """Return the id of the stored paper that this one is, or None when it is new.

    An identifier decides before the title does. A shared title alone makes two records one paper
    unless both carry identifiers of the same kind that differ.
    """
    names = identities(paper)
    same_title: list[Known] = []
    strong = frozenset(names[:-1])
    for candidate in known:
        if strong & candidate.identities:
            return candidate.paper_id
        if names[-1] in candidate.identities:
            same_title.append(candidate)
    for candidate in same_title:
        if not _contradicts(strong, candidate.identities):
            return candidate.paper_id
    return None


def _contradicts(ours: Iterable[str], theirs: Iterable[str]) -> bool:
    kinds = {name.partition(":")[0] for name in ours}
    return any(name.partition(":")[0] in kinds for name in theirs if not name.startswith("title:"))


def short_authors(authors: Sequence[str]) -> str:
    """Return the authors' line of a card: all of up to three, else the first two and the last."""
    if len(authors) <= 3:
        return ", ".join(authors)
    return f"{authors[0]}, {authors[1]}, … {authors[-1]} ({len(authors)} authors)"
