"""One SMTP connection (RFC 5321), on which letters go out one behind another."""

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import NamedTuple, cast

import aiosmtplib

from service.domain.policy import Outcome, Result, Stage, judge
from service.domain.route import Route, Tls
from service.mail.plain import one_line
from service.mail.wire import Lost, Reply, Wire

_REPLY_KEPT = 500
_QUIT_SECONDS = 5
_NO_SMTPUTF8 = (
    "the SMTP server does not offer SMTPUTF8, which an address needs that has letters outside "
    "ASCII before its @"
)
_UNHEARD = Outcome(Result.DEFERRED, Stage.MAIL, None, "the connection ended with the letter before")


@dataclass(frozen=True, slots=True)
class Parcel:
    """A letter ready for the wire, in its envelope.

    It has CRLF line ends, ends in one, and has no line that begins with a dot (RFC 5321 §4.5.2).
    """

    sender: str
    recipient: str
    letter: bytes


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait, in seconds, for each reply, and for the system to take what is sent
    (`block`) (RFC 5321 §4.5.3.2).
    """

    connect: float = 60
    greeting: float = 300
    command: float = 300
    data: float = 120
    block: float = 180
    dot: float = 600


@dataclass(frozen=True, slots=True)
class Span:
    """How many letters go over one connection, and for how many seconds it is given more."""

    letters: int = 1000
    seconds: float = 300


class _Verb(NamedTuple):
    """A command of an envelope, and how long its reply may take and which let the letter go on."""

    stage: Stage
    seconds: float
    wanted: tuple[int, ...]


# Commands in their order, each as it is written.
_Envelope = Sequence[tuple[_Verb, bytes]]


class Session:
    """A connection to the route: opened, then `offer` for the first letter and `deliver` for each.

    A letter whose offer is taken must be delivered next, or the connection dropped: the server
    waits for its body, and a lone dot would deliver an empty letter. `pipelines` says whether the
    server takes commands in one go (RFC 2920).
    """

    def __init__(self, route: Route, timeouts: Timeouts, span: Span | None = None) -> None:
        self._route = route
        self._timeouts = timeouts
        self._span = span or Span()
        self._client = aiosmtplib.SMTP(
            hostname=route.host,
            port=route.port,
            use_tls=route.tls is Tls.IMPLICIT,
            # False, never None: None would fall back to clear text where STARTTLS is not offered.
            start_tls=False,
            tls_context=None if route.tls is Tls.NONE else ssl.create_default_context(),
            timeout=timeouts.connect,
        )
        self._mail = _Verb(Stage.MAIL, timeouts.command, (250,))
        self._rcpt = _Verb(Stage.RCPT, timeouts.command, (250, 251))
        self._data = _Verb(Stage.DATA, timeouts.data, (354,))
        self.pipelines = False
        self._wire: Wire | None = None
        self._opened_at = 0.0
        self._offered = 0
        self._reset_first = False
        self._body_due = False

    @property
    def connected(self) -> bool:
        return self._wire is not None and self._wire.usable

    @property
    def lasts(self) -> bool:
        """Whether another letter may be offered on this connection."""
        age = monotonic() - self._opened_at
        return age < self._span.seconds and self._offered < self._span.letters and self.connected

    async def open(self) -> Outcome | None:
        """Connect, make the connection private as the route asks, and log in.

        One that is open is closed first. Returns what went wrong, at the step that failed; None
        when letters can be offered.
        """
        await self.close()
        stage = Stage.CONNECT
        try:
            await self._client.connect(timeout=self._timeouts.connect)
            stage = Stage.GREETING
            await self._client.ehlo(timeout=self._timeouts.greeting)
            if self._route.tls is Tls.STARTTLS:
                await self._client.starttls(timeout=self._timeouts.command)
                await self._client.ehlo(timeout=self._timeouts.command)
            if self._route.username and self._route.password:
                stage = Stage.AUTH
                await self._client.login(
                    self._route.username, self._route.password, timeout=self._timeouts.command
                )
        # A bad certificate surfaces as a bare ssl error.
        except (aiosmtplib.SMTPException, OSError) as error:
            self.drop()
            return _trouble(error, stage)
        self._wire = Wire(cast(asyncio.Transport, self._client.transport), self._timeouts.block)
        self._opened_at = monotonic()
        self._offered, self._reset_first, self._body_due = 0, False, False
        self.pipelines = self._client.supports_extension("pipelining")
        return None

    async def offer(self, parcel: Parcel) -> Outcome | None:
        """Offer a letter: MAIL, RCPT and DATA. Returns what the server, or we, have against it;
        None when the server waits for its body.
        """
        if (unfit := self._unfit(parcel)) is not None:
            return unfit
        envelope = self._envelope(parcel)
        self._send((), self._ahead(envelope))
        return await self._verdict(envelope)

    async def deliver(
        self, letter: bytes, following: Parcel | None = None
    ) -> tuple[Outcome, Outcome | None]:
        """Send the body of the letter whose offer was taken, and offer the following one with it.

        Returns what the server said of the letter, and what `offer` returns of the following. From
        here on silence means uncertainty: the server may have taken the letter.
        """
        unheard = None if following is None else _UNHEARD
        unfit = None if following is None else self._unfit(following)
        envelope = self._envelope(following) if following is not None and unfit is None else ()
        self._body_due = False
        try:
            self._send((letter, b".\r\n"), self._ahead(envelope))
            outcome = self._judged(await self._reply(self._timeouts.dot), Stage.BODY)
        except Lost as lost:
            self.drop()
            return Outcome(Result.UNCERTAIN, Stage.BODY, None, _readable(str(lost))), unheard
        if not self.connected:
            return outcome, unheard
        return outcome, unfit or await self._verdict(envelope)

    async def close(self) -> None:
        """Say QUIT and close; a server that is gone already is no trouble.

        One that waits for a body would take QUIT for its first line: it is told nothing.
        """
        if self._wire is not None and self._wire.usable and not self._body_due:
            self._wire.hand_back()
            with suppress(aiosmtplib.SMTPException, OSError):
                await self._client.quit(timeout=_QUIT_SECONDS)
        self.drop()

    def drop(self) -> None:
        """Cut the connection without a word: a letter begun on it is not delivered."""
        transport = self._client.transport
        if transport is not None:
            # close() would first flush what is written, and a dot might be in it.
            getattr(transport, "abort", transport.close)()
        self._client.close()
        self._wire = None

    def _unfit(self, parcel: Parcel) -> Outcome | None:
        """Return why this letter cannot go to this server at all, as far as EHLO told."""
        offers = self._client.esmtp_extensions
        if not parcel.recipient.isascii() and not {"smtputf8", "8bitmime"} <= offers.keys():
            return Outcome(Result.REFUSED, Stage.RCPT, None, _NO_SMTPUTF8)
        most = offers.get("size", "")
        # Nought stands for no fixed limit (RFC 1870 §3).
        if most.isdecimal() and 0 < int(most) < len(parcel.letter):
            words = f"the letter has {len(parcel.letter):,} octets; the server takes {int(most):,}"
            return Outcome(Result.REFUSED, Stage.MAIL, None, words)
        return None

    def _envelope(self, parcel: Parcel) -> _Envelope:
        options = b""
        if "size" in self._client.esmtp_extensions:
            options = b" SIZE=%d" % len(parcel.letter)
        if not parcel.recipient.isascii():
            options += b" SMTPUTF8 BODY=8BITMIME"
        commands = [
            (self._mail, b"MAIL FROM:<%b>%b\r\n" % (parcel.sender.encode("ascii"), options)),
            (self._rcpt, b"RCPT TO:<%b>\r\n" % parcel.recipient.encode()),
            (self._data, b"DATA\r\n"),
        ]
        if self._reset_first:
            commands.insert(0, (self._mail, b"RSET\r\n"))
        self._offered, self._reset_first = self._offered + 1, False
        return commands

    def _ahead(self, envelope: _Envelope) -> list[bytes]:
        """Return what is written before any reply is read."""
        return [octets for _, octets in envelope] if self.pipelines else []

    def _send(self, body: Sequence[bytes], commands: Sequence[bytes]) -> None:
        """Write a body, if there is one, and commands behind it, all in one go."""
        if self._wire is not None and (body or commands):
            self._wire.send([*body, *commands], bool(body) + len(commands))

    async def _reply(self, seconds: float) -> Reply:
        if self._wire is None:
            raise Lost("the connection is closed")
        return self._wire.heard() or await self._wire.reply(seconds)

    def _judged(self, reply: Reply, stage: Stage) -> Outcome:
        """Judge a reply, and hang up where none that follows could be relied on."""
        # After 421 the server closes; a 3xx out of place answers another command than ours.
        if reply.code == 421 or (reply.code // 100 == 3 and stage is not Stage.DATA):
            self.drop()
        return _outcome(*reply, stage)

    async def _verdict(self, envelope: _Envelope) -> Outcome | None:
        """Read the replies to an envelope; return the first that is a refusal, or trouble."""
        refusal: Outcome | None = None
        for verb, octets in envelope:
            try:
                if not self.pipelines:
                    self._send((), (octets,))
                reply = await self._reply(verb.seconds)
            except Lost as lost:
                self.drop()
                return refusal or Outcome(Result.DEFERRED, verb.stage, None, _readable(str(lost)))
            if reply.code not in verb.wanted:
                judged = self._judged(reply, verb.stage)
                refusal = refusal or judged
                if refusal.concerns_route:
                    self.drop()
            elif refusal is not None and verb.stage is Stage.DATA:
                # It waits for a body that nobody may get.
                self.drop()
            # The refusal stands, whatever becomes of the connection.
            if refusal is not None and not (self.connected and self.pipelines):
                break
        self._reset_first = refusal is not None
        self._body_due = bool(envelope) and refusal is None
        return refusal


def _outcome(code: int, text: str, stage: Stage) -> Outcome:
    outcome = judge(code, stage, _readable(text))
    if outcome.result is Result.ACCEPTED and stage is not Stage.BODY:
        # Only the reply to the dot takes a letter on; any other success is a confused server.
        return Outcome(Result.DEFERRED, stage, code, outcome.text)
    return outcome


def _trouble(error: Exception, stage: Stage) -> Outcome:
    if isinstance(error, aiosmtplib.SMTPResponseException) and error.code > 0:
        return _outcome(error.code, error.message, stage)
    return Outcome(Result.DEFERRED, stage, None, _readable(str(error)) or type(error).__name__)


def _readable(text: str) -> str:
    # What a server says is stored and shown: no NUL, which PostgreSQL refuses, and no escapes.
    return "\n".join(map(one_line, text.split("\n")))[:_REPLY_KEPT]
