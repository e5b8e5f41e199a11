"""Letters bound from the parts a delivery names, one for each reader."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TypeVar

from service.domain.deliveries import Claim, Kind
from service.domain.expression import Expression
from service.domain.links import Purpose, sign, web_name
from service.domain.papers import Paper
from service.domain.selection import Picked
from service.domain.timetable import local_date, next_letter, spoken_schedule
from service.domain.topics import parse
from service.mail.headers import address_value, envelope_sender
from service.mail.house import House
from service.mail.letter import (
    Because,
    Card,
    Contents,
    Entry,
    Frame,
    Personal,
    Shown,
    join,
    show,
)
from service.mail.sender import Parcel
from service.matching.index import PaperIndex
from service.matching.stems import Stems

UNDO_WITHIN = timedelta(days=30)
_PARTS_AT_HAND = 20_000
_SHOWN_AT_HAND = 8_000

AnyPart = TypeVar("AnyPart", Frame, Card, Because)


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
        self._marks = _Marks()

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
        frame = self._part(Frame, selection.frame)
        alone = len(selection.cards) == 1
        contents = Contents(
            [self._entry(picked, selection.frame, alone) for picked in selection.cards],
            [self._listed(picked) for picked in selection.also],
            [self._part(Card, part) for part in selection.trending],
        )
        return join(frame, contents, self._personal(claim))

    def _entry(self, picked: Picked, frame_id: int, alone: bool) -> Entry:
        card = self._part(Card, picked.part)
        reasons = [self._part(Because, name) for name in picked.names]
        # Of an author followed no word is marked, but of the first topic.
        topic = next((n for n, reason in enumerate(reasons) if reason.is_topic), None)
        key = (frame_id, picked.part, 0 if topic is None else picked.names[topic], alone)
        shown = self._marks.known.get(key)
        if shown is None:
            terms = () if topic is None else self._marks.terms(card, reasons[topic])
            pieces = self._part(Frame, frame_id).pieces
            shown = self._marks.keep(key, show(card, terms, pieces, alone=alone))
        return Entry(card, reasons, shown)

    def _listed(self, picked: Picked) -> Entry:
        return Entry(
            self._part(Card, picked.part), [self._part(Because, name) for name in picked.names]
        )

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
            web=f"{base_url}/d/{web_name(self._key, claim.delivery_id)}",
            schedule=spoken_schedule(wanted.timezone, wanted.send_at),
            asked_on=claim.asked_at and local_date(claim.asked_at, wanted.timezone),
            next_on=next_letter(claim.local_date),
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


class _Marks:
    """The words of papers that topics found, and the cards that show them, while at hand."""

    def __init__(self) -> None:
        self.known: dict[tuple[int, int, int, bool], Shown] = {}
        self._stems = Stems()
        self._indexed: dict[str, PaperIndex] = {}
        self._sought: dict[str, Expression] = {}

    def terms(self, card: Card, because: Because) -> list[list[str]]:
        """Return the terms of a topic that a card's paper has, each in the forms it has there."""
        said = card.said
        index = self._indexed.get(said.key)
        if index is None:
            paper = Paper(title=said.title, abstract=said.abstract)
            index = self._indexed[said.key] = PaperIndex([paper], self._stems)
        sought = self._sought.get(because.query)
        if sought is None:
            sought = self._sought[because.query] = parse(because.query).expression
        return index.terms(sought, 0)

    def keep(self, key: tuple[int, int, int, bool], shown: Shown) -> Shown:
        """Keep a card as it is shown; when they are too many, begin anew with all of them."""
        if len(self.known) >= _SHOWN_AT_HAND:
            self._stems.close()
            self.__init__()  # type: ignore[misc]
        self.known[key] = shown
        return shown
