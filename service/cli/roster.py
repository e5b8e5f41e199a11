"""`paperround subscribers import` and `export`: many subscribers as a CSV file."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from service import settings
from service.cli import csv_rows
from service.cli.adding import WORDS, add_one, admin, preferences_as_typed
from service.cli.options import AsJson
from service.cli.report import WorkFailed, counts, notice, number, print_json, say
from service.domain.filters import filters_of
from service.domain.readers import MOST_PAPERS, Consent, Subscriber
from service.domain.timetable import TimetableError, parse_cadence
from service.domain.topics import TopicError
from service.domain.wishes import wishes_of
from service.installation import Installation, open_installation
from service.mail.address import AddressError
from service.readers.consent import SignUp
from service.store import subscribers


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Comma-separated, UTF-8.")],
    as_json: AsJson = False,
) -> None:
    """Add many from a CSV file.

    Its header row names the columns: email, and any of name, topics, mutes, follows (each
    separated by |; a topic may be LABEL = QUERY), min_upvotes, timezone, send_at (HH:MM),
    cadence (daily, weekdays, or mondays to sundays), max_papers and status (active or pending).
    A row that cannot be read is named and left.
    """
    rows = csv_rows.read(file)
    counted = dict.fromkeys(SignUp, 0)
    refused: list[dict[str, object]] = []
    with open_installation(settings.load()) as installation:
        for line, row in rows:
            try:
                result = _add_row(installation, row, f"imported from {file.name} by {admin()}")
            except (AddressError, TimetableError, TopicError, ValueError) as error:
                which = f"topic {error.text!r}: " if isinstance(error, TopicError) else ""
                refused.append({"line": line, "reason": f"{which}{error}"})
                notice(f"{file.name}, line {line}: {which}{error}")
                continue
            counted[result] += 1
            if result not in (SignUp.PENDING, SignUp.ACTIVE):
                notice(f"{file.name}, line {line}: {row['email']} {WORDS[result]}")
    if as_json:
        print_json(
            {result.value: count for result, count in counted.items()} | {"refused": refused}
        )
    else:
        shown = counts({result.value: count for result, count in counted.items()})
        say(f"Of {number(len(rows), 'row')}: {shown or 'nobody'}")
    if refused:
        raise WorkFailed(f"{len(refused)} of {number(len(rows), 'row')} could not be read.")


def export(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE.csv]", help="Where to. Default: standard output."),
    ] = None,
    status: Annotated[Consent | None, typer.Option(help="Only those of this status.")] = None,
) -> None:
    """Write subscribers as CSV, as import takes it.

    Topics that are switched off are left out. Who pauses or left is in it too, and import refuses
    them by their status.
    """
    with (
        open_installation(settings.load()) as installation,
        installation.database.read() as connection,
    ):
        rows = [_row(found) for found in subscribers.every(connection, status)]
    text = csv_rows.write(rows)
    if file is None:
        sys.stdout.write(text)
        return
    try:
        file.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise WorkFailed(f"{file} cannot be written: {error.strerror}.") from None
    say(f"{number(len(rows), 'subscriber')} in {file}.")


def _add_row(installation: Installation, row: csv_rows.Row, source: str) -> SignUp:
    if None in row:
        raise ValueError("the row has more cells than the header; quote those with a comma")
    status = row.get("status") or "pending"
    if status not in ("active", "pending"):
        raise ValueError(f"status {status!r} is neither active nor pending")
    least, most = _count(row, "min_upvotes"), _count(row, "max_papers")
    if most is not None and not 1 <= most <= MOST_PAPERS:
        raise ValueError(f"max_papers {most} is not 1 to {MOST_PAPERS}")
    mutes, follows = (row.get(name, "").split("|") for name in ("mutes", "follows"))
    return add_one(
        installation,
        email=row.get("email", ""),
        wishes=wishes_of(row.get("topics", "").split("|")),
        preferences=preferences_as_typed(
            row.get("timezone") or None,
            row.get("send_at") or None,
            parse_cadence(row["cadence"]) if row.get("cadence") else None,
            most,
            row.get("name"),
            filters_of(mutes, follows, least or 0),
        ),
        status=status,
        source=source,
    )


def _count(row: csv_rows.Row, name: str) -> int | None:
    words = row.get(name) or ""
    if not words:
        return None
    if not (words.isascii() and words.isdigit() and len(words) < 10):
        raise ValueError(f"{name} {words!r} is not a number")
    return int(words)


def _row(found: Subscriber) -> csv_rows.Row:
    chosen, filters = found.preferences, found.preferences.filters
    topics = [wish.typed for wish in found.wishes if wish.enabled]
    return {
        "email": found.email or "",
        "name": chosen.name or "",
        "topics": _joined(topics),
        "mutes": _joined(filters.mutes),
        "follows": _joined(filters.follows),
        "min_upvotes": str(filters.min_upvotes or ""),
        "timezone": chosen.timezone,
        "send_at": f"{chosen.send_at:%H:%M}",
        "cadence": chosen.cadence,
        "max_papers": str(chosen.max_papers),
        "status": found.status,
    }


def _joined(texts: tuple[str, ...] | list[str]) -> str:
    # What stands between words is of no account to a topic or a name.
    return "|".join(text.replace("|", " ") for text in texts)
