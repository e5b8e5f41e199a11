"""`paperround ingest`, `plan`, `deliver` and `send`: the daily round by hand."""

import dataclasses
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from service import fetching, pipeline, settings
from service.cli import queue_view
from service.cli.clock import Clock, clock
from service.cli.progress import progress
from service.cli.report import (
    WorkFailed,
    notice,
    number,
    print_json,
    print_table,
    say,
)
from service.cli.round_view import say_delivered, say_planned
from service.delivering import Delivered
from service.domain.digests import SkipReason
from service.domain.policy import Result
from service.installation import Installation, open_installation
from service.intake import Ingested
from service.planning import Plan
from service.readers import strangers
from service.sources import jsonlines
from service.store import deliveries
from service.store.waiting import waiting

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
At = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="The clock to use, as ISO 8601; it runs on."),
]
Now = Annotated[
    bool, typer.Option("--now", help="Plan whatever readers' hours are, on their own days.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress bar.")]
REJECTS_SHOWN = 20


def add_to(app: typer.Typer) -> None:
    for command in (send, fetch, ingest, plan, deliver):
        app.command()(command)


def fetch(as_json: AsJson = False) -> None:
    """Ask the sources for new papers; keep them as digest files."""
    with open_installation(settings.load()) as installation:
        try:
            answers = list(fetching.fetch(installation, clock(None)(), due_only=False))
        except OSError as error:
            raise WorkFailed(
                f"{installation.digest_dir} cannot be written to ({error.strerror})."
            ) from None
    if as_json:
        print_json({"sources": [dataclasses.asdict(answer) for answer in answers]})
    elif not installation.sources:
        say("No source is named: set PAPERROUND_SOURCES.")
    else:
        shown = [(a.source, a.error or ", ".join(a.files) or "nothing new") for a in answers]
        print_table(("source", "answer"), shown)
    failed = sum(answer.error is not None for answer in answers)
    if failed:
        raise WorkFailed(f"{failed} of {len(answers)} sources failed.")


