"""Letters bound from the parts a delivery names, one for each reader."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar, cast

from service.domain.deliveries import Claim, Kind
from service.domain.expression import Expression
from service.domain.keys import Key
from service.domain.links import LIVES, Purpose, sign, web_name
from service.domain.papers import Paper
from service.domain.selection import Picked
from service.domain.timetable import local_date, next_letter, spoken_schedule
from service.domain.topics import parse
from service.mail.dkim import Signer
from service.mail.headers import envelope_sender, recipient_value
from service.mail.house import House
from service.mail.letter import (
    Because,
    Card,
    Contents,
    Entry,
    Frame,
    Personal,
    Reasons,
    Shown,
    join,
    show,
)
from service.mail.smtp import Parcel
from service.matching.index import PaperIndex
from service.matching.stems import Stems

_UNDO_LIVES = LIVES[Purpose.UNDO] or timedelta.max
_PURPOSES = {
    Kind.DIGEST: Purpose.PREFERENCES,
    Kind.CONFIRM: Purpose.CONFIRM,
    Kind.GOODBYE: Purpose.UNDO,
    Kind.PREFERENCES: Purpose.PREFERENCES,
    Kind.ACCOUNT: Purpose.ACCOUNT,
    Kind.ADDRESS: Purpose.ADDRESS,
}
_SIGNING_THREADS = 2
_PARTS_AT_HAND = 20_000
_REASONS_AT_HAND = 3_000
_SHOWN_AT_HAND = 4_000

AnyPart = TypeVar("AnyPart", Frame, Card, Because)


class Binder:
    """Binds a claim's parts to a letter: the same claim always gives the same bytes.

    `load` returns the bodies of parts by id; those at hand are not loaded again. `signer` signs
    what is bound, in the name of the house's domain. `key_at` gives the key that signs the links
    of letters planned at a moment, the same at every try.
    """

    def __init__(
        self,
        house: House,
        signer: Signer | None,
        key_at: Callable[[datetime], Key],
        load: Callable[[Iterable[int]], Mapping[int, bytes]],
    ) -> None:
        self._house = house
        self._sender = house.address
        self._signer = signer
        self._key_at = key_at
        self._load = load
        self._batch: Sequence[Claim] = ()
        self._bodies: dict[int, bytes] = {}
        self._unpacked: dict[int, Frame | Card | Because] = {}
        self._named: dict[tuple[int, ...], Reasons] = {}
        self._noticed_by: dict[str, Reasons] = {}
        self._marks = _Marks()

    def wrap(self, claims: Sequence[Claim]) -> dict[int, Parcel]:
        """Return each claim's letter in its envelope, by delivery id."""
        self._batch = claims
        bound = map(self._letter, claims)
        if self._signer is not None:
            # An RSA signature costs ten times the rest and does not hold the interpreter: one
            # letter is signed beside another, while the next are bound.
            with ThreadPoolExecutor(_SIGNING_THREADS) as threads:
                letters = list(threads.map(self._signed, claims, bound))
        else:
            letters = list(bound)
        return {
            claim.delivery_id: Parcel(
                envelope_sender(claim.token, self._sender),
                recipient_value(claim.recipient),
                letter,
            )
            for claim, letter in zip(claims, letters, strict=True)
        }

    def bind(self, claim: Claim) -> bytes:
        """Return the whole message of a claim, signed if letters are."""
        self._batch = (claim,)
        return self._signed(claim, self._letter(claim))

    def _signed(self, claim: Claim, letter: bytes) -> bytes:
        return self._signer.signed(letter, claim.planned_at) if self._signer else letter

    def _letter(self, claim: Claim) -> bytes:
        selection = claim.selection
        frame = self._part(Frame, selection.frame)
        alone = len(selection.cards) == 1
        contents = Contents(
            [self._entry(frame, selection.frame, picked, alone) for picked in selection.cards],
            self._listed(selection.also),
            [self._noticed(part) for part in selection.trending],
        )
        return join(frame, contents, self._personal(claim))

    def _entry(self, frame: Frame, frame_id: int, picked: Picked, alone: bool) -> Entry:
        card, reasons = self._part(Card, picked.part), self._reasons(picked.names)
        # Of an author followed no word is marked, but of the first topic.
        topic = 0 if reasons.first_topic is None else picked.names[reasons.first_topic]
        because = self._part(Because, topic) if topic else None
        key = _ShownKey(frame_id, picked.part, topic, alone, len(picked.names) == 1)
        shown = self._marks.shown(key, frame, card, because)
        return Entry(card, reasons, shown)

    def _listed(self, some: Sequence[Picked]) -> list[Entry]:
        named, at_hand = self._named.get, self._unpacked.get
        # There are many in each letter: most are found without a call.
        return [
            Entry(
                cast(Card | None, at_hand(part)) or self._part(Card, part),
                named(names) or self._reasons(names),
            )
            for part, names in some
        ]

    def _noticed(self, part: int) -> Entry:
        card = self._part(Card, part)
        reasons = self._noticed_by.get(card.said.upvotes)
        if reasons is None:
            reasons = Reasons.noticed(card.said.upvotes)
            self._noticed_by[card.said.upvotes] = reasons
        return Entry(card, reasons)

    def _reasons(self, names: tuple[int, ...]) -> Reasons:
        reasons = self._named.get(names)
        if reasons is None:
            if len(self._named) >= _REASONS_AT_HAND:
                self._named.clear()
            reasons = Reasons.of([self._part(Because, name) for name in names])
            self._named[names] = reasons
        return reasons

    def _personal(self, claim: Claim) -> Personal:
        slots, base_url, wanted = claim.slots, self._house.base_url, claim.preferences
        key = self._key_at(claim.planned_at)
        links = {}
        purpose = _PURPOSES.get(claim.kind)
        made_for = claim.preference_id
        if purpose in (Purpose.PREFERENCES, Purpose.ACCOUNT):
            made_for = claim.subscriber_id
        elif purpose is Purpose.ADDRESS:
            made_for = claim.delivery_id
        if purpose is not None and made_for is not None:
            # Signed as of the planned time, so that a retry carries the very same link.
            token = sign(key, purpose, made_for, claim.planned_at)
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
            subject_prefix=slots.get("subject_prefix", ""),
            web=f"{base_url}/d/{web_name(key, claim.delivery_id)}",
            schedule=spoken_schedule(wanted.timezone, wanted.send_at, wanted.cadence),
            cadence=wanted.cadence,
            asked_on=claim.asked_at and local_date(claim.asked_at, wanted.timezone),
            next_on=next_letter(claim.local_date, wanted.cadence),
            asked_for=tuple(slots.get("asked_for", "").splitlines()),
            links=links,
            undo_until=(claim.planned_at + _UNDO_LIVES).date(),
            elsewhere=slots.get("elsewhere", ""),
        )

    def _part(self, kind: type[AnyPart], part_id: int) -> AnyPart:
        part = self._unpacked.get(part_id)
        if part is None:
            if part_id not in self._bodies:
                self._fetch()
            part = self._unpacked[part_id] = kind.unpack(self._bodies.pop(part_id))
        assert isinstance(part, kind)
        return part

    def _fetch(self) -> None:
        """Load what is not at hand of all that the letters being bound need."""
        needed = {part for claim in self._batch for part in claim.selection.part_ids()}
        if len(self._unpacked) + len(needed) > _PARTS_AT_HAND:
            self._bodies.clear()
            self._unpacked.clear()
        self._bodies |= self._load(needed - self._bodies.keys() - self._unpacked.keys())


