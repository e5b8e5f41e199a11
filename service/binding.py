"""Letters bound from the parts a delivery names, one for each reader."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time
from functools import lru_cache

from service.domain.deliveries import Claim, Kind
from service.domain.keys import Key
from service.domain.links import Purpose, sign, web_name
from service.domain.timetable import Cadence, local_date, next_letter, spoken_schedule
from service.mail.dkim import Signer
from service.mail.headers import envelope_sender, recipient_value
from service.mail.house import House
from service.mail.letter import join
from service.mail.parts import Parts
from service.mail.personal import LetterDay, Personal
from service.mail.smtp import Parcel
from service.marks import Marks

# What the reader's own link of a kind of letter opens, and whose id it carries.
_LINKS = {
    Kind.DIGEST: (Purpose.PREFERENCES, "subscriber_id"),
    Kind.CONFIRM: (Purpose.CONFIRM, "preference_id"),
    Kind.GOODBYE: (Purpose.UNDO, "preference_id"),
    Kind.PREFERENCES: (Purpose.PREFERENCES, "subscriber_id"),
    Kind.ACCOUNT: (Purpose.ACCOUNT, "subscriber_id"),
    Kind.ADDRESS: (Purpose.ADDRESS, "delivery_id"),
}


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
        self._key_at = lru_cache(maxsize=256)(key_at)
        self._parts = Parts(load, Marks().mention)

    def wrap(self, claims: Sequence[Claim]) -> dict[int, Parcel]:
        """Return each claim's letter in its envelope, by delivery id."""
        self._parts.expect([claim.selection for claim in claims])
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
        self._parts.expect([claim.selection])
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
        return join(self._parts, claim.selection, self._personal(claim))

    def _personal(self, claim: Claim) -> Personal:
        base_url, wanted = self._house.base_url, claim.preferences
        key = self._key_at(claim.planned_at)
        personal = Personal(
            claim.recipient,
            claim.token,
            claim.planned_at,
            _letter_day(claim.local_date, wanted.timezone, wanted.send_at, wanted.cadence),
            wanted.name,
            claim.asked_at and local_date(claim.asked_at, wanted.timezone),
            f"{base_url}/u/{claim.unsubscribe_token}",
            f"{base_url}/d/{web_name(key, claim.delivery_id)}",
            self._links(claim, key),
        )
        return personal.saying(claim.slots) if claim.slots else personal

    def _links(self, claim: Claim, key: Key) -> dict[str, str]:
        if claim.kind not in _LINKS:
            return {}
        purpose, whose = _LINKS[claim.kind]
        made_for = getattr(claim, whose)
        if made_for is None:
            return {}
        # Signed as of the planned time, so that a retry carries the very same link.
        token = sign(key, purpose, made_for, claim.planned_at)
        return {purpose: f"{self._house.base_url}/{purpose}/{token}"}


@lru_cache(maxsize=2048)
def _letter_day(day: date, timezone: str, send_at: time, cadence: Cadence) -> LetterDay:
    schedule = spoken_schedule(timezone, send_at, cadence)
    return LetterDay(day, send_at.hour, schedule, cadence, next_letter(day, cadence))
