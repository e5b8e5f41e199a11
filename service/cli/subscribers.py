"""`paperround subscribers`: add, import, list, show and remove."""

import csv
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from service import consent, settings
from service.cli.report import WorkFailed, notice, print_json, print_table, say
from service.consent import SignUp
from service.domain.readers import Consent, Preferences, Subscriber
from service.domain.timetable import TimetableError, parse_hour, zone
from service.domain.topics import TopicError
from service.installation import Installation, open_installation
from service.mail.address import AddressError, parse_address
from service.store import deliveries, subscribers

app = typer.Typer(help="Manage subscribers.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Status = Literal["active", "pending"]

_WORDS = {
    SignUp.PENDING: "is added; a confirm letter goes out",
    SignUp.ACTIVE: "is added, and active",
    SignUp.ALREADY: "is a subscriber already; nothing was changed",
    SignUp.UNSUBSCRIBED: "has unsubscribed and is not revived; only its owner can sign up again",
    SignUp.SUPPRESSED: "is suppressed and is not revived",
}
_COLUMNS = ("email", "name", "topics", "timezone", "send_at", "status")


@app.command()
def add(
    email: str,
    name: Annotated[str | None, typer.Option(help="The reader's name.")] = None,
    topic: Annotated[list[str] | None, typer.Option(help="A topic; may be repeated.")] = None,
    timezone: Annotated[str, typer.Option(help="An IANA time zone.")] = "UTC",
    send_at: Annotated[str, typer.Option(help="The hour on the reader's clock, HH:MM.")] = "07:00",
    max_papers: Annotated[int, typer.Option(min=1, max=50, help="Papers a letter.")] = 10,
    status: Annotated[
        Status, typer.Option(help="active: you vouch for the reader's consent.")
    ] = "pending",
    as_json: AsJson = False,
) -> None:
    """Add one subscriber."""
    installation = open_installation(settings.load())
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
    file: Annotated[Path, typer.Argument(help="A CSV file with a header row.")],
    as_json: AsJson = False,
) -> None:
    """Add many from a CSV file: email and any of name, topics (a|b), timezone, send_at, status."""
    rows = _read_csv(file)
    installation = open_installation(settings.load())
    counted = dict.fromkeys(SignUp, 0)
    refused: list[dict[str, object]] = []
    for line, row in rows:
        status = row.get("status") or "pending"
        try:
            if status not in ("active", "pending"):
                raise ValueError(f"status {status!r} is neither active nor pending")
            result = _add(
                installation,
                email=row.get("email", ""),
                name=row.get("name"),
                topics=row.get("topics", "").split("|"),
                timezone=row.get("timezone") or "UTC",
                send_at=row.get("send_at") or "07:00",
                max_papers=10,
                status=status,
                source=f"imported from {file.name} by {_admin()}",
            )
        except (AddressError, TimetableError, TopicError, ValueError) as error:
            refused.append({"line": line, "reason": str(error)})
            notice(f"{file.name}, line {line}: {error}")
            continue
        counted[result] += 1
        if result not in (SignUp.PENDING, SignUp.ACTIVE):
            notice(f"{file.name}, line {line}: {row['email']} {_WORDS[result]}")
    if as_json:
        print_json(
            {result.value: count for result, count in counted.items()} | {"refused": refused}
        )
    else:
        say(", ".join(f"{count} {result}" for result, count in counted.items() if count) or "none")
    if refused:
        raise WorkFailed(f"{len(refused)} of {len(rows)} rows could not be read.")


@app.command("list")
def list_(
    status: Annotated[Consent | None, typer.Option(help="Only those of this status.")] = None,
    as_json: AsJson = False,
) -> None:
    """List subscribers by address."""
    with open_installation(settings.load()).database.read() as connection:
        found = list(subscribers.every(connection, status))
    if as_json:
        print_json({"subscribers": [_brief(subscriber) for subscriber in found]})
        return
    print_table(
        ("email", "status", "hour", "zone", "topics"),
        [
            (
                s.email,
                s.status,
                f"{s.preferences.send_at:%H:%M}",
                s.preferences.timezone,
                " · ".join(wish.shown for wish in s.wishes) or "(trending)",
            )
            for s in found
        ],
    )


