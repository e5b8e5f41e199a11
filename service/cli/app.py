"""The command `paperround`: one file a noun, and one place where errors become words."""

import io
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import version
from typing import Annotated, Any

import typer
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from service import settings
from service.cli import (
    db,
    deliveries,
    demo,
    dkim,
    editions,
    explain,
    holds,
    look,
    mailbox,
    preview,
    rounds,
    serve,
    subscribers,
    suppressions,
    templates,
    topics,
)
from service.cli.report import WorkFailed, notice, say
from service.domain.filters import FilterError
from service.domain.timetable import TimetableError
from service.domain.topics import TopicError
from service.domain.wishes import WishError
from service.mail.address import AddressError
from service.mail.templates import TemplateMistake
from service.settings import SettingsError
from service.store.engine import StoreError

app = typer.Typer(
    name="paperround",
    help="The day's papers on your topics, in one quiet letter.",
    epilog="Settings are variables PAPERROUND_..., in the environment or in a file .env.",
    no_args_is_help=True,
    add_completion=False,
    # Plain help and plain errors: one line stays one line, in a pipe as well.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
# In the order of the help: see it, run it, do its steps by hand, look at it, manage it.
for commands in (demo, serve, rounds, mailbox, holds, look, preview, explain):
    commands.add_to(app)
app.add_typer(subscribers.app, name="subscribers")
app.add_typer(suppressions.app, name="suppressions")
app.add_typer(deliveries.app, name="deliveries")
app.add_typer(topics.app, name="topics")
app.add_typer(editions.app, name="editions")
app.add_typer(templates.app, name="templates")
app.add_typer(dkim.app, name="dkim")
app.add_typer(db.app, name="db")


def _show_version(wanted: bool) -> None:
    if wanted:
        say(f"paperround {version('paperround')}")
        raise typer.Exit


@app.callback()
def _paperround(
    _version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit: 0 done, 1 the work failed, 2 wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a title's letters must not end the work.
            stream.reconfigure(errors="replace")
    try:
        _command()(arguments, prog_name="paperround")
    except (SettingsError, AddressError, TimetableError, WishError, FilterError) as error:
        notice(str(error))
        sys.exit(2)
    except TopicError as error:
        notice(f"That topic cannot be read.\n{error.explain()}")
        sys.exit(2)
    except (WorkFailed, StoreError, TemplateMistake) as error:
        notice(str(error))
        sys.exit(1)
    except SQLAlchemyError as error:
        # The whole message would quote the statement, and addresses with it.
        cause = error.orig if isinstance(error, DBAPIError) else None
        words = str(cause or type(error).__name__).strip().splitlines()[0]
        notice(f"The database {_database()} cannot be used: {words}")
        sys.exit(1)
    except OSError as error:
        if error.filename is None:
            raise
        notice(f"{error.filename} cannot be used: {error.strerror}")
        sys.exit(1)


@cache
def _command() -> Callable[..., Any]:
    """Return the command with all its parts, built once a process."""
    return typer.main.get_command(app)


def _database() -> str:
    chosen = settings.load()
    return str(chosen.embedded or chosen.database.render_as_string(hide_password=True))
