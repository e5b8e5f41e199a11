"""How the commands speak: results on standard output, everything else on standard error."""

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

console = Console(highlight=False)
notices = Console(stderr=True, highlight=False)

# Control characters move a terminal's cursor or change its state, and bidirectional overrides
# reorder what is read: strangers' words may hold both.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class WorkFailed(Exception):
    """The work was not done, or not all of it; the message is for the person at the terminal."""


def print_json(document: Any) -> None:
    """Print one JSON document, in ASCII where standard output cannot carry all characters."""
    ascii_only = "utf" not in (sys.stdout.encoding or "").lower()
    json.dump(document, sys.stdout, ensure_ascii=ascii_only, indent=2, default=str)
    sys.stdout.write("\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; what stands in its cells is never read as markup.

    A terminal that is too narrow folds long cells; elsewhere each row is one line, uncut.
    """
    cells = [[_inert(str("" if cell is None else cell)) for cell in row] for row in rows]
    if not console.is_terminal:
        lines = [list(columns), *cells]
        widths = [max(cell_len(line[i]) for line in lines) for i in range(len(columns))]
        for line in lines:
            padded = (
                cell + " " * (width - cell_len(cell))
                for cell, width in zip(line, widths, strict=True)
            )
            say("  ".join(padded).rstrip())
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in cells:
        table.add_row(*map(Text, row))
    console.print(table)


def say(line: str) -> None:
    """Print a line of the result."""
    console.print(Text(_inert(line, lines=True)), soft_wrap=True)


def notice(line: str) -> None:
    """Print a line about the work, or of an error."""
    notices.print(Text(_inert(line, lines=True)), soft_wrap=True)


def number(count: int, noun: str) -> str:
    """Return a count with its noun: '1 letter', '2,000 letters'."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def counts(by_name: Mapping[str, int]) -> str:
    """Return the counts that are not zero: '2 sent, 1 deferred'."""
    return ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in by_name.items() if n)


def _inert(text: str, *, lines: bool = False) -> str:
    shown = _UNPRINTABLE.sub("\ufffd", text)
    return shown if lines else shown.replace("\n", " ").replace("\t", " ")
