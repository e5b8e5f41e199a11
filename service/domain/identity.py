"""How a paper is recognised: the names it answers to, and what tells two papers apart."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from service.domain.papers import Paper
from service.domain.text import fold

# Year and month, then a number; before April 2007 an archive, then year, month and number.
_ARXIV = (
    r"([0-9]{2}(?:0[1-9]|1[0-2])\.[0-9]{4,5}|[a-z]+(?:-[a-z]+)?(?:\.[a-z]{2})?/[0-9]{7})"
    r"(?:v([1-9][0-9]{0,2}))?"
)
_ARXIV_ID = re.compile(rf"(?:arxiv:|oai:arxiv\.org:|10\.48550/arxiv\.)?{_ARXIV}", re.IGNORECASE)
_ARXIV_URL = re.compile(
    r"https?://(?:(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html|format|src|e-print)"
    r"|(?:www\.)?huggingface\.co/papers|(?:www\.)?alphaxiv\.org/(?:abs|pdf)"
    rf"|(?:dx\.)?doi\.org/10\.48550/arxiv\.)[/.]?{_ARXIV}(?:\.pdf)?/?(?:[?#].*)?",
    re.IGNORECASE,
)
_DOI = re.compile(
    r"(?:doi:\s*|https?://(?:dx\.)?doi\.org/)?(10\.[0-9]{4,9}(?:\.[0-9]+)*/[!-~]+)", re.IGNORECASE
)
_OPENREVIEW = re.compile(
    r"(?:https?://openreview\.net/(?:forum|pdf|attachment)\?(?:[^#]*&)?id=)?"
    r"([A-Za-z0-9_-]{8,14})(?:[&#].*)?"
)


def arxiv_id(text: str) -> str | None:
    """Return the arXiv id that `text` is or links to, without its version; None when it is none."""
    found = _arxiv(text)
    return found[1] if found else None


def arxiv_version(text: str) -> int | None:
    """Return the version that an arXiv id or link names, or None."""
    found = _arxiv(text)
    return int(found[2]) if found and found[2] else None


def doi(text: str) -> str | None:
    """Return the DOI that `text` is or links to, in lower case; None when it is none.

    The DOIs that arXiv gives its own papers name what their arXiv id names, and are none here.
    """
    found = _DOI.fullmatch(unquote(text.strip()))
    if found is None:
        return None
    name = found[1].rstrip(".,;").lower()
    return None if name.startswith("10.48550/arxiv.") else name


def openreview_id(text: str) -> str | None:
    """Return the OpenReview id that `text` is or links to, or None when it is none."""
    found = _OPENREVIEW.fullmatch(text.strip())
    return found[1] if found else None


def identities(paper: Paper) -> tuple[str, ...]:
    """Return the names a paper answers to, strongest first; the last is always its title."""
    names: list[str] = []
    if paper.arxiv_id:
        archive, slash, number = paper.arxiv_id.lower().rpartition("/")
        # The subject class was never part of what tells two papers of an archive apart.
        names.append(f"arxiv:{archive.partition('.')[0]}{slash}{number}")
    if paper.doi:
        names.append(f"doi:{paper.doi.lower()}")
    if paper.openreview_id:
        names.append(f"openreview:{paper.openreview_id}")
    return (*names, title_identity(paper.title))


def title_identity(title: str) -> str:
    """Return the identity of a title: blind to case, accents, width, punctuation and spacing."""
    if title.isascii():
        letters = title.lower().translate(_ASCII_NOT_LETTERS)
    else:
        letters = _NOT_LETTERS.sub("", unicodedata.normalize("NFKD", title).casefold())
    # A title of symbols alone would otherwise equal every other such title.
    return "title:" + hashlib.sha256((letters or title.strip()).encode()).hexdigest()[:24]


_NOT_LETTERS = re.compile(r"[\W_]+")
_ASCII_NOT_LETTERS = {code: None for code in range(128) if not chr(code).isalnum()}


@dataclass(frozen=True, slots=True)
class Known:
    """A stored paper, as far as recognition needs it."""

    paper_id: int
    identities: frozenset[str]
    authors: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a record is among the stored papers.

    `same` are the stored papers that it is, the best known first: none where it is new, several
    where it shows that they are one. `namesakes` share a name with it and are others.
    """

    same: tuple[int, ...]
    namesakes: tuple[int, ...] = ()


def recognise(names: Sequence[str], authors: Sequence[str], known: Iterable[Known]) -> Recognition:
    """Tell which of the stored papers a paper is that has those `identities` and authors.

    An identifier decides before the title does. A shared title makes two records one paper
    unless identifiers of the same kind differ, or neither's first author is among the other's.
    """
    strong = names[:-1]
    ours = _Facts(set(names), [authors])
    near = [candidate for candidate in known if not ours.names.isdisjoint(candidate.identities)]
    if not near:
        return Recognition(())

    def strength(candidate: Known) -> tuple[int, int]:
        shared = (place for place, name in enumerate(strong) if name in candidate.identities)
        return next(shared, len(strong)), candidate.paper_id

    same: list[int] = []
    namesakes: list[int] = []
    for candidate in sorted(near, key=strength):
        by_title = strength(candidate)[0] == len(strong)
        if ours.contradicted_by(candidate, by_title=by_title or bool(same)) and (same or by_title):
            namesakes.append(candidate.paper_id)
        else:
            same.append(candidate.paper_id)
            ours.add(candidate)
    return Recognition(tuple(same), tuple(namesakes))


@dataclass(slots=True)
class _Facts:
    """All that is known of one work: its names, and the authors each record gives."""

    names: set[str]
    authors: list[Sequence[str]] = field(default_factory=list)

    def add(self, known: Known) -> None:
        self.names |= known.identities
        self.authors.append(known.authors)

    def contradicted_by(self, known: Known, *, by_title: bool) -> bool:
        if _differ(self.names, known.identities):
            return True
        return by_title and any(_strangers(authors, known.authors) for authors in self.authors)


def _differ(ours: Iterable[str], theirs: Iterable[str]) -> bool:
    """Tell whether both have identifiers of one kind and share none of it."""
    mine, others = _by_kind(ours), _by_kind(theirs)
    return any(names.isdisjoint(others[kind]) for kind, names in mine.items() if kind in others)


def _by_kind(names: Iterable[str]) -> dict[str, set[str]]:
    kinds: dict[str, set[str]] = {}
    for name in names:
        kind = name.partition(":")[0]
        if kind != "title":
            kinds.setdefault(kind, set()).add(name)
    return kinds


def _strangers(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Tell whether the first author of neither is, by any word of the name, among the other's."""
    if not ours or not theirs:
        return False
    first, other_first = _words(ours[:1]), _words(theirs[:1])
    if not first or not other_first:
        return False
    return first.isdisjoint(_words(theirs)) and other_first.isdisjoint(_words(ours))


def _words(names: Sequence[str]) -> set[str]:
    # Initials say nothing: half of all authors share one.
    return {word for name in names for word in fold(name).split() if len(word) > 1}


def _arxiv(text: str) -> re.Match[str] | None:
    written = text.strip()
    return _ARXIV_ID.fullmatch(written) or _ARXIV_URL.fullmatch(written)
