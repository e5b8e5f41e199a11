"""One SMTP connection (RFC 5321), on which letters go out one after another."""

import ssl
from dataclasses import dataclass

import aiosmtplib
from aiosmtplib import SMTPResponse

from service.domain.policy import Outcome, Result, Stage, judge
from service.domain.route import Route, Tls
from service.mail.plain import one_line

_REPLY_KEPT = 500
_NO_SMTPUTF8 = (
    "the SMTP server does not offer SMTPUTF8, which an address needs that has letters outside "
    "ASCII before its @"
)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait, in seconds, for each reply (RFC 5321 §4.5.3.2)."""

    connect: float = 60
    greeting: float = 300
    command: float = 300
    data: float = 120
    body: float = 600


class RouteTrouble(Exception):
    """The server, or the way to it, fails us as a whole; no single letter is to blame."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.text)
        self.outcome = outcome


class LetterRefused(Exception):
    """The server did not take this letter's envelope; the connection is good for the next."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.text)
        self.outcome = outcome


class Session:
    """A connection to the route: opened once, then `envelope` and `body` for each letter."""

    def __init__(self, route: Route, timeouts: Timeouts) -> None:
        self._route = route
        self._timeouts = timeouts
        self._client = aiosmtplib.SMTP(
            hostname=route.host,
            port=route.port,
            use_tls=route.tls is Tls.IMPLICIT,
            # False, never None: None would fall back to clear text where STARTTLS is not offered.
            start_tls=False,
            tls_context=None if route.tls is Tls.NONE else ssl.create_default_context(),
            timeout=timeouts.connect,
        )

    @property
    def connected(self) -> bool:
        return self._client.is_connected

    async def open(self) -> None:
        """Connect, make the connection private as the route asks, and log in.

        Raises RouteTrouble with the step that failed.
        """
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
            raise RouteTrouble(_trouble(error, stage)) from error

    async def envelope(self, sender: str, recipient: str) -> None:
        """Offer a letter: MAIL, RCPT and DATA. On return the server waits for the body.

        Raises LetterRefused where RCPT or DATA was answered with a refusal that concerns this
        letter, or where the recipient's address needs SMTPUTF8 (RFC 6531) and the server does not
        offer it; and RouteTrouble for all else, a lost connection included.
        """
        options = b""
        if not recipient.isascii():
            if not self._client.supports_extension("smtputf8"):
                raise LetterRefused(Outcome(Result.REFUSED, Stage.RCPT, None, _NO_SMTPUTF8))
            options = b" SMTPUTF8 BODY=8BITMIME"
        stage = Stage.MAIL
        try:
            reply = await self._command(b"MAIL FROM:<" + sender.encode("ascii") + b">" + options)
            if reply.code != 250:
                self.drop()
                raise RouteTrouble(_outcome(reply, stage))
            stage = Stage.RCPT
            reply = await self._command(b"RCPT TO:<" + recipient.encode() + b">")
            if reply.code not in (250, 251):
                await self._refused(reply, stage)
            stage = Stage.DATA
            reply = await self._client.execute_command(b"DATA", timeout=self._timeouts.data)
            if reply.code != 354:
                await self._refused(reply, stage)
        except (aiosmtplib.SMTPException, OSError) as error:
            self.drop()
            raise RouteTrouble(_trouble(error, stage)) from error

    async def body(self, letter: bytes) -> Outcome:
        """Send the body and return what the server said of it.

        `letter` has CRLF line ends, ends in one, and has no line that begins with a dot (RFC 5321
        §4.5.2). From here on silence means uncertainty: the server may have taken the letter.
        """
        protocol = self._client.protocol
        try:
            if protocol is None:
                raise aiosmtplib.SMTPServerDisconnected("Connection lost")
            protocol.write(letter + b".\r\n")
            reply = await protocol.read_response(timeout=self._timeouts.body)
        except (aiosmtplib.SMTPException, OSError) as error:
            self.drop()
            return Outcome(Result.UNCERTAIN, Stage.BODY, None, _words(error))
        outcome = _outcome(reply, Stage.BODY)
        if outcome.code == 421:
            self.drop()
        return outcome

    async def close(self) -> None:
        """Say QUIT and close; a server that is gone already is no trouble."""
        if self._client.is_connected:
            try:
                await self._client.quit(timeout=5)
            except (aiosmtplib.SMTPException, OSError):
                self.drop()

    def drop(self) -> None:
        """Cut the connection without a word: a letter begun on it is not delivered."""
        transport = self._client.transport
        if transport is not None:
            # close() would first flush what is written, and a dot might be in it.
            getattr(transport, "abort", transport.close)()
        self._client.close()

    async def _command(self, line: bytes) -> SMTPResponse:
        return await self._client.execute_command(line, timeout=self._timeouts.command)

    async def _refused(self, reply: SMTPResponse, stage: Stage) -> None:
        outcome = _outcome(reply, stage)
        if outcome.concerns_route:
            self.drop()
            raise RouteTrouble(outcome)
        # The refusal stands, whatever becomes of the connection.
        try:
            good = (await self._command(b"RSET")).code == 250
        except (aiosmtplib.SMTPException, OSError):
            good = False
        if not good:
            self.drop()
        raise LetterRefused(outcome)


def _outcome(reply: SMTPResponse, stage: Stage) -> Outcome:
    outcome = judge(reply.code, stage, _readable(reply.message))
    if outcome.result is Result.ACCEPTED and stage is not Stage.BODY:
        # Only the reply to the dot takes a letter on; any other success is a confused server.
        return Outcome(Result.DEFERRED, stage, reply.code, outcome.text)
    return outcome


def _trouble(error: Exception, stage: Stage) -> Outcome:
    if isinstance(error, aiosmtplib.SMTPResponseException) and error.code > 0:
        return _outcome(SMTPResponse(error.code, error.message), stage)
    return Outcome(Result.DEFERRED, stage, None, _words(error))


def _words(error: Exception) -> str:
    return _readable(str(error)) or type(error).__name__


def _readable(text: str) -> str:
    # What a server says is stored and shown: no NUL, which PostgreSQL refuses, and no escapes.
    return "\n".join(map(one_line, text.split("\n")))[:_REPLY_KEPT]
