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


def resume(domain: Domain = None, as_json: AsJson = False) -> None:
    """Send again what was paused, or halted.

    That lifts the halt of a run with too many refusals, too. Domains that are paused on their
    own stay so.
    """
    normal, now = normal_domain(domain), datetime.now(UTC)
    scopes = [holds.scope_of(normal)] + ([holds.BREAKER] if normal is None else [])
    with (
        open_installation(settings.load()) as installation,
        installation.database.write() as connection,
    ):
        lifted = [scope for scope in scopes if holds.lift(connection, scope, now)]
        still = holds.in_force(connection).domains
        _, awaiting = suppressions.count(connection)
    if as_json:
        print_json({"resumed": bool(lifted), "still_paused": still, "awaiting": awaiting})
    if not lifted:
        raise WorkFailed(f"Letters{f' to {normal}' if normal else ''} are not paused.")
    if as_json:
        return
    say(f"Letters{f' to {normal}' if normal else ''} go out again.")
    if normal is None and still:
        notice(f"Still paused: {', '.join(still)}.")
    if awaiting:
        notice(
            f"{number(awaiting, 'suppression')} still await{'s' if awaiting == 1 else ''} your "
            "word: see `paperround suppressions list --awaiting`."
        )


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
