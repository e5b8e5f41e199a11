"""A delivery: one letter to one subscriber for one local date."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from service.domain.policy import Decision, Outcome
from service.domain.readers import Preferences
from service.domain.selection import Selection


class Kind(StrEnum):
    DIGEST = "digest"
    CONFIRM = "confirm"
    WELCOME = "welcome"
    GOODBYE = "goodbye"
    PREFERENCES = "preferences"
    ACCOUNT = "account"
    ADDRESS = "address"
    MOVED = "moved"

    @property
    def priority(self) -> int:
        """Lower goes first: somebody waits for a transactional letter."""
        return 10 if self is Kind.DIGEST else 0


class Claim(NamedTuple):
    """A letter a worker has claimed, with all that its bytes are made of.

    `recipient` is an address as its owner writes it, `domain` the destination domain of the
    subscriber's; `slots` are further words of the letter.
    """

    delivery_id: int
    subscriber_id: int
    kind: Kind
    token: str
    recipient: str
    domain: str | None
    preference_id: int | None
    preferences: Preferences
    asked_at: datetime | None
    slots: Mapping[str, str]
    local_date: date
    selection: Selection
    planned_at: datetime
    attempts: int
    unsubscribe_token: str | None


class Planned(NamedTuple):
    """A letter to be, as the ledger takes it in.

    One subscriber gets the `nth` letter of a kind for a date once. `selection` is packed.
    `recipient` and `slots` are for letters that go elsewhere than the subscriber's address, or
    say more than their preference does.
    """

    subscriber_id: int
    kind: Kind
    local_date: date
    token: str
    selection: bytes
    nth: int = 0
    preference_id: int | None = None
    recipient: str | None = None
    slots: Mapping[str, str] | None = None
    seq_from: int | None = None


class Settlement(NamedTuple):
    """What a claim came to. `begun`: whether its body was begun, and so counted, before."""

    claim: Claim
    outcome: Outcome
    decision: Decision
    at: datetime
    begun: bool
