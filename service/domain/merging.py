"""What is known of a paper once several records have spoken of it, in whatever order."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from service.domain.papers import Original, Paper

_COUNTS = ("upvotes", "comments", "stars")
_ASIDE = ("version", "original")
_FACTS = tuple(
    name
    for name in (field.name for field in dataclasses.fields(Paper))
    if name not in (*_COUNTS, *_ASIDE)
)
_TEXTS = tuple(field.name for field in dataclasses.fields(Original))
_NOTHING = (None, "", ())


@dataclass(frozen=True, slots=True)
class Account:
    """A paper, and the rank of the record that each of its facts is from.

    `told` holds ranks by the name of a field; fields it leaves out have the title's.
    """

    paper: Paper
    told: Mapping[str, str]

    def rank(self, fact: str) -> str:
        """Return the rank of the record that a fact is from."""
        return self.told.get(fact) or self.told["title"]


def age(edition_date: date | None, written: datetime, sha256: str) -> str:
    """Return how the records of a file rank: by its edition's date, then by when it was written.

    One without a date stands behind all that have one. The hash decides between equals.
    """
    day = edition_date.isoformat() if edition_date else "0000-00-00"
    moment = written.astimezone(UTC).isoformat(timespec="microseconds")[:26]
    return f"{day} {moment} {sha256[:12]}"


def account(paper: Paper, age: str, place: int) -> Account:
    """Return what one record tells of a paper, at its place in a file of that `age`.

    Records rank by the version of the work they speak of before their age; one that names no
    version stands behind all that do.
    """
    rank = f"v{paper.version or 0:03d} {age} {place:07d}"
    plain = dataclasses.replace(paper, version=None) if paper.version is not None else paper
    return Account(plain, {"title": rank})


def merge(one: Account, other: Account) -> Account:
    """Return what two accounts of one paper tell together.

    Each fact is the one of the highest rank that says anything of it; counts are the highest. So
    the order of merging never matters, and merging again changes nothing.
    """
    facts: dict[str, object] = {}
    ranks: dict[str, str] = {}
    original: dict[str, str | None] = {}
    for name in _FACTS:
        ours, theirs = getattr(one.paper, name), getattr(other.paper, name)
        if ours in _NOTHING and theirs in _NOTHING:
            continue
        from_other = ours in _NOTHING or (
            theirs not in _NOTHING and other.rank(name) > one.rank(name)
        )
        winner = other if from_other else one
        facts[name] = theirs if from_other else ours
        ranks[name] = winner.rank(name)
        if name in _TEXTS and winner.paper.original is not None:
            original[name] = getattr(winner.paper.original, name)
    for name in _COUNTS:
        counts = (getattr(one.paper, name), getattr(other.paper, name))
        facts[name] = max((count for count in counts if count is not None), default=None)
    if any(original.values()):
        facts["original"] = Original(**original)
    told = {name: rank for name, rank in ranks.items() if rank != ranks["title"]}
    return Account(Paper(**facts), {"title": ranks["title"], **told})  # type: ignore[arg-type]
