"""`paperround subscribers pause` and `resume`: no letters for a while, set by an admin."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated

import typer
from sqlalchemy import Connection

from service import settings
from service.cli import subscriber_view
from service.cli.options import AsJson, Email
from service.cli.report import WorkFailed, print_json, say
from service.domain.pauses import PauseError, Span, end_of, parse_end
from service.domain.readers import Consent, Subscriber
from service.installation import open_installation
from service.mail.address import parse_address
from service.readers import pausing
from service.store import subscribers

_NO_LETTERS = {
    Consent.PENDING: "has not confirmed yet, so no letters come",
    Consent.UNSUBSCRIBED: "has unsubscribed, so no letters come",
}


def pause(
    email: Email,
    until: Annotated[
        str | None,
        typer.Option(metavar="YYYY-MM-DD", help="The day letters come again; default: in a week."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Stop a subscriber's letters for a while.

    They start again by themselves."""

    def end(today: date) -> date:
        return end_of(Span.WEEK, today) if until is None else parse_end(until, today)

    with open_installation(settings.load()) as installation:
        try:
            paused = pausing.pause(
                installation, _held(email), end, datetime.now(UTC), source="admin"
            )
        except PauseError as error:
            raise typer.BadParameter(str(error), param_hint="'--until'") from None
    _tell(email, paused, as_json)


def resume(email: Email, as_json: AsJson = False) -> None:
    """Start the letters again of a subscriber who pauses."""
    with open_installation(settings.load()) as installation:
        resumed = pausing.resume(installation, _held(email), datetime.now(UTC), source="admin")
    _tell(email, resumed, as_json)


def _held(email: str) -> Callable[[Connection], Subscriber | None]:
    address = parse_address(email)
    return lambda connection: subscribers.by_address(connection, address.normal, hold=True)


def _tell(email: str, reader: Subscriber | None, as_json: bool) -> None:
    if reader is None:
        raise WorkFailed(f"{email} is not a subscriber.")
    if reader.status in _NO_LETTERS:
        raise WorkFailed(f"{email} {_NO_LETTERS[reader.status]}; nothing was changed.")
    if as_json:
        print_json(subscriber_view.brief(reader))
    elif reader.status is Consent.PAUSED:
        say(f"{email} gets no letters until {reader.paused_until}.")
    else:
        say(f"{email} gets letters.")
