"""`paperround explain`: why a reader got these papers, and not that one."""

from datetime import UTC, date, datetime
from typing import Annotated

import typer

from service import settings
from service.cli.clock import clock
from service.cli.explain_view import (
    print_trace,
    print_verdicts,
    trace_document,
    verdicts_document,
)
from service.cli.report import WorkFailed, print_json
from service.cli.rounds import AsJson, At
from service.explain.trace import trace
from service.explain.verdict import verdicts
from service.installation import open_installation
from service.mail.address import parse_address
from service.store import subscribers


def add_to(app: typer.Typer) -> None:
    app.command()(explain)


def explain(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The subscriber's address.")],
    paper: Annotated[
        str | None,
        typer.Argument(
            metavar="[PAPER]", help="A key, an arXiv id or address, or a part of a title."
        ),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option("--date", metavar="DATE", help="The reader's date. Default: today's."),
    ] = None,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """Tell why a reader got these papers, or why not that one.

    Facts are those on record; what had to be worked out again is marked recomputed. A PAPER
    without a date is looked for in every letter. Nothing changes.
    """
    address, day, now = parse_address(email), parse_date(on), clock(at)()
    with (
        open_installation(settings.load()) as installation,
        installation.database.read() as connection,
    ):
        known = subscribers.by_address(connection, address.normal)
        if known is None:
            raise WorkFailed(f"{email} is not a subscriber.")
        if paper is None:
            told = trace(connection, known, now, day)
            if as_json:
                print_json(trace_document(told))
            else:
                print_trace(told)
            return
        found = verdicts(connection, known, paper, now, day)
    if as_json:
        print_json(verdicts_document(known, paper, day, found))
    else:
        print_verdicts(known, paper, found)


def parse_date(text: str | None) -> date | None:
    """Read a date as typed after --date."""
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is not a date, as in 2026-08-21", param_hint="--date"
        ) from None