@app.command()
def show(email: str, as_json: AsJson = False) -> None:
    """Show one subscriber: what they asked for, and what became of their letters."""
    address = parse_address(email)
    with open_installation(settings.load()).database.read() as connection:
        found = subscribers.by_address(connection, address.normal)
        if found is None:
            raise WorkFailed(f"{email} is not a subscriber.")
        letters = deliveries.of_subscriber(connection, found.subscriber_id)
        skip = deliveries.last_skip(connection, found.subscriber_id)
        history = subscribers.consent_history(connection, found.subscriber_id)
    if as_json:
        print_json(
            _brief(found)
            | {
                "max_papers": found.preferences.max_papers,
                "queries": [wish.query for wish in found.wishes],
                "created_at": found.created_at.isoformat(),
                "confirmed_at": found.confirmed_at and found.confirmed_at.isoformat(),
                "consent": [
                    {"at": event.at.isoformat(), "event": event.event, "source": event.source}
                    for event in history
                ],
                "letters": [
                    {
                        "kind": letter.kind,
                        "date": letter.local_date,
                        "status": letter.status,
                        "attempts": letter.attempts,
                        "reply": letter.reply,
                    }
                    for letter in letters
                ],
                "last_skip": skip
                and {
                    "date": skip.local_date,
                    "reason": skip.reason,
                    "papers": [skip.seq_from, skip.seq_to],
                },
            }
        )
        return
    chosen = found.preferences
    say(f"{found.email}{f' ({found.name})' if found.name else ''}: {found.status}")
    say(f"  at {chosen.send_at:%H:%M}, {chosen.timezone}, up to {chosen.max_papers} papers")
    say("  topics: " + (" · ".join(w.shown for w in found.wishes) or "none, so trending papers"))
    for event in history:
        say(f"  {event.at:%Y-%m-%d %H:%M} UTC  {event.event} ({event.source})")
    if letters:
        print_table(
            ("date", "letter", "status", "attempts", "last reply"),
            [
                (
                    x.local_date,
                    x.kind,
                    x.status,
                    x.attempts,
                    f"{x.reply_code or ''} {x.reply or ''}",
                )
                for x in letters
            ],
        )
    if skip:
        reason = skip.reason.replace("_", " ")
        looked = skip.seq_to - skip.seq_from
        say(f"  no letter on {skip.local_date}: {reason} ({looked} new papers looked at)")


@app.command()
def remove(email: str, as_json: AsJson = False) -> None:
    """Erase a subscriber: what stays names nobody."""
    installation = open_installation(settings.load())
    source = f"removed by {_admin()}"
    if not consent.erase(installation, parse_address(email), datetime.now(UTC), source=source):
        raise WorkFailed(f"{email} is not a subscriber.")
    if as_json:
        print_json({"email": email, "removed": True})
    else:
        say(f"{email} is erased.")


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


def _read_csv(file: Path) -> list[tuple[int, dict[str, str]]]:
    """Return the rows with their line numbers; raise WorkFailed where the file cannot be used."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened, restval="")
            header = [name.strip().lower() for name in reader.fieldnames or ()]
            if "email" not in header:
                raise WorkFailed(f"{file}, line 1: the header row has no column `email`.")
            unknown = [name for name in header if name not in _COLUMNS]
            if unknown:
                raise WorkFailed(
                    f"{file}, line 1: unknown column {unknown[0]!r}; use {', '.join(_COLUMNS)}."
                )
            reader.fieldnames = header
            return [
                (reader.line_num, {k: (v or "").strip() for k, v in row.items() if k})
                for row in reader
            ]
    except OSError as error:
        raise WorkFailed(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise WorkFailed(f"{file} is not UTF-8 text.") from None
    except csv.Error as error:
        raise WorkFailed(f"{file} is not CSV: {error}.") from None


def _brief(subscriber: Subscriber) -> dict[str, Any]:
    return {
        "email": subscriber.email,
        "name": subscriber.name,
        "status": subscriber.status,
        "topics": [wish.shown for wish in subscriber.wishes],
        "timezone": subscriber.preferences.timezone,
        "send_at": f"{subscriber.preferences.send_at:%H:%M}",
    }


def _admin() -> str:
    try:
        return getuser()
    except (OSError, KeyError):
        return "an admin"