class _ShownKey(NamedTuple):
    """Part ids of frame, card and because (0: none), whether the letter has no other card, and
    whether the card came for no other reason.
    """

    frame: int
    card: int
    because: int
    alone: bool
    only: bool


class _Marks:
    """Cards with the words marked that topics found there, while at hand."""

    def __init__(self) -> None:
        self._stems = Stems()
        self._shown: dict[_ShownKey, Shown] = {}
        self._indexed: dict[int, PaperIndex] = {}
        self._sought: dict[str, Expression] = {}

    def shown(self, key: _ShownKey, frame: Frame, card: Card, because: Because | None) -> Shown:
        """Return a card as it is shown for a topic, or for none."""
        shown = self._shown.get(key)
        if shown is None:
            if len(self._shown) >= _SHOWN_AT_HAND:
                self._forget()
            shown = self._shown[key] = self._show(key, frame, card, because)
        return shown

    def _show(self, key: _ShownKey, frame: Frame, card: Card, because: Because | None) -> Shown:
        if because is None:
            return show(card, (), frame.pieces, alone=key.alone)
        index = self._indexed.get(key.card)
        if index is None:
            paper = Paper(title=card.said.title, abstract=card.said.abstract)
            index = self._indexed[key.card] = PaperIndex([paper], self._stems)
        sought = self._sought.get(because.query)
        if sought is None:
            sought = self._sought[because.query] = parse(because.query).expression
        otherwise = index.spelled_otherwise(sought, 0) if key.only else None
        return show(
            card,
            index.terms(sought, 0),
            frame.pieces,
            alone=key.alone,
            instead=(because.label, otherwise) if otherwise else None,
        )

    def _forget(self) -> None:
        # All at once: an index keeps what it looked up, and the stems every word.
        self._stems.close()
        self._stems = Stems()
        self._shown.clear()
        self._indexed.clear()
        self._sought.clear()
