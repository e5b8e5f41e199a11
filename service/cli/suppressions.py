"""`paperround suppressions`: addresses that get no letter, and why."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from service import settings
from service.cli.options import AsJson
from service.cli.report import WorkFailed, print_json, print_table, say
from service.domain.readers import address_hash
from service.installation import open_installation
from service.mail.address import parse_address
from service.store import suppressions
from service.store.suppressions import SuppressionRow

app = typer.Typer(help="Addresses that get no letter, and why.", no_args_is_help=True)

Emails = Annotated[
    list[str] | None, typer.Argument(metavar="[EMAIL]...", help="Addresses, as they were mailed.")
]


@app.command("list")
def list_suppressions(
    awaiting: Annotated[
        bool, typer.Option("--awaiting", help="Only those that await your word.")
    ] = False,
    limit: Annotated[int, typer.Option(help="How many, from the newest.", min=1)] = 100,
    as_json: AsJson = False,
) -> None:
    """List suppressed addresses, the newest first.

    Of an address that belongs to no subscriber any more only the beginning of a hash is kept.
    """
    with (
        open_installation(settings.load()) as installation,
        installation.database.read() as connection,
    ):
        rows = suppressions.newest_first(connection, limit, awaiting=awaiting)
    if as_json:
        print_json({"suppressions": [document(row) | {"email": row.address} for row in rows]})
    elif not rows:
        say("No address awaits your word." if awaiting else "No address is suppressed.")
    else:
        print_table(
            ("address", "since (UTC)", "reason", ""),
            [
                (
                    row.address or f"hash {row.address_hash[:12]}",
                    f"{row.since:%Y-%m-%d %H:%M}",
                    row.words,
                    "" if row.in_force else "awaits your word",
                )
                for row in rows
            ],
        )


@app.command()
def confirm(
    emails: Emails = None,
    everyone: Annotated[bool, typer.Option("--all", help="All that await your word.")] = False,
    as_json: AsJson = False,
) -> None:
    """Suppress addresses that await your word."""
    hashes = _hashes(emails, everyone, "--all")
    with (
        open_installation(settings.load()) as installation,
        installation.database.write() as connection,
    ):
        count = suppressions.confirm(connection, datetime.now(UTC), hashes)
    _tell(count, as_json, "confirmed", "suppressed", "No such address awaits your word.")


@app.command()
def remove(
    emails: Emails = None,
    awaiting: Annotated[bool, typer.Option("--awaiting", help="All that await your word.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let addresses be mailed again, from the next plan on."""
    hashes = _hashes(emails, awaiting, "--awaiting")
    with (
        open_installation(settings.load()) as installation,
        installation.database.write() as connection,
    ):
        if hashes is None:
            count = suppressions.lift_awaiting(connection)
        else:
            count = sum(suppressions.lift(connection, hashed) for hashed in hashes)
    _tell(count, as_json, "removed", "mailed again", "No such address is suppressed.")


def document(row: SuppressionRow) -> dict[str, Any]:
    """Return a suppression as scripts read it."""
    return {
        "reason": row.reason,
        "detail": row.detail,
        "since": row.since.isoformat(timespec="seconds"),
        "in_force": row.in_force,
    }


def _hashes(emails: list[str] | None, everyone: bool, option: str) -> list[str] | None:
    if bool(emails) == everyone:
        raise typer.BadParameter(f"give addresses, or {option}")
    return [address_hash(parse_address(email).normal) for email in emails] if emails else None


def _tell(count: int, as_json: bool, name: str, what: str, nobody: str) -> None:
    if as_json:
        print_json({name: count})
    if not count:
        raise WorkFailed(nobody)
    if not as_json:
        say(f"{count:,} {'address is' if count == 1 else 'addresses are'} {what}.")
