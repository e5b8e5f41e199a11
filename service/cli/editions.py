"""`paperround editions`: the digest files that were taken in."""

from typing import Annotated, Any

import typer

from service import settings
from service.cli.clock import clock
from service.cli.report import WorkFailed, number, print_json, print_table, say
from service.installation import open_installation
from service.store import editions
from service.store.editions import EditionRow

app = typer.Typer(help="The digest files that were taken in.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Named = Annotated[str, typer.Argument(help="The number of an edition, or the name of its file.")]


@app.command("list")
def list_editions(
    limit: Annotated[int, typer.Option(help="How many, from the newest.", min=1)] = 30,
    as_json: AsJson = False,
) -> None:
    """List the editions, the newest first."""
    with (
        open_installation(settings.load()) as installation,
        installation.database.read() as connection,
    ):
        rows = editions.newest_first(connection, limit)
    if as_json:
        print_json({"editions": [_shown(row) for row in rows]})
    elif not rows:
        say("No edition yet.")
    else:
        print_table(
            ("number", "date", "file", "format", "papers", "new", "updated", "rejected", ""),
            [
                (
                    row.edition_id,
                    row.date,
                    row.file,
                    row.format,
                    row.papers,
                    row.new,
                    row.updated,
                    row.rejected,
                    "forgotten" if row.hidden_at else "",
                )
                for row in rows
            ],
        )


@app.command()
def show(name: Named, as_json: AsJson = False) -> None:
    """Show an edition: its papers, its rejects and their reasons."""
    with (
        open_installation(settings.load()) as installation,
        installation.database.read() as connection,
    ):
        row = _the_one(editions.find(connection, name), name)
        rejected = editions.rejected_of(connection, row.edition_id)
        titles = editions.titles_of(connection, row.edition_id)
    if as_json:
        print_json(
            _shown(row)
            | {
                "rejects": [{"position": r.position, "reason": r.reason} for r in rejected],
                "titles": [{"key": key, "title": title} for key, title in titles],
            }
        )
        return
    for fact, value in _shown(row).items():
        if value is not None and (value or fact != "unlisted"):
            say(f"{fact}: {value}")
    print_table(("paper", "title"), titles)
    if rejected:
        print_table(("rejected", "reason"), [(r.position, r.reason) for r in rejected])
    if row.unlisted:
        say(f"{row.unlisted:,} more were rejected; no more than the first are kept.")


@app.command()
def forget(name: Named, as_json: AsJson = False) -> None:
    """Hide the papers that came by no other edition. They do not come back as new."""
    with (
        open_installation(settings.load()) as installation,
        installation.database.write() as connection,
    ):
        row = _the_one(editions.find(connection, name), name)
        hidden = editions.forget(connection, row.edition_id, clock(None)())
    if as_json:
        print_json({"edition": row.edition_id, "file": row.file, "hidden": hidden})
    elif row.hidden_at is not None:
        say(f"Edition {row.edition_id} ({row.file}) was forgotten before.")
    else:
        say(
            f"Edition {row.edition_id} ({row.file}) is forgotten: {number(hidden, 'paper')} hidden."
        )


def _the_one(rows: list[EditionRow], name: str) -> EditionRow:
    if not rows:
        raise WorkFailed(f"There is no edition {name!r}: see `paperround editions list`.")
    if len(rows) > 1:
        numbers = ", ".join(str(row.edition_id) for row in rows)
        raise WorkFailed(f"{name!r} names {len(rows)} editions; give the number of one: {numbers}.")
    return rows[0]


def _shown(row: EditionRow) -> dict[str, Any]:
    return {
        "number": row.edition_id,
        "file": row.file,
        "format": row.format,
        "date": row.date,
        "arrived": row.arrived_at.isoformat(timespec="seconds"),
        "papers": row.papers,
        "new": row.new,
        "updated": row.updated,
        "rejected": row.rejected,
        "unlisted": row.unlisted,
        "forgotten": row.hidden_at.isoformat(timespec="seconds") if row.hidden_at else None,
    }
