"""How the commands speak: results on standard output, everything else on standard error."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

console = Console(highlight=False)
notices = Console(stderr=True, highlight=False)


class WorkFailed(Exception):
    """The work was not done, or not all of it; the message is for the person at the terminal."""


def print_json(document: Any) -> None:
    """Print one JSON document."""
    json.dump(document, sys.stdout, ensure_ascii=False, indent=2, default=str)
    sys.stdout.write("\n")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; what stands in its cells is never read as markup."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    console.print(table)


def say(line: str) -> None:
    """Print a line of the result."""
    console.print(Text(line), soft_wrap=True)


def notice(line: str) -> None:
    """Print a line about the work, or of an error."""
    notices.print(Text(line), soft_wrap=True)
