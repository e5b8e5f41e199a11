"""The sender: takes claimed letters to the server over several connections at once."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from service.domain.deliveries import Claim, Settlement
from service.domain.policy import Decision, Outcome, Result, Stage, Status, decide, retry_delay
from service.domain.route import Route
from service.mail.bookkeeper import Bookkeeper, Ledger
from service.mail.smtp import LetterRefused, RouteTrouble, Session, Timeouts

CLAIM_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Parcel:
    """A letter ready for the wire, in its envelope."""

    sender: str
    recipient: str
    letter: bytes


class Stop(Protocol):
    """Whether a run should end: it is asked before each letter."""

    def is_set(self) -> bool: ...


@dataclass(slots=True)
class Tally:
    """What one run came to: letters by result, and why it stopped early, if it did.

    `withdrawn` counts letters that were cancelled or superseded between claim and body.
    """

    by_result: Counter[Result] = field(default_factory=Counter)
    withdrawn: int = 0
    halted: str | None = None


class Sender:
    """Sends what is due until nothing is, the route fails, or it is told to stop.

    `wrap` makes a claim's letter; `now` tells the time (aware); `chance` gives numbers in [0, 1)
    that spread retries; `tried` is told, after each letter that was tried, how many were.
    """

    def __init__(
        self,
        route: Route,
        wrap: Callable[[list[Claim]], dict[int, Parcel]],
        *,
        connections: int,
        now: Callable[[], datetime],
        chance: Callable[[], float],
        timeouts: Timeouts | None = None,
        tried: Callable[[int], None] = lambda count: None,
    ) -> None:
        self._route = route
        self._wrap = wrap
        self._connections = connections
        self._now = now
        self._chance = chance
        self._timeouts = timeouts or Timeouts()
        self._tried = tried

    async def run(self, ledger: Ledger, *stops: Stop) -> Tally:
        """Send; when a stop is set, letters in flight are finished and recorded first.

        Raises what the ledger raised, after every connection has stopped: nothing is sent that
        cannot be recorded.
        """
        run = _Run(self, ledger, stops)
        return await run.go()


class _Run:
    def __init__(self, sender: Sender, ledger: Ledger, stops: Sequence[Stop]) -> None:
        self._sender = sender
        self._ledger = ledger
        self._stops = stops
        self._books = Bookkeeper(ledger)
        self._tally = Tally()
        self._ready: list[tuple[Claim, Parcel]] = []
        self._refill = asyncio.Lock()
        self._dry = False
        self._troubles: list[Outcome] = []
        self._failed = False

    async def go(self) -> Tally:
        results = await asyncio.gather(
            *(self._connection() for _ in range(self._sender._connections)),
            return_exceptions=True,
        )
        await self._books.close()
        for result in results:
            if isinstance(result, BaseException):
                raise result
        # A connection that lasted has taken over what the others could not send.
        if self._troubles and not any(results):
            self._tally.halted = _halt_words(self._sender._route, self._troubles[-1])
        return self._tally

    async def _connection(self) -> bool:
        """Send until nothing is left; return whether the server served us to the end."""
        session = Session(self._sender._route, self._sender._timeouts)
        try:
            while (item := await self._next()) is not None:
                claim, parcel = item
                try:
                    await _offer(session, parcel)
                except RouteTrouble as trouble:
                    self._settle(claim, trouble.outcome, begun=False)
                    self._troubles.append(trouble.outcome)
                    return False
                except LetterRefused as refusal:
                    # Refusals that are too many stop the run: no letter goes on ahead of the books.
                    await self._settle(claim, refusal.outcome, begun=False)
                    continue
                if not await self._books.begin(claim):
                    # The server waits for a body: a lone dot would deliver an empty letter.
                    session.drop()
                    self._tally.withdrawn += 1
                    continue
                outcome = await session.body(parcel.letter)
                recorded = self._settle(claim, outcome, begun=True)
                if outcome.result is Result.REFUSED:
                    await recorded
                if outcome.concerns_route:
                    self._troubles.append(outcome)
                    return False
        except BaseException:
            # The ledger failed, or we are cancelled: no body may follow.
            session.drop()
            self._failed = True
            raise
        served = session.connected
        await session.close()
        return served

    async def _next(self) -> tuple[Claim, Parcel] | None:
        """Return the next letter, claiming more when none is at hand."""
        async with self._refill:
            if self._failed or any(stop.is_set() for stop in self._stops):
                return None
            if not self._ready and not self._dry:
                claims, parcels = await asyncio.to_thread(self._claim)
                self._ready = [(c, parcels[c.delivery_id]) for c in reversed(claims)]
                self._dry = not claims
            return self._ready.pop() if self._ready else None

    def _claim(self) -> tuple[list[Claim], dict[int, Parcel]]:
        claims = self._ledger.claim(CLAIM_AT_ONCE, self._sender._now())
        return claims, self._sender._wrap(claims)

    def _settle(self, claim: Claim, outcome: Outcome, *, begun: bool) -> "asyncio.Future[bool]":
        now, jitter = self._sender._now(), self._sender._chance()
        if outcome.concerns_route and not begun:
            # A letter the server chokes on goes behind the others, so that it cannot block them;
            # one it never heard of keeps its place.
            named = outcome.stage in (Stage.RCPT, Stage.DATA)
            decision = Decision(Status.QUEUED, now + retry_delay(1, jitter) if named else None)
        else:
            decision = decide(outcome, attempts=claim.attempts + 1, now=now, jitter=jitter)
            self._tally.by_result[outcome.result] += 1
            self._sender._tried(self._tally.by_result.total())
        return self._books.settle(Settlement(claim, outcome, decision, now, begun))


async def send_alone(route: Route, parcel: Parcel) -> Outcome:
    """Send one letter that no ledger knows of, and return what came of it."""
    session = Session(route, Timeouts())
    try:
        await _offer(session, parcel)
        return await session.body(parcel.letter)
    except (RouteTrouble, LetterRefused) as fault:
        return fault.outcome
    finally:
        await session.close()


async def _offer(session: Session, parcel: Parcel) -> None:
    """Offer a letter on the open connection, or on a new one: a server may limit how long one
    lasts, and how many letters it carries.
    """
    if session.connected:
        try:
            await session.envelope(parcel.sender, parcel.recipient)
        except RouteTrouble as trouble:
            if trouble.outcome.stage is not Stage.MAIL:
                raise
        else:
            return
    await session.open()
    await session.envelope(parcel.sender, parcel.recipient)


def _halt_words(route: Route, outcome: Outcome) -> str:
    said = f"{outcome.code} {outcome.text}" if outcome.code else outcome.text
    return f"the SMTP server {route} fails at {outcome.stage}: {said}"
