"""Holding a conversation with an SMTP server on one session."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
from peers.smtp import Peer

from service.domain.policy import Outcome
from service.domain.route import Route, Tls
from service.mail.smtp import RouteTrouble, Session, Timeouts

T = TypeVar("T")

ADA, BOB = "ada@example.org", "bob@example.org"
SENDER = "paperround+b-0@example.org"
LETTER = b"Subject: Nine papers\r\n\r\nGood morning.\r\n"
SHORT = Timeouts(connect=5, greeting=5, command=5, data=5, body=5)


def talk(
    peer: Peer,
    conversation: Callable[[Session], Awaitable[T]],
    *,
    tls: Tls = Tls.NONE,
    user: bool = False,
    timeouts: Timeouts = SHORT,
    host: str = "127.0.0.1",
) -> T:
    """Hold a conversation on one session; the session is closed at its end."""
    names = ("paperround", "open sesame") if user else (None, None)
    route = Route(host, peer.port, tls, *names)

    async def hold() -> T:
        session = Session(route, timeouts)
        try:
            return await conversation(session)
        finally:
            await session.close()

    return asyncio.run(hold())


async def one_letter(session: Session) -> Outcome:
    await session.open()
    await session.envelope(SENDER, ADA)
    return await session.body(LETTER)


def trouble_of(peer: Peer, **options: object) -> Outcome:
    with pytest.raises(RouteTrouble) as caught:
        talk(peer, one_letter, **options)  # type: ignore[arg-type]
    return caught.value.outcome
