"""The sender: takes claimed letters to the server over several connections at once."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from service.domain.deliveries import Claim, Settlement
from service.domain.policy import Decision, Outcome, Result, Stage, Status, decide, retry_delay
from service.domain.route import Route
from service.mail.bookkeeper import Bookkeeper, Ledger
from service.mail.smtp import Parcel, Session, Span, Timeouts
from service.mail.supply import Item, Supply

CLAIM_AT_ONCE = 500
# A letter is made shortly before it goes out: a thousand at hand would be fifty megabytes, and
# while many are made at once no connection goes on.
WRAP_AT_ONCE = 10
LETTERS_AHEAD = 10


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
        span: Span | None = None,
        tried: Callable[[int], None] = lambda count: None,
    ) -> None:
        self._route = route
        self._wrap = wrap
        self._connections = connections
        self._now = now
        self._chance = chance
        self._timeouts = timeouts or Timeouts()
        self._span = span or Span()
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
        self._claimed: deque[Claim] = deque()
        self._supply = Supply(self._fetch, LETTERS_AHEAD)
        self._tally = Tally()
        self._troubles: list[Outcome] = []
        self._failed = False

    async def go(self) -> Tally:
        results = await asyncio.gather(
            *(self._connection() for _ in range(self._sender._connections)),
            return_exceptions=True,
        )
        self._supply.close()
        self._books.close()
        for result in results:
            if isinstance(result, BaseException):
                raise result
        # A connection that lasted has taken over what the others could not send.
        if self._troubles and not any(results):
            self._tally.halted = _halt_words(self._sender._route, self._troubles[-1])
        return self._tally

    async def _connection(self) -> bool:
        """Send until nothing is left; return whether the server served us to the end."""
        session = Session(self._sender._route, self._sender._timeouts, self._sender._span)
        try:
            while (item := self._next()) is not None:
                reused = session.lasts
                answer = None if reused else await session.open()
                answer = answer or await session.offer(item.parcel)
                if answer is None:
                    served = await self._deliver(session, await self._begin(session, item))
                else:
                    served = await self._not_taken(item, answer, reused=reused)
                if not served:
                    return False
        except BaseException:
            # The ledger failed, or we are cancelled: no body may follow.
            session.drop()
            self._failed = True
            raise
        served = session.connected
        await session.close()
        return served

    async def _deliver(self, session: Session, begun: Item | None) -> bool:
        """Send the body of the letter that was begun, if one was, and further letters behind it,
        each envelope in one go with the body before it: one round trip a letter.

        Ends where nothing is at hand or the connection has lasted long enough, and after a letter
        that is not taken. Returns whether the server still serves us.
        """
        while begun is not None:
            item = self._at_hand() if session.pipelines and session.lasts else None
            outcome, answer = await session.deliver(begun.parcel.letter, item and item.parcel)
            settlement = self._settlement(begun.claim, outcome, begun=True)
            if item is not None and answer is None:
                begun = await self._begin(session, item, settlement)
                continue
            self._books.settle(settlement)
            served = not outcome.concerns_route
            if not served:
                self._troubles.append(outcome)
            if item is not None and answer is not None:
                served = await self._not_taken(item, answer, reused=True) and served
            return served
        return True

    async def _begin(
        self, session: Session, item: Item, before: Settlement | None = None
    ) -> Item | None:
        """Record the outcome before, and that the letter's body is about to go out; return the
        letter if it may.
        """
        if self._stopping:
            if before is not None:
                self._books.settle(before)
        elif item.claim.delivery_id in await self._books.begin(item.claim, before):
            return item
        elif not self._stopping:
            self._tally.withdrawn += 1
        # The server waits for a body: a lone dot would deliver an empty letter.
        session.drop()
        return None

    async def _not_taken(self, item: Item, answer: Outcome, *, reused: bool) -> bool:
        """See to a letter whose envelope was not taken; return whether the server still serves us.

        `reused`: whether the connection had been used before. A server may limit how long one
        lasts, and how many letters it carries.
        """
        if not answer.concerns_route:
            # Refusals that are too many stop the run: no letter is offered ahead of the books.
            await self._books.settle(self._settlement(item.claim, answer, begun=False))
            return True
        if answer.stage in (Stage.RCPT, Stage.DATA):
            # It goes behind the others, so that a letter the server chokes on cannot block them.
            self._books.settle(self._settlement(item.claim, answer, begun=False))
        else:
            self._supply.put_back(item)
            if reused and answer.stage is Stage.MAIL:
                return True
        self._troubles.append(answer)
        return False

    def _next(self) -> Item | None:
        return None if self._failed or self._stopping else self._supply.next()

    def _at_hand(self) -> Item | None:
        return None if self._failed or self._stopping else self._supply.at_hand()

    @property
    def _stopping(self) -> bool:
        return any(stop.is_set() for stop in self._stops)

    def _fetch(self) -> list[Item]:
        """Wrap the next few letters, of many that are claimed together."""
        claimed = self._claimed
        if not claimed:
            claimed.extend(self._ledger.claim(CLAIM_AT_ONCE, self._sender._now()))
        some = [claimed.popleft() for _ in range(min(WRAP_AT_ONCE, len(claimed)))]
        parcels = self._sender._wrap(some)
        return [Item(claim, parcels[claim.delivery_id]) for claim in some]

    def _settlement(self, claim: Claim, outcome: Outcome, *, begun: bool) -> Settlement:
        now = self._sender._now()
        jitter = 0.0 if outcome.result is Result.ACCEPTED else self._sender._chance()
        if not begun and outcome.concerns_route:
            decision = Decision(Status.QUEUED, now + retry_delay(1, jitter))
        else:
            decision = decide(outcome, attempts=claim.attempts + 1, now=now, jitter=jitter)
            self._tally.by_result[outcome.result] += 1
            self._sender._tried(self._tally.by_result.total())
        return Settlement(claim, outcome, decision, now, begun)


async def send_alone(route: Route, parcel: Parcel) -> Outcome:
    """Send one letter that no ledger knows of, and return what came of it."""
    session = Session(route, Timeouts())
    try:
        refusal = await session.open() or await session.offer(parcel)
        return refusal or (await session.deliver(parcel.letter))[0]
    finally:
        await session.close()


def _halt_words(route: Route, outcome: Outcome) -> str:
    said = f"{outcome.code} {outcome.text}" if outcome.code else outcome.text
    return f"the SMTP server {route} fails at {outcome.stage}: {said}"
