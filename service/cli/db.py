"""`paperround db`: the database's tables."""

from contextlib import closing
from typing import Annotated

import typer

from service import settings
from service.cli.report import print_json, say
from service.store import migrate
from service.store.engine import Database

app = typer.Typer(help="Upgrade the database.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Upgrade the database."""


@app.command()
def upgrade(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Bring the database to the tables of this version.

    The embedded database does so by itself.
    """
    with closing(Database(settings.load().database)) as database:
        before, after = migrate.upgrade(database)
    if as_json:
        print_json({"before": before, "after": after, "changed": before != after})
    elif before == after:
        say(f"The database is up to date (revision {after}).")
    else:
        say(f"The database is now at revision {after} (before: {before or 'empty'}).")
