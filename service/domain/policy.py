"""What becomes of a letter after each try: pure, in the words of RFC 5321 and RFC 3463."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple


class Status(StrEnum):
    """Where a delivery stands."""

    QUEUED = "queued"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    SENT = "sent"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset({Status.SENDING, Status.CANCELLED, Status.EXPIRED}),
    Status.SENDING: frozenset({Status.SENT, Status.QUEUED, Status.FAILED, Status.UNCERTAIN}),
    Status.UNCERTAIN: frozenset({Status.QUEUED}),
    Status.SENT: frozenset(),
    Status.FAILED: frozenset(),
    Status.EXPIRED: frozenset(),
    Status.CANCELLED: frozenset(),
}


class Stage(StrEnum):
    """The step of an SMTP session that a reply, or its absence, belongs to."""

    CONNECT = "connect"
    GREETING = "greeting"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"


class Result(StrEnum):
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"


class Outcome(NamedTuple):
    """What the server said of one letter; `code` is None where it said nothing."""

    result: Result
    stage: Stage
    code: int | None = None
    text: str = ""

    @property
    def concerns_route(self) -> bool:
        """Whether the server spoke of us rather than of the reader: nobody is charged for it.

        Replies to RCPT and to the final dot concern the reader, save 421 (RFC 5321 §3.8: the
        whole channel closes) at any point; so does 552 to MAIL, which finds the declared size too
        large (RFC 1870 §6.1). A server that says nothing before the body is in trouble itself. A
        refusal without a reply is our own: this letter cannot go that way.
        """
        if self.result is Result.ACCEPTED or (self.result is Result.REFUSED and self.code is None):
            return False
        if self.code == 421 or (self.code is None and self.stage is not Stage.BODY):
            return True
        if self.code == 552 and self.stage is Stage.MAIL:
            return False
        return self.stage not in (Stage.RCPT, Stage.DATA, Stage.BODY)


def judge(code: int, stage: Stage, text: str = "") -> Outcome:
    """Judge a reply by its first digit (RFC 5321 §4.2.1); 552 at RCPT is temporary (§4.5.3)."""
    if code // 100 == 2:
        return Outcome(Result.ACCEPTED, stage, code, text)
    if code // 100 == 5 and not (code == 552 and stage is Stage.RCPT):
        return Outcome(Result.REFUSED, stage, code, text)
    return Outcome(Result.DEFERRED, stage, code, text)


class Decision(NamedTuple):
    """The status to record, and when to try again (None: never, or at once)."""

    status: Status
    next_attempt_at: datetime | None = None


_SENT = Decision(Status.SENT)
FIRST_DELAY = timedelta(minutes=5)
LONGEST_DELAY = timedelta(hours=2)


def decide(outcome: Outcome, *, attempts: int, now: datetime, jitter: float) -> Decision:
    """Decide what a letter's outcome means after `attempts` tries, this one included.

    `jitter` is a number in [0, 1): it spreads retries over a fifth of their delay, so that
    letters deferred together do not come back together.
    """
    match outcome.result:
        case Result.ACCEPTED:
            return _SENT
        case Result.REFUSED:
            return Decision(Status.FAILED)
        case Result.UNCERTAIN:
            return Decision(Status.UNCERTAIN, now + retry_delay(attempts, jitter))
        case Result.DEFERRED:
            return Decision(Status.QUEUED, now + retry_delay(attempts, jitter))


def retry_delay(attempts: int, jitter: float) -> timedelta:
    """Return the wait after the given number of tries: 5, 10, 20, … minutes, at most 2 hours."""
    delay = min(FIRST_DELAY * (1 << min(attempts - 1, 16)), LONGEST_DELAY)
    return delay * (1 + 0.2 * jitter)
