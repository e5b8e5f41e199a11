"""`paperround preview`: a reader's next letter, printed, opened or sent as a trial."""

import asyncio
import sys
import tempfile
import webbrowser
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Annotated

import typer

from service import one_reader, settings
from service.cli.clock import clock
from service.cli.report import WorkFailed, notice, say
from service.domain.digests import SkipReason
from service.domain.policy import Result
from service.installation import Installation, open_installation
from service.mail.address import Address, parse_address
from service.mail.headers import envelope_sender
from service.mail.sender import send_alone
from service.mail.smtp import Parcel
from service.store import subscribers

_TEST = "[Test] "


def add_to(app: typer.Typer) -> None:
    app.command()(preview)


def preview(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The subscriber's address.")],
    html: Annotated[bool, typer.Option("--html", help="Print the HTML part.")] = False,
    text: Annotated[bool, typer.Option("--text", help="Print the text part (default).")] = False,
    eml: Annotated[bool, typer.Option("--eml", help="Print the whole message.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write to a file what would be printed."),
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open the letter in a browser.")] = False,
    send_to: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Send it to an address, marked as a test."),
    ] = None,
) -> None:
    """Show the letter a reader would get now.

    Nothing is recorded and nothing changes. Where no letter would come, the reason is printed on
    standard error. One that is sent as a test carries no link of the reader's own.
    """
    if html + text + eml + show + (send_to is not None) > 1:
        raise typer.BadParameter("give one of --html, --text, --eml, --open and --send-to")
    if out is not None and (show or send_to is not None):
        raise typer.BadParameter("--out goes with --html, --text or --eml")
    address = parse_address(email)
    tester = parse_address(send_to) if send_to is not None else None
    chosen = settings.load()
    if tester is not None:
        chosen.check_ready_to_deliver()
    with open_installation(chosen) as installation:
        letter = _next_letter(installation, address, tester)
        if letter is None:
            return
        if tester is not None:
            _send(installation, letter, tester)
            return
    content = letter if eml else _part_of(letter, "html" if html or show else "plain")
    if show:
        _open(content)
    elif out is not None:
        out.write_bytes(content)
    elif eml:
        sys.stdout.buffer.write(content)
    else:
        sys.stdout.write(content.decode())


def _next_letter(
    installation: Installation, address: Address, tester: Address | None
) -> bytes | None:
    """Return the reader's next letter, or say why there is none."""
    with installation.database.read() as connection:
        known = subscribers.by_address(connection, address.normal)
    if known is None:
        raise WorkFailed(f"{address.shown} is not a subscriber.")
    letter = one_reader.preview(
        installation,
        known.subscriber_id,
        clock(None)(),
        recipient=tester.shown if tester else None,
        subject_prefix=_TEST if tester else "",
    )
    if isinstance(letter, bytes):
        return letter
    if isinstance(letter, SkipReason):
        words = f"No letter would come: {letter.words}."
    elif known.status != "active":
        words = f"{address.shown} is {known.status}: no letter would come."
    else:
        words = f"No letter would come: today's for {address.shown} is planned already."
    if tester is not None:
        raise WorkFailed(words)
    notice(words)
    return None


def _part_of(letter: bytes, kind: str) -> bytes:
    message = BytesParser(EmailMessage, policy=policy.default).parsebytes(letter)
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).encode()


def _open(html: bytes) -> None:
    # It stays there: the browser reads it when it likes.
    with tempfile.NamedTemporaryFile(prefix="paperround-", suffix=".html", delete=False) as file:
        file.write(html)
    page = Path(file.name)
    say(f"The letter is in {page}.")
    if not webbrowser.open(page.as_uri()):
        notice("No browser could be started here: open that file yourself.")


def _send(installation: Installation, letter: bytes, tester: Address) -> None:
    message = BytesParser(EmailMessage, policy=policy.default).parsebytes(letter)
    token = str(message["Message-ID"]).strip("<>").partition("@")[0]
    sender = envelope_sender(token, installation.house.address)
    outcome = asyncio.run(send_alone(installation.route, Parcel(sender, tester.wire, letter)))
    said = " ".join(filter(None, (str(outcome.code or ""), outcome.text)))
    if outcome.result is not Result.ACCEPTED:
        raise WorkFailed(f"The test was not taken by {installation.route}: {said}")
    say(f"Sent to {tester.shown} through {installation.route}: {said}")
