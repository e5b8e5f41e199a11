"""The command `paperround`: one file a noun, and one place where errors become words."""

import sys
from collections.abc import Sequence

import typer
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from service.cli import db, demo, editions, look, rounds, serve, subscribers
from service.cli.report import WorkFailed, notice
from service.domain.timetable import TimetableError
from service.domain.topics import TopicError
from service.mail.address import AddressError
from service.settings import SettingsError
from service.store.engine import StoreError

app = typer.Typer(
    name="paperround",
    help="The day's papers on your topics, in one quiet letter.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(db.app, name="db")
app.add_typer(editions.app, name="editions")
app.add_typer(subscribers.app, name="subscribers")
for commands in (rounds, look, serve, demo):
    commands.add_to(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit: 0 done, 1 the work failed, 2 wrong usage."""
    try:
        app(arguments)
    except (SettingsError, AddressError, TimetableError) as error:
        notice(str(error))
        sys.exit(2)
    except TopicError as error:
        notice(f"That topic cannot be read.\n{error.explain()}")
        sys.exit(2)
    except (WorkFailed, StoreError) as error:
        notice(str(error))
        sys.exit(1)
    except SQLAlchemyError as error:
        # The whole message would quote the statement, and addresses with it.
        cause = error.orig if isinstance(error, DBAPIError) else None
        words = str(cause or type(error).__name__).strip().splitlines()[0]
        notice(f"The database cannot be used: {words}")
        sys.exit(1)
