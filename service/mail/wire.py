"""The wire of an SMTP session: what is written, and the replies in the order in which they come."""

import asyncio
import re
from collections import deque
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

# Far over any real reply; a server that sends without end must not fill the memory.
_MOST_OCTETS = 32_768


class Lost(ConnectionError):
    """No further reply comes on this connection; the words say why."""


class Reply(NamedTuple):
    """What a server answered to one command: its code, and its words, line by line (RFC 5321
    §4.2).
    """

    code: int
    text: str


class Replies:
    """Cuts what a server sends into replies, in whatever pieces it comes."""

    def __init__(self) -> None:
        self._unread = b""
        self._begun: list[Reply] = []

    def cut(self, octets: bytes) -> list[Reply]:
        """Return the replies that are whole by now. Raises Lost for what is no reply."""
        *lines, self._unread = (self._unread + octets).split(b"\n")
        found: list[Reply] = []
        for line in lines:
            reply, goes_on = _read(line)
            if goes_on or self._begun:
                self._begun.append(reply)
                if reply.code != self._begun[0].code:
                    raise Lost(f"the server changes its mind within a reply: {_shown(line)}")
                if goes_on:
                    continue
                reply = Reply(reply.code, "\n".join(each.text for each in self._begun))
                self._begun.clear()
            found.append(reply)
        if self._unread or self._begun:
            self._bound()
        return found

    def _bound(self) -> None:
        """Raise Lost where what is kept of an unfinished reply is more than any reply."""
        begun = sum(_LEAST_LINE + len(each.text) for each in self._begun)
        if begun + len(self._unread) > _MOST_OCTETS:
            said = self._begun[0].text if self._begun else _shown(self._unread)
            raise Lost(f"the server's reply has no end: {said[:80]}")


class Wire(asyncio.Protocol):
    """An open connection to a server that is about to be given commands.

    Replies are matched to commands by their order alone, as RFC 2920 has it; one that nobody asked
    for ends the connection, since every later one would be taken for the answer to another command.
    `block` is for how many seconds the system may have no room for what is sent.
    """

    def __init__(self, transport: asyncio.Transport, block: float) -> None:
        self._transport = transport
        self._block = block
        self._before = transport.get_protocol()
        self._loop = asyncio.get_running_loop()
        self._replies = Replies()
        self._unheard: deque[Reply] = deque()
        self._owed = 0
        self._end: Lost | None = None
        self._waiting: asyncio.Future[None] | None = None
        self._choked = False
        transport.set_protocol(self)

    @property
    def usable(self) -> bool:
        return self._end is None and not self._transport.is_closing()

    def send(self, pieces: Sequence[bytes], replies: int) -> None:
        """Write the pieces, all in one go; so many replies are owed for them."""
        self._owed += replies
        if self.usable:
            self._transport.writelines(pieces)

    def heard(self) -> Reply | None:
        """Return the next reply if it has come."""
        return self._unheard.popleft() if self._unheard else None

    async def reply(self, seconds: float) -> Reply:
        """Return the next reply to what was sent, once all of that has left. Raises Lost when none
        comes in that time, or ever.
        """
        while self._choked:
            await self._wait(self._block, "the server takes no more of what is sent")
        while not self._unheard:
            await self._wait(seconds, "no reply came")
        return self._unheard.popleft()

    def hand_back(self) -> None:
        """Leave the connection to the protocol that had it before."""
        self._transport.set_protocol(self._before)

    async def _wait(self, seconds: float, failing: str) -> None:
        """Wait for the next thing to happen; raise Lost where nothing can any more."""
        if self._end is not None:
            raise self._end
        self._waiting = self._loop.create_future()
        # asyncio.timeout() would cost as much as all the rest of a reply.
        alarm = self._loop.call_later(seconds, self._give_up, seconds, failing)
        try:
            await self._waiting
        finally:
            alarm.cancel()
            self._waiting = None

    def _give_up(self, seconds: float, failing: str) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(Lost(f"timed out: {failing} within {seconds:g} s"))

    def data_received(self, data: bytes) -> None:
        if self._end is not None:
            return
        try:
            found = self._replies.cut(data)
        except Lost as lost:
            self._fail(lost)
            return
        self._owed -= len(found)
        if self._owed < 0:
            said = found[self._owed]
            found = found[: self._owed]
            self._fail(Lost(f"the server spoke out of turn: {said.code} {said.text}"))
        self._unheard += found
        self._wake()

    def eof_received(self) -> None:
        self._fail(Lost("the server closed the connection"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(Lost("the connection was lost" + (f": {exc}" if exc else "")))

    def pause_writing(self) -> None:
        self._choked = True

    def resume_writing(self) -> None:
        self._choked = False
        self._wake()

    def _fail(self, lost: Lost) -> None:
        if self._end is None:
            self._end = lost
            self._transport.abort()
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


_LINE = re.compile(rb"[2-5][0-9]{2}(?:[-\s]|$)")
_LEAST_LINE = len(b"250-\n")


# A server says the same of nearly every letter.
@lru_cache(maxsize=64)
def _read(line: bytes) -> tuple[Reply, bool]:
    """Return what one line says, and whether its reply goes on with the next."""
    if _LINE.match(line) is None:
        raise Lost(f"the server does not answer in SMTP: {_shown(line)}")
    return Reply(int(line[:3]), line[4:].strip().decode("utf-8", "replace")), line[3:4] == b"-"


def _shown(line: bytes) -> str:
    return line[:80].decode("utf-8", "replace").strip()
