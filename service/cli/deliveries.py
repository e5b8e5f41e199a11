"""`paperround deliveries`: letters one by one, to look up, try again or cancel."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from service import settings
from service.cli.explain import parse_date
from service.cli.holds import normal_domain
from service.cli.options import AsJson, Date, Domain
from service.cli.report import WorkFailed, counts, notice, number, print_json, print_table, say
from service.domain.policy import Status
from service.installation import Installation, open_installation
from service.mail.address import parse_address
from service.store import digests, letters, subscribers
from service.store.digests import Try
from service.store.letters import LetterRow, Which

app = typer.Typer(help="Letters one by one: look, try again, cancel.", no_args_is_help=True)

OfStatus = Annotated[Status | None, typer.Option("--status", help="Only those of this status.")]
Subscriber = Annotated[
    str | None, typer.Option("--subscriber", metavar="EMAIL", help="Only those to this reader.")
]
Numbers = Annotated[
    list[int] | None, typer.Argument(metavar="[NUMBER]...", help="As `deliveries list` shows them.")
]

_NEXT = "papers of which no body was sent come with the reader's next letter"
_NOT_RETRIED = {
    Status.QUEUED: "waits already, or its time is over",
    Status.SENDING: "is being sent",
    Status.UNCERTAIN: f"is out of time; {_NEXT}",
    Status.SENT: "was accepted, and is never sent again",
    Status.FAILED: f"is settled; {_NEXT}",
    Status.EXPIRED: f"is settled; {_NEXT}",
    Status.CANCELLED: f"is settled; {_NEXT}",
}
_NOT_CANCELLED = {
    Status.SENDING: "is being sent",
    Status.UNCERTAIN: "may have arrived",
    Status.SENT: "was accepted",
    Status.FAILED: "is settled",
    Status.EXPIRED: "is settled",
    Status.CANCELLED: "is cancelled already",
}


@app.command("list")
def list_deliveries(
    status: OfStatus = None,
    date: Date = None,
    domain: Domain = None,
    subscriber: Subscriber = None,
    limit: Annotated[int, typer.Option(help="How many, from the newest.", min=1)] = 100,
    as_json: AsJson = False,
) -> None:
    """List letters, the last planned first."""
    with open_installation(settings.load()) as installation:
        which = _which(installation, status, date, domain, subscriber)
        with installation.database.read() as connection:
            rows = letters.newest_first(connection, which, limit)
    if as_json:
        print_json({"deliveries": [document(row) for row in rows]})
    elif not rows:
        say("There is no such letter.")
    else:
        print_table(
            ("number", "date", "letter", "to", "status", "tries", "last reply"),
            [
                (r.delivery_id, r.local_date, r.kind, _to(r), r.status, r.attempts, r.said)
                for r in rows
            ],
        )
        if len(rows) == limit:
            notice(f"These are the last {limit:,}; see --limit.")


@app.command()
def show(
    delivery: Annotated[int, typer.Argument(metavar="NUMBER", help="As `list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Show one letter and its tries."""
    with (
        open_installation(settings.load()) as installation,
        installation.database.read() as connection,
    ):
        rows = letters.newest_first(connection, Which(delivery_id=delivery), 1)
        tries = digests.tries(connection, delivery)
    if not rows:
        raise WorkFailed(f"There is no letter {delivery}: see `paperround deliveries list`.")
    (row,) = rows
    if as_json:
        print_json(document(row) | {"failed_tries": [_try(tried) for tried in tries]})
        return
    for fact, value in document(row).items():
        if value is not None:
            say(f"{fact.replace('_', ' ')}: {value}")
    if tries:
        print_table(
            ("failed try", "at (UTC)", "result", "stage", "reply"),
            [
                (t.number, f"{t.at:%Y-%m-%d %H:%M}", t.result, t.stage, f"{t.code or ''} {t.reply}")
                for t in tries
            ],
        )


@app.command()
def retry(
    numbers: Numbers = None,
    status: OfStatus = None,
    date: Date = None,
    domain: Domain = None,
    subscriber: Subscriber = None,
    as_json: AsJson = False,
) -> None:
    """Try deferred letters at once, and send uncertain ones again.

    Letters that are settled stay so.
    """
    with open_installation(settings.load()) as installation:
        chosen = _chosen(installation, numbers, status, date, domain, subscriber)
        done, left = _apply(installation, chosen, letters.retry)
    _tell("retried", done, left, _NOT_RETRIED, as_json)


