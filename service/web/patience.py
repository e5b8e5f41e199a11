"""How long a client may take to say what it wants: else a few idle ones keep everybody out."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 10.0


def patient(seconds: float) -> type[asyncio.Protocol]:
    """Return the protocol of connections on which a request's header must come whole within that
    time of the connection, or of its own first byte.
    """

    class Patient(H11Protocol):
        _end: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._mind()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._mind()

        def connection_lost(self, exc: Exception | None) -> None:
            self._forget()
            super().connection_lost(exc)

        def _mind(self) -> None:
            if self.conn.their_state is not h11.IDLE:
                self._forget()
            elif self._end is None:
                self._end = self.loop.call_later(seconds, self.transport.close)

        def _forget(self) -> None:
            if self._end is not None:
                self._end.cancel()
                self._end = None

    return Patient