def ingest(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PATH]...", help="Files or folders. Default: PAPERROUND_DIGEST_DIR."
        ),
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of one line of JSON Lines.")
    ] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Take in digest files.

    A file that cannot be read is named; the others go in. Taking a file in again changes nothing.
    """
    if schema:
        sys.stdout.write(jsonlines.schema())
        return
    with open_installation(settings.load()) as installation:
        reports = _ingest(installation, paths or [installation.digest_dir], clock(None), quiet)
    if as_json:
        print_json({"editions": [edition(report) for report in reports]})
    elif not reports:
        say("There is no digest file.")
    else:
        _print_editions(reports)
    _fail_for(reports, None)


def plan(now: Now = False, at: At = None, quiet: Quiet = False, as_json: AsJson = False) -> None:
    """Decide who gets which papers, and queue the letters."""
    tick, began = clock(at), time.monotonic()
    with open_installation(settings.load()) as installation:
        made = _plan(installation, tick, now, quiet)
        if not as_json:
            say_planned(made)
        _close(installation, made, Delivered(), tick, began, as_json, {})


def deliver(at: At = None, quiet: Quiet = False, as_json: AsJson = False) -> None:
    """Send the queued letters that are due.

    Where limits are set it takes its time, until all have gone; Ctrl-C leaves the rest queued.
    """
    tick, began = clock(at), time.monotonic()
    with _ready_to_deliver() as installation:
        delivered = _deliver(installation, tick, quiet)
        if not as_json:
            say_delivered(delivered)
        _close(installation, Plan(), delivered, tick, began, as_json, {})
    _fail_for([], delivered)


def send(now: Now = False, at: At = None, quiet: Quiet = False, as_json: AsJson = False) -> None:
    """Do the whole round: ingest DIGEST_DIR, plan, deliver."""
    tick, began = clock(at), time.monotonic()
    with _ready_to_deliver() as installation:
        reports = _ingest(installation, [installation.digest_dir], tick, quiet)
        made = _plan(installation, tick, now, quiet)
        delivered = _deliver(installation, tick, quiet)
        extra = {"editions": [edition(report) for report in reports]}
        if not as_json:
            changed = [report for report in reports if report.status != "unchanged"]
            if changed:
                _print_editions(changed)
            say_planned(made)
            say_delivered(delivered)
        _close(installation, made, delivered, tick, began, as_json, extra)
    _fail_for(reports, delivered)


def edition(report: Ingested) -> dict[str, Any]:
    """Return what became of a digest file, as scripts read it."""
    return {
        "file": report.file,
        "status": report.status,
        "date": report.day,
        "papers": report.papers,
        "new": report.new,
        "updated": report.updated,
        "rejected": [{"position": r.position, "reason": r.reason} for r in report.rejected],
        "unlisted": report.unlisted,
        "error": report.error,
    }


def _ready_to_deliver() -> Installation:
    chosen = settings.load()
    chosen.check_ready_to_deliver()
    return open_installation(chosen)


def _ingest(
    installation: Installation, paths: Sequence[Path], tick: Clock, quiet: bool
) -> list[Ingested]:
    reports = []
    with progress("Taking in", "files", quiet=quiet) as tell:
        for report in pipeline.ingest(installation, paths, tick):
            reports.append(report)
            tell(len(reports), None)
            if report.error is not None:
                notice(f"{report.file}: {report.error}")
            elif report.status == "waiting":
                notice(f"{report.file}: is still being written; left for the next time")
    return reports


def _plan(installation: Installation, tick: Clock, everyone: bool, quiet: bool) -> Plan:
    with progress("Planning", "readers", quiet=quiet) as tell:
        return pipeline.plan(installation, tick(), everyone=everyone, progress=tell)


def _deliver(installation: Installation, tick: Clock, quiet: bool) -> Delivered:
    """Deliver; the first Ctrl-C or SIGTERM lets the letters in flight be finished."""
    stop = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: stop.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        strangers.answer(installation, tick())
        with progress("Delivering", "letters", quiet=quiet) as tell:
            # There may be no other run for a day, from cron: this one waits for the limits.
            return pipeline.deliver(installation, tick, stop, tell, patient=True)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print_editions(reports: Sequence[Ingested]) -> None:
    print_table(
        ("file", "status", "date", "papers", "new", "updated", "rejected"),
        [
            (
                r.file,
                r.status,
                r.day,
                r.papers,
                r.new,
                r.updated,
                len(r.rejected) + r.unlisted,
            )
            for r in reports
        ],
    )
    for report in reports:
        if report.status == "ingested" and not report.papers:
            notice(f"{report.file}: holds no papers")
        for rejected in report.rejected[:REJECTS_SHOWN]:
            notice(f"{report.file}, {rejected.position}: {rejected.reason}")
        more = len(report.rejected[REJECTS_SHOWN:]) + report.unlisted
        if more:
            listed = "them all" if not report.unlisted else f"the first {len(report.rejected):,}"
            notice(
                f"{report.file}: {more:,} more were rejected; "
                f"`paperround editions show` lists {listed}."
            )


def _close(
    installation: Installation,
    made: Plan,
    delivered: Delivered,
    tick: Clock,
    began: float,
    as_json: bool,
    extra: dict[str, Any],
) -> None:
    """Print the JSON report, or what waits in the queue."""
    with installation.database.read() as connection:
        books = deliveries.books(connection)
        queue = waiting(connection, installation.limits, tick())
    report = {
        "due": made.due,
        "planned": made.planned,
        "skipped": {reason.value: made.skipped[reason] for reason in SkipReason},
        "sent": delivered.results[Result.ACCEPTED],
        "failed": delivered.results[Result.REFUSED],
        "deferred": delivered.results[Result.DEFERRED],
        "uncertain": delivered.results[Result.UNCERTAIN],
        "expired": delivered.expired + made.superseded,
        "cancelled": delivered.withdrawn,
        "queued": books.by_status["queued"],
        "waiting": queue_view.document(queue),
        "slowed": delivered.slowed,
        "seconds": round(time.monotonic() - began, 3),
        "books": {**books.by_status, "planned": books.planned, "balanced": books.balanced},
        "suppressed": delivered.suppressed,
        "policy_refusals": delivered.policy,
        "paused": delivered.paused,
        "halted": delivered.halted,
    }
    if as_json:
        print_json(extra | report)
        return
    say(f"Queued:    {number(books.by_status['queued'], 'letter')}")
    for line in queue_view.lines(queue):
        say(f"           {line}")
    if not books.balanced:
        notice(f"The books do not balance: {books.planned} planned, {books.by_status}.")


def _fail_for(reports: Sequence[Ingested], delivered: Delivered | None) -> None:
    if delivered is not None and delivered.halted is not None:
        raise WorkFailed(f"Delivery halted: {delivered.halted}. Queued letters wait.")
    failed = sum(report.status == "failed" for report in reports)
    if failed:
        raise WorkFailed(f"{failed} of {number(len(reports), 'digest file')} could not be read.")
