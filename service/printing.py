"""Letters in two steps: parts are printed once, and bound to a letter for each reader."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TypeVar

from service.domain.deliveries import Claim, Kind
from service.domain.digests import Digest, mask_of
from service.domain.links import Purpose, sign
from service.domain.papers import Paper
from service.domain.ranking import Levels
from service.domain.selection import pack_ids, packed_number
from service.domain.timetable import local_date, spoken_schedule
from service.mail.headers import address_value, envelope_sender
from service.mail.house import House
from service.mail.letter import Because, Card, Frame, Letters, Personal, join
from service.mail.sender import Parcel

UNDO_WITHIN = timedelta(days=30)
_PARTS_AT_HAND = 20_000

Thing = TypeVar("Thing", int, str)
AnyPart = TypeVar("AnyPart", Frame, Card, Because)


class Press:
    """Prints the parts that letters need, each once, and packs which of them a letter takes.

    `keep` stores bodies and returns their ids; `papers` are the key and the paper of each place.
    """

    def __init__(
        self,
        letters: Letters,
        keep: Callable[[Sequence[bytes]], Sequence[int]],
        papers: Sequence[tuple[str, Paper]],
        *,
        year: int,
    ) -> None:
        self._letters = letters
        self._keep = keep
        self._papers = papers
        self._year = year
        self._cards: dict[int, bytes] = {}
        self._names: dict[str, bytes] = {}
        self._authors: dict[str, bytes] = {}
        self._frame: int | None = None

    def print(
        self,
        digests: Sequence[tuple[Sequence[tuple[int, str]], Sequence[str], Digest]],
        levels_of: Callable[[int], Levels],
        papers_by: Callable[[str], int],
    ) -> list[bytes]:
        """Return each digest as a packed selection, printing the parts that do not exist yet.

        A digest comes with its reader's topics, by id and words, and the authors they follow;
        `levels_of` gives the places that match a topic, `papers_by` the set of those by an author.
        A card names authors first, and then the topics it is most about.
        """
        if not digests:
            return []
        if self._frame is None:
            (self._frame,) = self._keep([self._letters.frame("digest")])
        labels = {shown for topics, _, _ in digests for _, shown in topics}
        places = {place for _, _, digest in digests for place in digest.chosen}
        shown_papers = mask_of(places)
        authors = {
            author
            for _, follows, _ in digests
            for author in follows
            if papers_by(author) & shown_papers
        }
        self._store(self._names, labels, self._letters.because)
        self._store(self._authors, authors, self._letters.because_followed)
        self._store(self._cards, places, self._card)
        cards, names, frame = self._cards, self._names, self._frame
        packed = []
        for topics, follows, digest in digests:
            named = [(levels_of(topic_id), names[shown]) for topic_id, shown in topics]
            if follows:
                followed = [
                    (papers_by(author), self._authors[author])
                    for author in follows
                    if author in authors
                ]
                picked = [
                    (
                        cards[place],
                        [name for papers, name in followed if papers >> place & 1]
                        + _found_by(named, place),
                    )
                    for place in digest.chosen
                ]
            elif len(named) == 1:
                only = [name for _, name in named]
                picked = [(cards[place], only) for place in digest.chosen]
            else:
                picked = [(cards[place], _found_by(named, place)) for place in digest.chosen]
            packed.append(pack_ids(frame, picked, topics=len(topics), matched=digest.matched))
        return packed

    def _card(self, place: int) -> bytes:
        key, paper = self._papers[place]
        return self._letters.card(paper, key, self._year)

    def _store(
        self, ids: dict[Thing, bytes], wanted: set[Thing], render: Callable[[Thing], bytes]
    ) -> None:
        new = sorted(wanted - ids.keys())
        if new:
            kept = self._keep([render(thing) for thing in new])
            ids.update(zip(new, map(packed_number, kept), strict=True))


def _found_by(topics: Sequence[tuple[Levels, bytes]], place: int) -> list[bytes]:
    found = [topic for topic in topics if topic[0][0] >> place & 1]
    if len(found) > 1:
        # The sets of the tiers are nested: the more hold a paper, the higher its tier.
        found.sort(key=lambda topic: -sum(tier >> place & 1 for tier in topic[0]))
    return [name for _, name in found]


class Binder:
    """Binds a claim's parts to a letter: the same claim always gives the same bytes.

    `load` returns the bodies of parts by id; those at hand are not loaded again.
    """

    def __init__(
        self, house: House, key: bytes, load: Callable[[Iterable[int]], Mapping[int, bytes]]
    ) -> None:
        self._house = house
        self._key = key
        self._load = load
        self._bodies: dict[int, bytes] = {}
        self._unpacked: dict[int, Frame | Card | Because] = {}

    def wrap(self, claims: Sequence[Claim]) -> dict[int, Parcel]:
        """Return each claim's letter in its envelope, by delivery id."""
        self._fetch({part for claim in claims for part in claim.selection.part_ids()})
        return {
            claim.delivery_id: Parcel(
                envelope_sender(claim.token, self._house.address),
                address_value(claim.recipient),
                self.bind(claim),
            )
            for claim in claims
        }

    def bind(self, claim: Claim) -> bytes:
        """Return the whole message of a claim."""
        selection = claim.selection
        self._fetch(set(selection.part_ids()))
        cards = [
            (
                self._part(Card, picked.card),
                [self._part(Because, name) for name in picked.names],
            )
            for picked in selection.cards
        ]
        return join(self._part(Frame, selection.frame), cards, self._personal(claim))

    def _personal(self, claim: Claim) -> Personal:
        slots, base_url, wanted = claim.slots, self._house.base_url, claim.preferences
        links = {}
        if claim.kind is not Kind.DIGEST and claim.preference_id is not None:
            # Signed as of the planned time, so that a retry carries the very same link.
            purpose = Purpose.CONFIRM if claim.kind is Kind.CONFIRM else Purpose.UNDO
            token = sign(self._key, purpose, claim.preference_id, claim.planned_at)
            links[purpose.value] = f"{base_url}/{purpose}/{token}"
        return Personal(
            recipient=claim.recipient,
            token=claim.token,
            planned_at=claim.planned_at,
            local_date=claim.local_date,
            local_hour=wanted.send_at.hour,
            name=wanted.name,
            topics=claim.selection.topics,
            matched=claim.selection.matched,
            unsubscribe=f"{base_url}/u/{claim.unsubscribe_token}",
            schedule=spoken_schedule(wanted.timezone, wanted.send_at),
            asked_on=claim.asked_at and local_date(claim.asked_at, wanted.timezone),
            asked_for=tuple(slots.get("asked_for", "").splitlines()),
            links=links,
            undo_until=(claim.planned_at + UNDO_WITHIN).date(),
        )

    def _fetch(self, part_ids: set[int]) -> None:
        missing = part_ids - self._bodies.keys()
        if not missing:
            return
        if len(self._bodies) + len(missing) > _PARTS_AT_HAND:
            self._bodies.clear()
            self._unpacked.clear()
            missing = part_ids
        self._bodies |= self._load(missing)

    def _part(self, kind: type[AnyPart], part_id: int) -> AnyPart:
        part = self._unpacked.get(part_id)
        if part is None:
            part = self._unpacked[part_id] = kind.unpack(self._bodies[part_id])
        assert isinstance(part, kind)
        return part
