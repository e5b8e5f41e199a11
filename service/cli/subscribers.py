"""`paperround subscribers`: add, import, list, show and remove."""

from collections.abc import Sequence
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import Annotated, Literal

import typer

from service import consent, settings
from service.cli import csv_rows, subscriber_view
from service.cli.change import change
from service.cli.options import (
    AsJson,
    Email,
    Follow,
    MaxPapers,
    MinUpvotes,
    Mute,
    Name,
    SendAt,
    Timezone,
    Topics,
)
from service.cli.pause import pause, resume
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
from service.domain.filters import Filters, filters_of
from service.domain.readers import Consent, Preferences, address_hash
from service.domain.timetable import TimetableError, parse_hour, zone
from service.domain.topics import TopicError
from service.domain.wishes import Wish, wishes_of
from service.installation import Installation, open_installation
from service.mail.address import AddressError, parse_address
from service.store import consents, deliveries, letters, subscribers, suppressions
from service.store.letters import Which

app = typer.Typer(help="Add, import, change, pause, show and remove readers.", no_args_is_help=True)
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
    name: Name = None,
    topic: Topics = None,
    mute: Mute = None,
    follow: Follow = None,
    min_upvotes: MinUpvotes = None,
    timezone: Timezone = None,
    send_at: SendAt = None,
    max_papers: MaxPapers = None,
    status: Annotated[
        Status, typer.Option(help="active: you vouch that the reader wants the letter.")
    ] = "pending",
    as_json: AsJson = False,
) -> None:
    """Add one subscriber.

    A pending one gets a letter that asks them to confirm. Who unsubscribed is never revived. By
    default letters come at 07:00 UTC, with at most 10 papers.
    """
    with open_installation(settings.load()) as installation:
        result = _add(
            installation,
            email=email,
            wishes=wishes_of(topic or ()),
            preferences=_preferences(
                timezone,
                send_at,
                max_papers,
                name,
                filters_of(mute or (), follow or (), min_upvotes or 0),
            ),
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

    Its header row names the columns: email, and any of name, topics, mutes, follows (each
    separated by |; a topic may be LABEL = QUERY), min_upvotes, timezone, send_at (HH:MM) and
    status (active or pending). A row that cannot be read is named and left.
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


app.command()(change)
app.command()(pause)
app.command()(resume)


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
                " | ".join(wish.shown for wish in s.wishes if wish.enabled) or "(trending)",
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
        sent = letters.newest_first(connection, Which(subscriber_id=found.subscriber_id), 30)
        suppression = suppressions.noted(connection, address_hash(address.normal))
        skip = deliveries.last_skip(connection, found.subscriber_id)
        history = consents.history(connection, found.subscriber_id)
    if as_json:
        print_json(subscriber_view.document(found, sent, skip, history, suppression))
    else:
        subscriber_view.print_out(found, sent, skip, history, suppression)


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
    least = row.get("min_upvotes") or "0"
    if not least.isdecimal():
        raise ValueError(f"min_upvotes {least!r} is not a number")
    mutes, follows = (row.get(name, "").split("|") for name in ("mutes", "follows"))
    return _add(
        installation,
        email=row.get("email", ""),
        wishes=wishes_of(row.get("topics", "").split("|")),
        preferences=_preferences(
            row.get("timezone") or None,
            row.get("send_at") or None,
            None,
            row.get("name"),
            filters_of(mutes, follows, int(least)),
        ),
        status=status,
        source=source,
    )


def _preferences(
    timezone: str | None,
    send_at: str | None,
    max_papers: int | None,
    name: str | None,
    filters: Filters,
) -> Preferences:
    """Return preferences as typed; what was not is as by default."""
    usual = Preferences()
    if timezone is not None:
        zone(timezone)
    return Preferences(
        usual.timezone if timezone is None else timezone,
        usual.send_at if send_at is None else parse_hour(send_at),
        usual.max_papers if max_papers is None else max_papers,
        name or None,
        filters,
    )


def _add(
    installation: Installation,
    *,
    email: str,
    wishes: Sequence[Wish],
    preferences: Preferences,
    status: str,
    source: str,
) -> SignUp:
    return consent.add(
        installation,
        parse_address(email),
        wishes,
        preferences,
        datetime.now(UTC),
        source=source,
        vouched=status == "active",
    )


def _admin() -> str:
    try:
        return getuser()
    except (OSError, KeyError):
        return "an admin"
