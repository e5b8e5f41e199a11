"""One connection to the scriptable SMTP server: what it reads, and how it answers."""

import select
import socket
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import default
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from peers.smtp import Peer

# The steps of a session at which a reaction can be set. `body` comes when the first line of a
# letter has arrived, `dot` when all of it has.
STEPS = frozenset(
    ("connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "body", "dot", "rset", "quit")
)
USUAL = {
    "connect": b"220 peer.example ESMTP\r\n",
    "starttls": b"220 2.0.0 Go ahead\r\n",
    "auth": b"235 2.7.0 Welcome\r\n",
    "mail": b"250 2.1.0 Yes\r\n",
    "rcpt": b"250 2.1.5 Yes\r\n",
    "data": b"354 Go on\r\n",
    "dot": b"250 2.0.0 Taken\r\n",
    "rset": b"250 2.0.0 Forgotten\r\n",
    "quit": b"221 2.0.0 Bye\r\n",
}


class Cut(Exception):
    """The server cuts the connection."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A letter in its envelope, and its connection, counted from 1."""

    sender: str
    recipient: str
    letter: bytes
    connection: int

    @property
    def message_id(self) -> str:
        message = BytesHeaderParser(EmailMessage, policy=default).parsebytes(self.letter)
        return str(message["Message-ID"])


class Visit:
    """One connection, as a reaction sees it. `letter` is None until a dot has come."""

    def __init__(self, peer: "Peer", connection: socket.socket, number: int) -> None:
        self.peer = peer
        self.number = number
        self.secure = isinstance(connection, ssl.SSLSocket)
        self.sender = self.recipient = ""
        self._sender_known = self._recipient_known = False
        self.letter: Taken | None = None
        self._connection = connection
        self._read = self._held = b""

    def say(self, reply: bytes) -> None:
        self._held += reply
        if not self.peer.together or not self._more_to_read():
            held, self._held = self._held, b""
            size = self.peer.pieces or len(held)
            for start in range(0, len(held), size):
                self._connection.sendall(held[start : start + size])

    def run(self) -> None:
        self._answer("connect")
        while line := self._line():
            self.peer.lines.append((self.number, line))
            verb, _, rest = line.strip().partition(b" ")
            self._command(verb.upper(), rest.decode())

    def _command(self, verb: bytes, rest: str) -> None:
        match verb:
            case b"EHLO" | b"HELO":
                self._answer("ehlo", self._greeting())
            case b"STARTTLS":
                self._answer("starttls")
                self._become_secure()
            case b"AUTH":
                self._answer("auth")
            case b"MAIL" if self._sender_known:
                self.say(b"503 5.5.1 One letter at a time\r\n")
            case b"MAIL":
                self.sender = _address(rest)
                self._sender_known = self._answer("mail").startswith(b"250")
            case b"RCPT":
                self.recipient = _address(rest)
                usual = b"" if self._sender_known else b"503 5.5.1 From whom?\r\n"
                self._recipient_known = self._answer("rcpt", usual).startswith(b"250")
            case b"DATA":
                usual = b"" if self._recipient_known else b"554 5.5.1 No valid recipients\r\n"
                if self._answer("data", usual).startswith(b"354"):
                    self._take_in()
                    self._sender_known = self._recipient_known = False
            case b"RSET":
                self._answer("rset")
                self._sender_known = self._recipient_known = False
            case b"QUIT":
                self._answer("quit")
                raise Cut
            case _:
                self.say(b"502 5.5.1 What?\r\n")

    def _greeting(self) -> bytes:
        offers = ["peer.example", "8BITMIME"]
        if self.peer.pipelining:
            offers.append("PIPELINING")
        if self.peer.size is not None:
            offers.append(f"SIZE {self.peer.size}")
        if self.peer.tls is not None and not self.secure:
            offers.append("STARTTLS")
        if self.peer.offers_smtputf8:
            offers.append("SMTPUTF8")
        if self.peer.offers_auth:
            offers.append("AUTH PLAIN")
        return b"".join(f"250-{offer}\r\n".encode() for offer in offers) + b"250 HELP\r\n"

    def _line(self) -> bytes:
        """Return the next line with its end; nothing where the connection ends."""
        while b"\n" not in self._read:
            octets = self._connection.recv(65_536)
            if not octets:
                return b""
            self._read += octets
        line, end, self._read = self._read.partition(b"\n")
        return line + end

    def waiting(self) -> int:
        """Return how many octets came behind what was answered."""
        return len(self._read)

    def _more_to_read(self) -> bool:
        return bool(self._read or select.select([self._connection], [], [], 0)[0])

    def _become_secure(self) -> None:
        self._connection = self.peer.wrapped(self._connection, self.number)
        self.secure = True

    def _take_in(self) -> None:
        lines = [self._line()]
        self.peer.react("body", self)
        while lines[-1] != b".\r\n":
            lines.append(self._line())
            if not lines[-1]:
                raise Cut
        self.letter = Taken(self.sender, self.recipient, b"".join(lines[:-1]), self.number)
        self.peer.whole.append(self.letter)
        reply = self.peer.react("dot", self) or USUAL["dot"]
        # What was answered is known here before it is known there.
        if reply.startswith(b"250"):
            self.peer.taken.append(self.letter)
        self.say(reply)
        self.letter = None

    def _answer(self, step: str, usual: bytes = b"") -> bytes:
        reply = self.peer.react(step, self) or usual or USUAL[step]
        self.say(reply)
        return reply


def _address(argument: str) -> str:
    return argument.partition("<")[2].partition(">")[0]
