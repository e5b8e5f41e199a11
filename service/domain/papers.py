"""A paper, the edition that brings it, and what of an edition could not be used."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Original:
    """What the source wrote, of each text that its readable form differs from."""

    title: str | None = None
    abstract: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One work, in readable text.

    `title` is never empty. Links are absolute https URLs; `page` is the canonical page of the
    paper. A fact that the source does not give is None (or empty), never a guess. `version` is
    the version of the work that the source speaks of.
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
    version: int | None = None
    original: Original | None = None


# Several times what the longest real paper has. What goes beyond is no paper, and would be a
# letter of megabytes for each of its readers.
_LONGEST = {"title": 2_000, "abstract": 100_000, "organisation": 1_000}
_LONGEST_LISTS = {"authors": 20_000, "keywords": 1_000, "categories": 1_000}
_LONGEST_IN_LIST = 1_000


def oversize(paper: Paper) -> str | None:
    """Return in what a paper is too long to be one, for people; None when it is not."""
    for name, most in _LONGEST.items():
        if len(getattr(paper, name) or "") > most:
            return f"{name} of more than {most:,} characters"
    for name, most in _LONGEST_LISTS.items():
        listed = getattr(paper, name)
        if len(listed) > most:
            return f"more than {most:,} {name}"
        if listed and max(map(len, listed)) > _LONGEST_IN_LIST:
            return f"{name}: one of more than {_LONGEST_IN_LIST:,} characters"
    return None


@dataclass(frozen=True, slots=True)
class Rejected:
    """What a digest file says that could not be used: where it stands and why.

    A rejected "record" brought no paper. Of a rejected "link" or "date" only that was dropped: the
    record it stands in was kept. A rejected "identity" is a doubt about which paper a record
    speaks of: the record was kept as well.
    """

    position: str
    reason: str
    kind: Literal["record", "link", "date", "identity"] = "record"


# Nobody reads more of one file, and a hostile one holds millions.
REJECTS_LISTED = 1_000


@dataclass(slots=True)
class Rejects:
    """What of a digest file could not be used: the first REJECTS_LISTED, and how many more.

    `unlisted` counts those beyond, of which nothing else is kept.
    """

    listed: list[Rejected] = field(default_factory=list)
    unlisted: int = 0

    @property
    def total(self) -> int:
        """How many there are, listed or not."""
        return len(self.listed) + self.unlisted

    def add(self, rejected: Iterable[Rejected]) -> None:
        """List these as far as there is room; count the rest."""
        for one in rejected:
            if len(self.listed) < REJECTS_LISTED:
                self.listed.append(one)
            else:
                self.unlisted += 1


class Papers(Protocol):
    """The papers of an edition, in its own order, which need not all be in memory."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Paper]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """What one digest file says: its papers in its own order, and its rejects.

    `unlisted` counts the rejects beyond those in `rejected`. `date` is None where the file itself
    does not tell it.
    """

    format: str
    papers: Papers
    rejected: tuple[Rejected, ...] = ()
    unlisted: int = 0
    # In quotes, because by now the name means the field and no longer the type.
    date: "date | None" = None


class UnreadableFile(Exception):
    """A digest file that cannot be read at all; its text is the reason, for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def short_authors(authors: Sequence[str]) -> str:
    """Return the authors' line of a card: all of up to three, else the first two and the last."""
    if len(authors) <= 3:
        return ", ".join(authors)
    return f"{authors[0]}, {authors[1]}, … {authors[-1]} ({len(authors)} authors)"
