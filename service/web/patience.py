"""How long a client may take to say what it wants, and how much, and to take the answer: else a few
keep everybody out.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_SECONDS = 10.0
ANSWER_SECONDS = 60.0
MOST_HEADER_BYTES = 64 * 1024


def patient(header_seconds: float, answer_seconds: float) -> type[asyncio.Protocol]:
    """Return the protocol of connections on which a request's header must come whole within that
    time of the connection, or of its own first byte, and within about MOST_HEADER_BYTES.

    Who has not taken what was sent within the other time, or enough of it that more can be sent,
    is cut off.
    """

    class Patient(HttpToolsProtocol):
        _end: asyncio.TimerHandle | None = None
        _heard = 0
        _cut: asyncio.TimerHandle | None = None

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
            self._relax()
            super().connection_lost(exc)

        def pause_writing(self) -> None:
            super().pause_writing()
            self._press()

        def resume_writing(self) -> None:
            super().resume_writing()
            if not self.transport.is_closing():
                self._relax()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self._press_the_last()

        def timeout_keep_alive_handler(self) -> None:
            super().timeout_keep_alive_handler()
            self._press_the_last()

        def _press_the_last(self) -> None:
            # A transport that closes waits without end until all it sent is taken.
            if self.transport.is_closing():
                self._press()

        def _press(self) -> None:
            if self._cut is None:
                self._cut = self.loop.call_later(answer_seconds, self.transport.abort)

        def _relax(self) -> None:
            if self._cut is not None:
                self._cut.cancel()
                self._cut = None

        def _listen(self) -> None:
            if self._end is None:
                self._heard = 0
                self._end = self.loop.call_later(header_seconds, self.transport.close)

        def _forget(self) -> None:
            if self._end is not None:
                self._end.cancel()
                self._end = None

    return Patient
