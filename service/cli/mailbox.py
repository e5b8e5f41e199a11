"""`paperround mailbox`: heed the letters that ask to unsubscribe."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from service import settings
from service.cli.options import AsJson
from service.cli.report import WorkFailed, notice, number, print_json, say
from service.installation import Installation, open_installation
from service.mailbox import Heeded, MailboxError, Maildir, heed_file


def add_to(app: typer.Typer) -> None:
    app.command()(mailbox)


def mailbox(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE]...",
            help="Letters, mbox files or Maildirs; - for standard input. "
            "Default: PAPERROUND_MAILBOX.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Unsubscribe those whose letters ask for it.

    A letter that names no reader is left as it is, and told with the reason. Of a Maildir, only
    letters that are new are read; those heeded are marked as seen.
    """
    chosen = settings.load()
    names = files or ([str(chosen.mailbox)] if chosen.mailbox else [])
    if not names:
        raise WorkFailed("No mailbox is named: give a file, or set PAPERROUND_MAILBOX.")
    now = datetime.now(UTC)
    heeded: list[Heeded] = []
    with open_installation(chosen) as installation:
        try:
            for name in names:
                heeded += _heed(installation, name, now)
        except MailboxError as error:
            raise WorkFailed(f"{error}.") from None
    left = [each for each in heeded if each.left is not None]
    if as_json:
        print_json(
            {
                "unsubscribed": len(heeded) - len(left),
                "left": [{"letter": each.name, "reason": each.left} for each in left],
            }
        )
        return
    for each in left:
        notice(f"{each.name}: left, {each.left}")
    say(f"Of {number(len(heeded), 'letter')}, {len(heeded) - len(left)} heeded.")


def _heed(installation: Installation, name: str, now: datetime) -> Iterator[Heeded]:
    if name == "-":
        yield from heed_file(installation, "standard input", sys.stdin.buffer.read(), now)
    elif Path(name).is_dir():
        yield from Maildir(Path(name)).heed(installation, now)
    else:
        yield from heed_file(installation, name, Path(name).read_bytes(), now)