@app.command()
def cancel(
    numbers: Numbers = None,
    status: OfStatus = None,
    date: Date = None,
    domain: Domain = None,
    subscriber: Subscriber = None,
    as_json: AsJson = False,
) -> None:
    """Cancel letters in the queue; the papers of digests may come with the next ones."""
    with open_installation(settings.load()) as installation:
        chosen = _chosen(installation, numbers, status, date, domain, subscriber)
        done, left = _apply(installation, chosen, letters.cancel)
    _tell("cancelled", done, left, _NOT_CANCELLED, as_json)


def document(row: LetterRow) -> dict[str, Any]:
    """Return a letter as scripts read it."""
    waits = row.status in (Status.QUEUED, Status.UNCERTAIN)
    return {
        "number": row.delivery_id,
        "email": row.email,
        "kind": row.kind,
        "date": row.local_date,
        "status": row.status,
        "attempts": row.attempts,
        "planned_at": _moment(row.planned_at),
        "next_attempt_at": _moment(row.next_attempt_at) if waits else None,
        "expires_at": _moment(row.expires_at) if waits else None,
        "settled_at": _moment(row.settled_at),
        "reply_code": row.reply_code,
        "reply": row.reply,
    }


def _which(
    installation: Installation,
    status: Status | None,
    date: str | None,
    domain: str | None,
    subscriber: str | None,
) -> Which:
    known = None
    if subscriber is not None:
        with installation.database.read() as connection:
            known = subscribers.by_address(connection, parse_address(subscriber).normal)
        if known is None:
            raise WorkFailed(f"{subscriber} is not a subscriber.")
    return Which(
        status=status,
        day=parse_date(date),
        domain=normal_domain(domain),
        subscriber_id=known.subscriber_id if known else None,
    )


def _chosen(
    installation: Installation,
    numbers: Sequence[int] | None,
    status: Status | None,
    date: str | None,
    domain: str | None,
    subscriber: str | None,
) -> list[int]:
    """Return the delivery ids of the letters to change; none are chosen by saying nothing."""
    filtered = any(value is not None for value in (status, date, domain, subscriber))
    if bool(numbers) == filtered:
        raise typer.BadParameter(
            "give the numbers of letters, or at least one of --status, --date, --domain and "
            "--subscriber"
        )
    which = _which(installation, status, date, domain, subscriber)
    with installation.database.read() as connection:
        if not numbers:
            return letters.ids(connection, which)
        chosen = list(dict.fromkeys(numbers))
        known = [i for n in chosen for i in letters.ids(connection, Which(delivery_id=n))]
    if missing := sorted(set(chosen) - set(known)):
        raise WorkFailed(f"There is no letter {', '.join(map(str, missing))}; nothing was changed.")
    return known


def _apply(
    installation: Installation,
    chosen: Sequence[int],
    change: Callable[[Connection, Sequence[int], datetime], Counter[Status]],
) -> tuple[int, Counter[Status]]:
    """Change letters in short transactions; return how many were, and those left by status."""
    now, left = datetime.now(UTC), Counter[Status]()
    for some in installation.database.write_in_chunks(
        chosen, lambda connection, ids: change(connection, ids, now)
    ):
        left += some
    return len(chosen) - left.total(), left


def _tell(
    verb: str, done: int, left: Counter[Status], why: dict[Status, str], as_json: bool
) -> None:
    kept = {status.value: count for status, count in sorted(left.items())}
    if as_json:
        print_json({verb: done, "left": kept})
    elif done:
        say(f"{verb.capitalize()}: {number(done, 'letter')}")
    reasons = "; ".join(f"{status} {why[status]}" for status in sorted(left))
    if not done:
        raise WorkFailed(f"No letter was {verb}." + (f" What is {reasons}." if reasons else ""))
    if left and not as_json:
        notice(f"Left: {counts(kept)}. What is {reasons}.")


def _to(row: LetterRow) -> str:
    return row.email or "(erased)"


def _try(tried: Try) -> dict[str, Any]:
    return {
        "number": tried.number,
        "at": _moment(tried.at),
        "result": tried.result,
        "stage": tried.stage,
        "reply_code": tried.code,
        "reply": tried.reply,
    }


def _moment(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None
