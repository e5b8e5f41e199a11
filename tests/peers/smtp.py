"""A scriptable SMTP server on loopback: real sockets, and any misbehaviour a test asks for."""

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from peers.visit import STEPS, Cut, Taken, Visit

__all__ = ["Cut", "Peer", "Reaction", "Taken", "Visit", "cut", "hang", "raw", "reply"]

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
    (RFC 2920) unless told otherwise, and answers each command as it comes to it, or `together`
    those that came together; or in `pieces` of so many octets.
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
        together: bool = False,
        pieces: int | None = None,
    ) -> None:
        self.tls = tls
        self.offers_smtputf8 = offers_smtputf8
        self.offers_auth = offers_auth
        self.size = size
        self.together = together
        self.pieces = pieces
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
            # Pieces go out as they are made.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
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
