"""`paperround pause` and `resume`: stop sending, everything or to one domain, and go on."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from service import settings
from service.cli.options import AsJson, Domain
from service.cli.report import WorkFailed, notice, number, print_json, say
from service.installation import open_installation
from service.mail.address import AddressError, parse_address
from service.store import holds, suppressions
from service.store.holds import Holds


def add_to(app: typer.Typer) -> None:
    for command in (pause, resume):
        app.command()(command)


def pause(
    domain: Domain = None,
    reason: Annotated[str, typer.Option(help="What `status` says of it.")] = "by an admin",
    as_json: AsJson = False,
) -> None:
    """Send no letter, or none to one domain, until `resume`.

    A sender at work finishes the letters it has claimed, at most 500. Waiting letters expire as
    usual; their papers come with the next ones.
    """
    normal = normal_domain(domain)
    with (
        open_installation(settings.load()) as installation,
        installation.database.write() as connection,
    ):
        holds.place(connection, holds.scope_of(normal), reason, datetime.now(UTC))
    if as_json:
        print_json({"paused": normal or "everything", "reason": reason})
    else:
        on = f" --domain {normal}" if normal else ""
        which = f" to {normal}" if normal else ""
        say(f"Letters{which} are paused; `paperround resume{on}` goes on.")


def resume(
    domain: Domain = None,
    restored: Annotated[
        bool, typer.Option("--restored", help="Go on with a database that is a restored backup.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Send again what was paused, or halted.

    That lifts the halt of a run with too many refusals, too. Domains that are paused on their
    own stay so, and so does the halt over a restored backup, without its option.
    """
    if restored and domain is not None:
        raise typer.BadParameter("goes for all domains", param_hint="--restored")
    normal, now = normal_domain(domain), datetime.now(UTC)
    if restored:
        scopes = [holds.RESTORED]
    else:
        scopes = [holds.scope_of(normal)] + ([holds.BREAKER] if normal is None else [])
    with open_installation(settings.load()) as installation:
        marker = installation.marker
        with installation.database.write() as connection:
            ahead = marker is not None and marker.unknown_to(connection) is not None
            lifted = [scope for scope in scopes if holds.lift(connection, scope, now)]
            still = holds.in_force(connection)
            _, awaiting = suppressions.count(connection)
        # Only now: were it forgotten first and the hold not lifted, nobody would know why.
        if restored and marker is not None:
            marker.forget()
    done = bool(lifted) or (restored and ahead)
    if as_json:
        print_json({"resumed": done, "still_paused": still.domains, "awaiting": awaiting})
    which = f" to {normal}" if normal else ""
    if not done:
        told = "The database is not known to be older than its letters." if restored else None
        raise WorkFailed(told or f"Letters{which} are not paused.{_despite(still)}")
    if as_json:
        return
    say(_despite(still).strip() or f"Letters{which} go out again.")
    if normal is None and still.domains:
        notice(f"Still paused: {', '.join(still.domains)}.")
    if awaiting:
        notice(
            f"{number(awaiting, 'suppression')} still await{'s' if awaiting == 1 else ''} your "
            "word: see `paperround suppressions list --awaiting`."
        )


def _despite(still: Holds) -> str:
    """Return what holds all letters even now, and what lifts that."""
    if still.everything is None:
        return ""
    way = " --restored" if still.everything.scope == holds.RESTORED else ""
    what = "halted" if still.everything.halts else "paused"
    return f" All letters are still {what}: see `paperround status`, then `resume{way}`."


def normal_domain(text: str | None) -> str | None:
    """Return a destination domain as the database keeps it."""
    if text is None:
        return None
    try:
        return parse_address(f"x@{text.strip().removeprefix('@')}").normal.rpartition("@")[2]
    except AddressError:
        raise typer.BadParameter(
            f"{text!r} is not a domain, as in example.org", param_hint="--domain"
        ) from None
