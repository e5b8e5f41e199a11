"""Letters bound from the parts a delivery names, one for each reader."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from service.at_hand import AtHand
from service.domain.deliveries import Claim, Kind
from service.domain.keys import Key
from service.domain.links import LIVES, Purpose, sign, web_name
from service.domain.selection import Picked
from service.domain.timetable import local_date, next_letter, spoken_schedule
from service.mail.dkim import Signer
from service.mail.headers import envelope_sender, recipient_value
from service.mail.house import House
from service.mail.letter import (
    Because,
    Card,
    Contents,
    Entry,
    Frame,
    Listed,
    Personal,
    Reasons,
    Shown,
    join,
    show,
)
from service.mail.smtp import Parcel
from service.marks import Marks

_UNDO_LIVES = LIVES[Purpose.UNDO] or timedelta.max
_PURPOSES = {
    Kind.DIGEST: Purpose.PREFERENCES,
    Kind.CONFIRM: Purpose.CONFIRM,
    Kind.GOODBYE: Purpose.UNDO,
    Kind.PREFERENCES: Purpose.PREFERENCES,
    Kind.ACCOUNT: Purpose.ACCOUNT,
    Kind.ADDRESS: Purpose.ADDRESS,
}
# What most letters of an hour have in common: up to 4 KB a card, and 1 KB of all else.
_FRAMES_AT_HAND = 8
_CARDS_AT_HAND = 1_000
_NAMES_AT_HAND = 8_000
_REASONS_AT_HAND = 6_000
_SHOWN_AT_HAND = 4_000

# A card as a letter shows it: the part ids of frame, card and topic (0: none), whether the letter
# has no other card, and whether the card came for nothing else.
Sought = tuple[int, int, int, bool, bool]


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
        self._beside = ThreadPoolExecutor(1, "signing")
        self._key_at = key_at
        self._load = load
        self._batch: Sequence[Claim] = ()
        self._bodies: Mapping[int, bytes] = {}
        self._frames: AtHand[int, Frame] = AtHand(
            _FRAMES_AT_HAND, lambda part: Frame.unpack(self._body(part))
        )
        self._cards: AtHand[int, Card] = AtHand(
            _CARDS_AT_HAND, lambda part: Card.unpack(self._body(part))
        )
        self._names: AtHand[int, Because] = AtHand(
            _NAMES_AT_HAND, lambda part: Because.unpack(self._body(part))
        )
        self._reasons = AtHand(_REASONS_AT_HAND, self._reasons_of)
        self._noticed = AtHand(_REASONS_AT_HAND, Reasons.noticed)
        self._shown = AtHand(_SHOWN_AT_HAND, self._show)
        self._marks = Marks(self._cards_of_the_batch)

    def wrap(self, claims: Sequence[Claim]) -> dict[int, Parcel]:
        """Return each claim's letter in its envelope, by delivery id."""
        self._batch = claims
        letters = list(map(self._letter, claims))
        if self._signer is not None:
            letters = self._all_signed(claims, letters)
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

    def _all_signed(self, claims: Sequence[Claim], letters: Sequence[bytes]) -> list[bytes]:
        """Sign one half beside the other: an RSA signature does not hold the interpreter."""
        half = len(claims) // 2

        def some(these: slice) -> list[bytes]:
            return list(map(self._signed, claims[these], letters[these]))

        others = self._beside.submit(some, slice(half))
        ours = some(slice(half, None))
        return others.result() + ours

    def _letter(self, claim: Claim) -> bytes:
        selection, cards, reasons = claim.selection, self._cards, self._reasons
        frame, alone = selection.frame, len(selection.cards) == 1
        trending = [cards[part] for part in selection.trending]
        contents = Contents(
            [self._entry(frame, picked, alone) for picked in selection.cards],
            [Listed(cards[part], reasons[names]) for part, names in selection.also],
            [Listed(card, self._noticed[card.said.upvotes]) for card in trending],
        )
        return join(self._frames[frame], contents, self._personal(claim))

    def _entry(self, frame: int, picked: Picked, alone: bool) -> Entry:
        part, names = picked
        reasons = self._reasons[names]
        # Of an author followed no word is marked, but of the first topic.
        topic = 0 if reasons.first_topic is None else names[reasons.first_topic]
        shown = self._shown[frame, part, topic, alone, len(names) == 1]
        return Entry(self._cards[part], reasons, shown)

    def _show(self, sought: Sought) -> Shown:
        frame, card, topic, alone, only = sought
        if not topic:
            return show(self._cards[card], (), self._frames[frame].pieces, alone=alone)
        return self._marks.shown(
            card, self._cards[card], self._names[topic], self._frames[frame], alone=alone, only=only
        )

    def _reasons_of(self, names: tuple[int, ...]) -> Reasons:
        return Reasons.of([self._names[name] for name in names])

    def _personal(self, claim: Claim) -> Personal:
        slots, base_url, wanted = claim.slots, self._house.base_url, claim.preferences
        key = self._key_at(claim.planned_at)
        links: dict[str, str] = {}
        purpose = _PURPOSES.get(claim.kind)
        made_for = claim.preference_id
        if purpose in (Purpose.PREFERENCES, Purpose.ACCOUNT):
            made_for = claim.subscriber_id
        elif purpose is Purpose.ADDRESS:
            made_for = claim.delivery_id
        if purpose is not None and made_for is not None:
            # Signed as of the planned time, so that a retry carries the very same link.
            token = sign(key, purpose, made_for, claim.planned_at)
            links[purpose] = f"{base_url}/{purpose}/{token}"
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

    def _body(self, part: int) -> bytes:
        if part not in self._bodies:
            self._fetch()
        return self._bodies[part]

    def _fetch(self) -> None:
        """Load what is not at hand of all that the letters being bound need."""
        needed = {part for claim in self._batch for part in claim.selection.part_ids()}
        self._bodies = self._load(
            needed - self._frames.keys() - self._cards.keys() - self._names.keys()
        )

    def _cards_of_the_batch(self) -> dict[int, Card]:
        shown = {part for claim in self._batch for part, _ in claim.selection.cards}
        return {part: self._cards[part] for part in shown}
