"""`paperround status`: look, and change nothing."""

from typing import Annotated, Any

import typer

from service import fetching, settings
from service.cli import queue_view
from service.cli.clock import clock
from service.cli.report import counts, number, print_json, say
from service.domain.sources import Condition
from service.installation import open_installation
from service.store import (
    deliveries,
    editions,
    gate,
    holds,
    papers,
    refusals,
    subscribers,
    suppressions,
)
from service.store.waiting import waiting


def add_to(app: typer.Typer) -> None:
    app.command()(status)


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Count papers, readers and letters; say how the sources do."""
    with (
        open_installation(settings.load()) as installation,
        installation.database.read() as connection,
    ):
        seen, brought = papers.count(connection), editions.count(connection)
        sources = fetching.reports(connection, installation.sources, clock(None)())
        readers = subscribers.count_by_status(connection)
        books = deliveries.books(connection)
        held = holds.in_force(connection)
        suppressed, awaiting = suppressions.count(connection)
        policy = refusals.for_policy(connection, clock(None)())
        queue = waiting(connection, installation.limits, clock(None)())
        slowed = gate.slowed(connection, installation.limits)
    verdict = "each accounted for" if books.balanced else "NOT BALANCED"
    if as_json:
        print_json(
            {
                "papers": seen,
                "editions": brought,
                "subscribers": readers,
                "deliveries": books.by_status,
                "books": {"planned": books.planned, "balanced": books.balanced},
                "waiting": queue_view.document(queue),
                "slowed": slowed,
                "holds": [
                    {"scope": row.scope, "reason": row.reason, "since": row.since.isoformat()}
                    for row in held.rows
                ],
                "suppressions": {"in_force": suppressed, "awaiting": awaiting},
                "policy_refusals": {"last_day": policy.count, "last_reply": policy.last_reply},
                "sources": [_source(told) for told in sources],
            }
        )
        return
    say(f"Papers:       {seen:,} in {number(brought, 'edition')}")
    say(f"Subscribers:  {counts(readers) or 'none'}")
    say(f"Letters:      {counts(books.by_status) or 'none'}")
    say(f"Books:        {number(books.planned, 'letter')} planned, {verdict}")
    for line in queue_view.lines(queue):
        say(f"Queued:       {line}")
    for line in queue_view.slowed(slowed):
        say(f"Slowed:       {line}")
    if suppressed or awaiting:
        say(f"Suppressed:   {counts({'in force': suppressed, 'awaiting your word': awaiting})}")
    for row in held.rows:
        what = "halted" if row.halts else "paused"
        where = f" to {row.domain}" if row.domain else ""
        say(f"Held:         letters{where} are {what} since {row.since:%Y-%m-%d %H:%M} UTC")
        say(f"              {row.reason}")
    if installation.marker is None:
        say("Backups:      a restored one would not be noticed: set PAPERROUND_MARKER_FILE")
    if policy.count:
        say(
            f"ALERT:        {number(policy.count, 'letter')} refused for policy within 24 hours, "
            f"lastly with {policy.last_reply}"
        )
    for told in sources:
        say(f"Source:       {_line(told)}")


def _line(told: fetching.Report) -> str:
    said = f"{told.source} is {told.condition}"
    if told.day is not None and told.condition in (Condition.LATE, Condition.EMPTY):
        said += f" for {told.day}"
    if told.polled is not None and told.polled.error is not None:
        said += f": {told.polled.error}"
    return said


def _source(told: fetching.Report) -> dict[str, Any]:
    polled = told.polled
    asked = polled.polled_at if polled else None
    return {
        "source": told.source,
        "condition": told.condition.value,
        "day": told.day,
        "papers": told.papers,
        "asked": asked.isoformat(timespec="minutes") if asked else None,
        "error": polled.error if polled else None,
    }
