"""`paperround subscribers`: add, import, list, show and remove."""

from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import Annotated, Literal

import typer

from service import consent, settings
from service.cli import csv_rows, subscriber_view
from service.cli.report import (
    WorkFailed,
    counts,
    notice,
    number,
    print_json,
    print_table,
    say,
)
from service.consent import SignUp
from service.domain.readers import Consent, Preferences
from service.domain.timetable import TimetableError, parse_hour, zone
from service.domain.topics import TopicError
from service.installation import Installation, open_installation
from service.mail.address import AddressError, parse_address
from service.store import consents, deliveries, subscribers

app = typer.Typer(help="Add, import, list, show and remove subscribers.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The subscriber's address.")]
Status = Literal["active", "pending"]

_WORDS = {
    SignUp.PENDING: "is added; a confirm letter goes out",
    SignUp.ACTIVE: "is added, and active",
    SignUp.ALREADY: "is a subscriber already; nothing was changed",
    SignUp.UNSUBSCRIBED: "has unsubscribed and is not revived; only its owner can sign up again",
    SignUp.SUPPRESSED: "is suppressed and is not revived",
}


@app.command()
def add(
    email: Email,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="The reader's name.")] = None,
    topic: Annotated[
        list[str] | None, typer.Option(metavar="QUERY", help="A topic; may be repeated.")
    ] = None,
    timezone: Annotated[
        str, typer.Option(metavar="ZONE", help="A time zone, as in Europe/Berlin.")
    ] = "UTC",
    send_at: Annotated[
        str, typer.Option(metavar="HH:MM", help="The hour on the reader's own clock.")
    ] = "07:00",
    max_papers: Annotated[
        int, typer.Option(metavar="N", min=1, max=50, help="At most so many papers a letter.")
    ] = 10,
    status: Annotated[
        Status, typer.Option(help="active: you vouch that the reader wants the letter.")
    ] = "pending",
    as_json: AsJson = False,
) -> None:
    """Add one subscriber.

    A pending one gets a letter that asks them to confirm. Who unsubscribed is never revived.
    """
    with open_installation(settings.load()) as installation:
        result = _add(
            installation,
            email=email,
            name=name,
            topics=topic or [],
            timezone=timezone,
            send_at=send_at,
            max_papers=max_papers,
            status=status,
            source=f"added by {_admin()}",
        )
    if as_json:
        print_json({"email": email, "result": result})
    if result not in (SignUp.PENDING, SignUp.ACTIVE):
        raise WorkFailed(f"{email} {_WORDS[result]}.")
    if not as_json:
        say(f"{email} {_WORDS[result]}.")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Comma-separated, UTF-8.")],
    as_json: AsJson = False,
) -> None:
    """Add many from a CSV file.

    Its header row names the columns: email, and any of name, topics (separated by |), timezone,
    send_at (HH:MM) and status (active or pending). A row that cannot be read is named and left.
    """
    rows = csv_rows.read(file)
    counted = dict.fromkeys(SignUp, 0)
    refused: list[dict[str, object]] = []
    with open_installation(settings.load()) as installation:
        for line, row in rows:
            try:
                result = _add_row(installation, row, f"imported from {file.name} by {_admin()}")
            except (AddressError, TimetableError, TopicError, ValueError) as error:
                which = f"topic {error.text!r}: " if isinstance(error, TopicError) else ""
                refused.append({"line": line, "reason": f"{which}{error}"})
                notice(f"{file.name}, line {line}: {which}{error}")
                continue
            counted[result] += 1
            if result not in (SignUp.PENDING, SignUp.ACTIVE):
                notice(f"{file.name}, line {line}: {row['email']} {_WORDS[result]}")
    if as_json:
        print_json(
            {result.value: count for result, count in counted.items()} | {"refused": refused}
        )
    else:
        shown = counts({result.value: count for result, count in counted.items()})
        say(f"Of {number(len(rows), 'row')}: {shown or 'nobody'}")
    if refused:
        raise WorkFailed(f"{len(refused)} of {number(len(rows), 'row')} could not be read.")


@app.command("list")
def list_(
    status: Annotated[Consent | None, typer.Option(help="Only those of this status.")] = None,
    as_json: AsJson = False,
) -> None:
    """List subscribers by address."""
    with (
        open_installation(settings.load()) as installation,
        installation.database.read() as connection,
    ):
        found = list(subscribers.every(connection, status))
    if as_json:
        print_json({"subscribers": [subscriber_view.brief(subscriber) for subscriber in found]})
        return
    if not found:
        say("There is no such subscriber." if status else "There is no subscriber yet.")
        return
    print_table(
        ("email", "status", "hour", "time zone", "topics"),
        [
            (
                s.email,
                s.status,
                f"{s.preferences.send_at:%H:%M}",
                s.preferences.timezone,
                " | ".join(wish.shown for wish in s.wishes) or "(trending)",
            )
            for s in found
        ],
    )


@app.command()
def show(email: Email, as_json: AsJson = False) -> None:
    """Show one subscriber, their consent and their letters."""
    address = parse_address(email)
    with (
        open_installation(settings.load()) as installation,
        installation.database.read() as connection,
    ):
        found = subscribers.by_address(connection, address.normal)
        if found is None:
            raise WorkFailed(f"{email} is not a subscriber.")
        letters = deliveries.of_subscriber(connection, found.subscriber_id)
        skip = deliveries.last_skip(connection, found.subscriber_id)
        history = consents.history(connection, found.subscriber_id)
    if as_json:
        print_json(subscriber_view.document(found, letters, skip, history))
    else:
        subscriber_view.print_out(found, letters, skip, history)


@app.command()
def remove(email: Email, as_json: AsJson = False) -> None:
    """Erase a subscriber; what stays names nobody."""
    address, source = parse_address(email), f"removed by {_admin()}"
    with open_installation(settings.load()) as installation:
        if not consent.erase(installation, address, datetime.now(UTC), source=source):
            raise WorkFailed(f"{email} is not a subscriber.")
    if as_json:
        print_json({"email": email, "removed": True})
    else:
        say(f"{email} is erased.")


def _add_row(installation: Installation, row: csv_rows.Row, source: str) -> SignUp:
    if None in row:
        raise ValueError("the row has more cells than the header; quote those with a comma")
    status = row.get("status") or "pending"
    if status not in ("active", "pending"):
        raise ValueError(f"status {status!r} is neither active nor pending")
    return _add(
        installation,
        email=row.get("email", ""),
        name=row.get("name"),
        topics=row.get("topics", "").split("|"),
        timezone=row.get("timezone") or "UTC",
        send_at=row.get("send_at") or "07:00",
        max_papers=10,
        status=status,
        source=source,
    )


def _add(
    installation: Installation,
    *,
    email: str,
    name: str | None,
    topics: list[str],
    timezone: str,
    send_at: str,
    max_papers: int,
    status: str,
    source: str,
) -> SignUp:
    address = parse_address(email)
    hour = parse_hour(send_at)
    zone(timezone)
    return consent.add(
        installation,
        address,
        consent.wishes_of(topics),
        Preferences(timezone, hour, max_papers, name or None),
        datetime.now(UTC),
        source=source,
        vouched=status == "active",
    )


def _admin() -> str:
    try:
        return getuser()
    except (OSError, KeyError):
        return "an admin"
