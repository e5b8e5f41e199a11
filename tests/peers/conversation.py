"""Holding a conversation with an SMTP server on one session."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from peers.smtp import Peer

from service.domain.policy import Outcome
from service.domain.route import Route, Tls
from service.mail.smtp import Parcel, Session, Span, Timeouts

T = TypeVar("T")

ADA, BOB, GRACE = "ada@example.org", "bob@example.org", "grace@example.org"
SENDER = "paperround+b-0@example.org"
LETTER = b"Subject: Nine papers\r\n\r\nGood morning.\r\n"
SHORT = Timeouts(connect=5, greeting=5, command=5, data=5, block=5, dot=5)


def parcel(recipient: str, letter: bytes = LETTER) -> Parcel:
    return Parcel(SENDER, recipient, letter)


def talk(
    peer: Peer,
    conversation: Callable[[Session], Awaitable[T]],
    *,
    tls: Tls = Tls.NONE,
    user: bool = False,
    timeouts: Timeouts = SHORT,
    span: Span | None = None,
    host: str = "127.0.0.1",
) -> T:
    """Hold a conversation on one session; the session is closed at its end."""
    names = ("paperround", "open sesame") if user else (None, None)
    route = Route(host, peer.port, tls, *names)

    async def hold() -> T:
        session = Session(route, timeouts, span)
        try:
            return await conversation(session)
        finally:
            await session.close()

    return asyncio.run(hold())


async def one_letter(session: Session) -> Outcome:
    """Send a letter to Ada; return what came of it, or of getting there."""
    refusal = await session.open() or await session.offer(parcel(ADA))
    return refusal or (await session.deliver(LETTER))[0]


def trouble_of(peer: Peer, **options: object) -> Outcome:
    """Return the trouble that keeps a letter from being sent."""
    outcome = talk(peer, one_letter, **options)  # type: ignore[arg-type]
    assert outcome.concerns_route, f"no trouble: {outcome}"
    return outcome
