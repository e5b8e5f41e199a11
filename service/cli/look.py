"""`paperround status` and `preview`: look, and change nothing."""

import sys
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Annotated, Any

import typer

from service import fetching, pipeline, settings
from service.cli.clock import clock
from service.cli.report import WorkFailed, notice, print_json, print_table, say
from service.domain.digests import Skipped
from service.installation import open_installation
from service.mail.address import parse_address
from service.store import deliveries, editions, papers, subscribers


def add_to(app: typer.Typer) -> None:
    for command in (status, preview):
        app.command()(command)


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Count papers, editions, subscribers and deliveries, and say how the sources are doing."""
    installation = open_installation(settings.load())
    sources = fetching.reports(installation.database, installation.sources, clock(None)())
    with installation.database.read() as connection:
        books = deliveries.books(connection)
        report = {
            "papers": papers.count(connection),
            "editions": editions.count(connection),
            "subscribers": subscribers.count_by_status(connection),
            "deliveries": books.by_status,
            "books": {"planned": books.planned, "balanced": books.balanced},
            "sources": [_source(told) for told in sources],
        }
    if as_json:
        print_json(report)
        return
    say(f"{report['papers']} papers in {report['editions']} editions")
    for noun in ("subscribers", "deliveries"):
        counts = report[noun]
        assert isinstance(counts, dict)
        print_table((noun, ""), list(counts.items()))
    if sources:
        columns = ("source", "is", "day", "papers", "asked", "error")
        print_table(columns, [[*_source(told).values()] for told in sources])
    say("The books balance." if books.balanced else "The books do not balance!")


def _source(told: fetching.Report) -> dict[str, Any]:
    polled = told.polled
    asked = polled.polled_at if polled else None
    return {
        "source": told.source,
        "condition": told.condition.value,
        "day": told.day,
        "papers": told.papers,
        "asked": asked.isoformat(timespec="minutes") if asked else None,
        "error": polled.error if polled else None,
    }


def preview(
    email: Annotated[str, typer.Argument(help="The subscriber's address.")],
    html: Annotated[bool, typer.Option("--html", help="Print the HTML part.")] = False,
    text: Annotated[bool, typer.Option("--text", help="Print the text part (default).")] = False,
    eml: Annotated[bool, typer.Option("--eml", help="Print the whole message.")] = False,
) -> None:
    """Print the letter a reader would get now. Nothing is sent and nothing changes."""
    if html + text + eml > 1:
        raise typer.BadParameter("give one of --html, --text and --eml")
    installation = open_installation(settings.load())
    address = parse_address(email)
    with installation.database.read() as connection:
        known = subscribers.by_address(connection, address.normal)
    if known is None:
        raise WorkFailed(f"{email} is not a subscriber.")
    letter = pipeline.preview(installation, known.subscriber_id, clock(None)())
    if letter is None:
        notice(
            f"{email} is {known.status}: no letter would come."
            if known.status != "active"
            else f"{email} has had a letter today."
        )
    elif isinstance(letter, Skipped):
        notice(f"No letter would come: {letter.reason.replace('_', ' ')}.")
    elif eml:
        sys.stdout.buffer.write(letter)
    else:
        message = BytesParser(EmailMessage, policy=policy.default).parsebytes(letter)
        part = message.get_body(("html" if html else "plain",))
        assert part is not None
        sys.stdout.write(part.get_content())
