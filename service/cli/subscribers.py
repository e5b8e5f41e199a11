"""`paperround subscribers`: add, list, show and remove."""

from datetime import UTC, datetime
from typing import Annotated, Literal

import typer

from service import settings
from service.cli import subscriber_view
from service.cli.adding import WORDS, add_one, admin, preferences_as_typed
from service.cli.change import change
from service.cli.options import (
    AsJson,
    Email,
    Follow,
    HowOften,
    MaxPapers,
    MinUpvotes,
    Mute,
    Name,
    SendAt,
    Timezone,
    Topics,
)
from service.cli.pause import pause, resume
from service.cli.report import WorkFailed, print_json, print_table, say
from service.cli.roster import export, import_
from service.domain.filters import filters_of
from service.domain.readers import Consent, address_hash
from service.domain.wishes import wishes_of
from service.installation import open_installation
from service.mail.address import parse_address
from service.readers import consent
from service.readers.consent import SignUp
from service.store import consents, deliveries, letters, subscribers, suppressions
from service.store.letters import Which

app = typer.Typer(
    help="Add, import, export, change, pause, show and remove readers.", no_args_is_help=True
)
Status = Literal["active", "pending"]


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
    cadence: HowOften = None,
    max_papers: MaxPapers = None,
    status: Annotated[
        Status, typer.Option(help="active: you vouch that the reader wants the letter.")
    ] = "pending",
    as_json: AsJson = False,
) -> None:
    """Add one subscriber.

    A pending one gets a letter that asks them to confirm. Who unsubscribed is never revived. By
    default letters come daily at 07:00 UTC, with at most 10 papers, or 25 where they are weekly.
    """
    with open_installation(settings.load()) as installation:
        result = add_one(
            installation,
            email=email,
            wishes=wishes_of(topic or ()),
            preferences=preferences_as_typed(
                timezone,
                send_at,
                cadence,
                max_papers,
                name,
                filters_of(mute or (), follow or (), min_upvotes or 0),
            ),
            status=status,
            source=f"added by {admin()}",
        )
    if as_json:
        print_json({"email": email, "result": result})
    if result not in (SignUp.PENDING, SignUp.ACTIVE):
        raise WorkFailed(f"{email} {WORDS[result]}.")
    if not as_json:
        say(f"{email} {WORDS[result]}.")


app.command("import")(import_)
app.command()(export)
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
        ("email", "status", "letters", "hour", "time zone", "topics"),
        [
            (
                s.email,
                s.status,
                s.preferences.cadence,
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
    address, source = parse_address(email), f"removed by {admin()}"
    with open_installation(settings.load()) as installation:
        if not consent.erase(installation, address, datetime.now(UTC), source=source):
            raise WorkFailed(f"{email} is not a subscriber.")
    if as_json:
        print_json({"email": email, "removed": True})
    else:
        say(f"{email} is erased.")
