"""A small mail catcher: takes every letter, keeps the last few in memory, sends nothing on."""

import socket
from asyncio import AbstractServer
from collections import deque
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from threading import Lock

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True, slots=True)
class Caught:
    """One letter as it came over the wire; `number` counts from 1 and is never used twice."""

    number: int
    mail_from: str
    rcpt_to: tuple[str, ...]
    received_at: datetime
    raw: bytes

    def headers(self) -> EmailMessage:
        """Return the header alone, parsed; the body is left as it is."""
        return BytesHeaderParser(EmailMessage, policy=policy.default).parsebytes(self.raw)

    def message(self) -> EmailMessage:
        """Return the whole letter, parsed."""
        return BytesParser(EmailMessage, policy=policy.default).parsebytes(self.raw)


class Catcher:
    """An SMTP server on a loopback address (RFC 5321, with SMTPUTF8 and SIZE, without AUTH).

    Port 0 takes any free port; `address` tells which, from the moment of making. `letters` may be
    called from any thread.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        kept: int = 500,
        largest: int = 10 * 1024 * 1024,
    ) -> None:
        """Bind the port; keep the last `kept` letters, each of at most `largest` bytes.

        Raises OSError when the port is taken.
        """
        self._caught: deque[Caught] = deque(maxlen=kept)
        self._count = 0
        self._lock = Lock()
        listening = socket.create_server((host, port))
        # asyncio sets it only on sockets that it made: EHLO would be answered 40 ms later.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._controller = _ListeningController(self, listening, largest)
        self.address: tuple[str, int] = (host, self._controller.port)

    def start(self) -> None:
        """Accept letters, in a thread of its own, until `stop`."""
        self._controller.start()

    def stop(self) -> None:
        """Close the port; the letters caught so far stay readable."""
        self._controller.stop()

    def letters(self) -> list[Caught]:
        """Return the letters still kept, oldest first."""
        with self._lock:
            return list(self._caught)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a letter and answer the final dot; aiosmtpd calls this by its name."""
        raw = envelope.content
        if not isinstance(raw, bytes):
            return "554 5.6.0 No letter came"
        with self._lock:
            self._count += 1
            self._caught.append(
                Caught(
                    self._count,
                    envelope.mail_from or "",
                    tuple(envelope.rcpt_tos),
                    datetime.now(UTC),
                    raw,
                )
            )
        return f"250 2.0.0 Caught as letter {self._count}"


class _ListeningController(Controller):
    """Serves on a socket that listens already: Controller cannot tell which port 0 became."""

    def __init__(self, catcher: Catcher, listening: socket.socket, largest: int) -> None:
        host, port = listening.getsockname()[:2]
        super().__init__(
            catcher,
            hostname=host,
            port=port,
            server_hostname="localhost",
            data_size_limit=largest,
            enable_SMTPUTF8=True,
        )
        self._listening = listening

    def _create_server(self) -> Awaitable[AbstractServer]:
        server: Awaitable[AbstractServer] = self.loop.create_server(
            self._factory_invoker, sock=self._listening
        )
        return server
