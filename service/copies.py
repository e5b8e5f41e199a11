"""The web copy of a digest: what one letter said, for whoever has its address.

It is made from what the delivery names: its parts, and the papers as they are known now. It holds
nothing of the reader but the words of their topics.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from service.domain.links import BadLink, delivery_of
from service.domain.marking import marks
from service.domain.papers import Paper, short_authors
from service.domain.ranking import Levels
from service.domain.selection import Picked, Selection, unpack_catalogue
from service.domain.topics import parse
from service.installation import Installation
from service.mail.card import Because, Card
from service.mail.wording import summary
from service.matching.index import PaperIndex
from service.store import digests, papers, parts, wanted
from service.store.papers import StoredPaper

# A piece of text, and whether a topic found it.
Piece = tuple[str, bool]


@dataclass(frozen=True, slots=True)
class Copied:
    """A paper of a web copy, with the topics it is there for; `title` and `abstract` in pieces."""

    key: str
    paper: Paper
    topics: tuple[str, ...]
    title: tuple[Piece, ...]
    abstract: tuple[Piece, ...]

    @property
    def authors(self) -> str:
        """The authors in one line, as a card has them."""
        return short_authors(self.paper.authors)


@dataclass(frozen=True, slots=True)
class WebCopy:
    """A digest on the web: what its letter showed, listed, and had no room for.

    `weekly` says that it was a week's letter; `gone` counts the papers that are not here any more.
    """

    day: date
    weekly: bool
    summary: str
    cards: tuple[Copied, ...]
    also: tuple[Copied, ...]
    trending: tuple[Copied, ...]
    gone: int

    @property
    def papers(self) -> tuple[Paper, ...]:
        """All its papers, in order."""
        return tuple(copied.paper for copied in (*self.cards, *self.also, *self.trending))


def web_copy(installation: Installation, name: str) -> WebCopy | None:
    """Return the digest of that name; None where it is kept no longer. Raises BadLink."""
    delivery_id = delivery_of(installation.keys, name)
    with installation.database.read() as connection:
        digest = digests.by_id(connection, delivery_id)
        if digest is None:
            raise BadLink("there is no such digest, or its reader was erased")
        cadence = wanted.cadence_of(connection, digest.preference_id)
        return _copied(connection, digest.local_date, cadence.weekly, digest.selection)


def _copied(
    connection: Connection, day: date, weekly: bool, selection: Selection
) -> WebCopy | None:
    unlisted = selection.unlisted
    needed = {*selection.part_ids(), *([unlisted.catalogue] if unlisted else [])}
    bodies = parts.bodies_of(connection, needed)
    if not needed <= bodies.keys():
        return None
    because = {
        name: Because.unpack(bodies[name])
        for _, names in (*selection.cards, *selection.also)
        for name in names
    }
    cards = [_named(connection, bodies, picked, because) for picked in selection.cards]
    also = [_named(connection, bodies, picked, because) for picked in selection.also]
    trending = [_named(connection, bodies, (part, ()), because) for part in selection.trending]
    rest: list[tuple[StoredPaper | None, Sequence[Because]]] = []
    if unlisted is not None:
        catalogue = unpack_catalogue(bodies[unlisted.catalogue])
        ids = [paper_id for place, paper_id in enumerate(catalogue) if unlisted.places >> place & 1]
        stored = papers.by_ids(connection, ids)
        rest = [(stored.get(paper_id), ()) for paper_id in ids]
    everything = [*cards, *also, *rest, *trending]
    here = [found.paper for found, _ in everything if found is not None]
    with PaperIndex(here) as index:
        marker = _Marker(index, here, because.values())
        shown = [marker.copied(found, reasons) for found, reasons in (*cards, *also)]
        shown += [marker.copied(found, marker.reasons(found)) for found, _ in rest]
        outside = [marker.copied(found, ()) for found, _ in trending]
    return WebCopy(
        day,
        weekly,
        summary(len(cards), selection.topics, selection.matched, weekly=weekly),
        _here(shown[: len(cards)]),
        _here(shown[len(cards) :]),
        _here(outside),
        len(everything) - len(here),
    )


def _named(
    connection: Connection,
    bodies: Mapping[int, bytes],
    picked: Picked,
    because: Mapping[int, Because],
) -> tuple[StoredPaper | None, Sequence[Because]]:
    part, names = picked
    key = Card.unpack(bodies[part]).said.key
    return papers.by_key(connection, key), [because[name] for name in names]


def _here(copied: Iterable[Copied | None]) -> tuple[Copied, ...]:
    return tuple(each for each in copied if each is not None)


class _Marker:
    """Marks in each paper what the first of its topics found there."""

    def __init__(
        self, index: PaperIndex, here: Sequence[Paper], reasons: Iterable[Because]
    ) -> None:
        self._index = index
        self._numbers = {id(paper): number for number, paper in enumerate(here)}
        self._topics: list[tuple[Because, Levels]] = [
            (topic, index.run(parse(topic.query).expression)) for topic in reasons if topic.is_topic
        ]

    def reasons(self, found: StoredPaper | None) -> Sequence[Because]:
        """Return the topics that find a paper, those it is most about first."""
        if found is None:
            return ()
        number = self._numbers[id(found.paper)]
        reached = [
            (sum(level >> number & 1 for level in levels), topic) for topic, levels in self._topics
        ]
        reached.sort(key=lambda pair: -pair[0])
        return [topic for tier, topic in reached if tier]

    def copied(self, found: StoredPaper | None, reasons: Sequence[Because]) -> Copied | None:
        """Return a paper as the copy shows it."""
        if found is None:
            return None
        paper, phrases = found.paper, list[str]()
        # Of an author followed no word is marked, but of the first topic.
        topic = next((reason for reason in reasons if reason.is_topic), None)
        if topic is not None:
            sought = parse(topic.query).expression
            terms = self._index.terms(sought, self._numbers[id(paper)])
            phrases = [form for forms in terms for form in forms]
        return Copied(
            found.key,
            paper,
            tuple(because.label for because in reasons),
            _pieces(paper.title, phrases),
            _pieces(paper.abstract, phrases),
        )


def _pieces(text: str, phrases: Sequence[str]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    end = 0
    for start, stop in marks(text, phrases):
        pieces += ((text[end:start], False), (text[start:stop], True))
        end = stop
    return (*pieces, (text[end:], False))
