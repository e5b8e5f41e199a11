"""A scriptable SMTP server on loopback: real sockets, and any misbehaviour a test asks for."""

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import default

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
        self._file = connection.makefile("rb")

    def say(self, reply: bytes) -> None:
        self._connection.sendall(reply)

    def run(self) -> None:
        self._answer("connect")
        while line := self._file.readline():
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

    def _become_secure(self) -> None:
        self._file.close()
        self._connection = self.peer.wrapped(self._connection, self.number)
        self._file = self._connection.makefile("rb")
        self.secure = True

    def _take_in(self) -> None:
        lines = [self._file.readline()]
        self.peer.react("body", self)
        while lines[-1] != b".\r\n":
            lines.append(self._file.readline())
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


Reaction = Callable[[Visit], bytes | None]


@dataclass(slots=True)
class _Rule:
    step: str
    reaction: Reaction
    recipient: str | None
    connection: int | None
    times: int | None


class Peer:
    """The server; use it as a context manager.

    `taken` are the letters it answered 250 to, `whole` all whose dot came, `lines` every command
    with the number of its connection. `tls` makes it offer STARTTLS, or speak TLS at once if
    `implicit`; `size` is the most octets it says it takes (RFC 1870). It offers PIPELINING
    (RFC 2920) unless told otherwise, and answers each command as it comes to it.
    """

    pipelining = True

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        offers_auth: bool = False,
        offers_smtputf8: bool = False,
        size: int | None = None,
    ) -> None:
        self.tls = tls
        self.offers_smtputf8 = offers_smtputf8
        self.offers_auth = offers_auth
        self.size = size
        self.taken: list[Taken] = []
        self.whole: list[Taken] = []
        self.lines: list[tuple[int, bytes]] = []
        self.connections = 0
        self.stopping = threading.Event()
        self._implicit = implicit
        self._rules: list[_Rule] = []
        self._open: dict[int, socket.socket] = {}
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.url = f"smtp://127.0.0.1:{self.port}"

    def on(
        self,
        step: str,
        reaction: Reaction,
        *,
        recipient: str | None = None,
        connection: int | None = None,
        times: int | None = None,
    ) -> None:
        """React so at a step: always, or for one recipient, on one connection, so many times."""
        assert step in STEPS, step
        with self._lock:
            self._rules.append(_Rule(step, reaction, recipient, connection, times))

    def forgive(self) -> None:
        """Forget all reactions: from now on everything is taken."""
        with self._lock:
            self._rules.clear()

    def react(self, step: str, visit: Visit) -> bytes | None:
        with self._lock:
            rule = next((rule for rule in self._rules if _applies(rule, step, visit)), None)
            if rule is not None and rule.times is not None:
                rule.times -= 1
        return rule.reaction(visit) if rule is not None else None

    def wrapped(self, connection: socket.socket, number: int) -> ssl.SSLSocket:
        """Make a connection private."""
        assert self.tls is not None
        private = self.tls.wrap_socket(connection, server_side=True)
        with self._lock:
            self._open[number] = private
        return private

    def copies(self, recipient: str) -> list[Taken]:
        return [taken for taken in self.taken if taken.recipient == recipient]

    def stop(self) -> None:
        """Close the port and cut every connection."""
        self.stopping.set()
        # Wakes the thread that waits in accept(); close() alone would not.
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        with self._lock:
            for connection in self._open.values():
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(10)
        assert not any(thread.is_alive() for thread in self._threads), "a connection does not end"

    def __enter__(self) -> "Peer":
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, name="smtp-peer", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            with self._lock:
                self._open[self.connections] = connection
            self._start(self._serve, connection, self.connections)

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            with suppress(Cut, OSError):
                if self._implicit:
                    connection = self.wrapped(connection, number)
                Visit(self, connection, number).run()
        finally:
            with self._lock:
                self._open.pop(number).close()


def reply(text: str) -> Reaction:
    """Answer with these words."""
    return lambda visit: text.encode() + b"\r\n"


def raw(octets: bytes) -> Reaction:
    """Answer with these very octets."""
    return lambda visit: octets


def cut(visit: Visit) -> None:
    """Cut the connection without a word."""
    raise Cut


def hang(until: threading.Event, then: Reaction | None = None) -> Reaction:
    """Say nothing until the event; then go on as usual, or as told."""

    def react(visit: Visit) -> bytes | None:
        while not until.wait(0.02):
            if visit.peer.stopping.is_set():
                raise Cut
        return then(visit) if then is not None else None

    return react


def _applies(rule: _Rule, step: str, visit: Visit) -> bool:
    return (
        rule.step == step
        and rule.times != 0
        and rule.recipient in (None, visit.recipient)
        and rule.connection in (None, visit.number)
    )


def _address(argument: str) -> str:
    return argument.partition("<")[2].partition(">")[0]
