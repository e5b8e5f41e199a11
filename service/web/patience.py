"""How long a client may take to say what it wants, and how much: else a few keep everybody out."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_SECONDS = 10.0
MOST_HEADER_BYTES = 64 * 1024


def patient(seconds: float) -> type[asyncio.Protocol]:
    """Return the protocol of connections on which a request's header must come whole within that
    time of the connection, or of its own first byte, and within MOST_HEADER_BYTES.
    """

    class Patient(HttpToolsProtocol):
        _end: asyncio.TimerHandle | None = None
        _heard = 0

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._listen()

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._listen()

        def on_headers_complete(self) -> None:
            self._forget()
            super().on_headers_complete()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self._end is not None:
                self._heard += len(data)
                if self._heard > MOST_HEADER_BYTES:
                    self._forget()
                    self.send_400_response("The header of this request is too long.")

        def connection_lost(self, exc: Exception | None) -> None:
            self._forget()
            super().connection_lost(exc)

        def _listen(self) -> None:
            if self._end is None:
                self._heard = 0
                self._end = self.loop.call_later(seconds, self.transport.close)

        def _forget(self) -> None:
            if self._end is not None:
                self._end.cancel()
                self._end = None

    return Patient
