"""A delivery: one letter to one subscriber for one local date."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from service.domain.policy import Decision, Outcome
from service.domain.selection import Selection


class Kind(StrEnum):
    DIGEST = "digest"
    CONFIRM = "confirm"
    GOODBYE = "goodbye"

    @property
    def priority(self) -> int:
        """Lower goes first: somebody waits for a transactional letter."""
        return 10 if self is Kind.DIGEST else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A letter a worker has claimed, with all that its bytes are made of."""

    delivery_id: int
    subscriber_id: int
    kind: Kind
    token: str
    recipient: str
    slots: Mapping[str, str]
    local_date: date
    selection: Selection
    planned_at: datetime
    attempts: int
    unsubscribe_token: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A letter to be, as the ledger takes it in. `slots` are the words frozen for its retries."""

    subscriber_id: int
    kind: Kind
    key: str
    token: str
    recipient: str
    slots: Mapping[str, str]
    local_date: date
    selection: Selection
    planned_at: datetime
    expires_at: datetime
    seq_from: int | None = None
    seq_to: int | None = None

    @property
    def domain(self) -> str:
        return self.recipient.rpartition("@")[2].lower()

    def as_claim(self, *, unsubscribe_token: str | None) -> Claim:
        """Return the claim this letter will be, before it has a place in the ledger."""
        return Claim(
            delivery_id=0,
            subscriber_id=self.subscriber_id,
            kind=self.kind,
            token=self.token,
            recipient=self.recipient,
            slots=self.slots,
            local_date=self.local_date,
            selection=self.selection,
            planned_at=self.planned_at,
            attempts=0,
            unsubscribe_token=unsubscribe_token,
        )


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a claim came to. `begun`: whether its body was begun, and so counted, before."""

    claim: Claim
    outcome: Outcome
    decision: Decision
    at: datetime
    begun: bool
