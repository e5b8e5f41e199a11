"""The rows of a CSV file of subscribers."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from service.cli.report import WorkFailed

Row = dict[str | None, str]
_COLUMNS = (
    *("email", "name", "topics", "mutes", "follows", "min_upvotes"),
    *("timezone", "send_at", "cadence", "max_papers", "status"),
)


def write(rows: Iterable[Row]) -> str:
    """Return rows as a file that `read` takes, its header first."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    writer.writerows([row.get(name, "") for name in _COLUMNS] for row in rows)
    return text.getvalue()


def read(file: Path) -> list[tuple[int, Row]]:
    """Return the rows with the numbers of their last lines; the key None holds cells too many.

    Raises WorkFailed where the file cannot be used.
    """
    try:
        data = file.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise WorkFailed(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise WorkFailed(f"{file}, line {line}: this is not UTF-8 text.") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise WorkFailed(f"{file}, line {line}: this is not text, it holds a NUL.")
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="")
    try:
        header = [name.strip().lower() for name in reader.fieldnames or ()]
        wrong = [name for name in header if name not in _COLUMNS or header.count(name) > 1]
        if "email" not in header or wrong:
            problem = f"{wrong[0]!r} is no column" if wrong else "there is no column email"
            raise WorkFailed(
                f"{file}, line 1: {problem}; the header row names, separated by commas, each once, "
                f"email and any of {', '.join(_COLUMNS[1:])}."
            )
        reader.fieldnames = header
        return [
            (reader.line_num, {k: v.strip() if k else "" for k, v in row.items()}) for row in reader
        ]
    except csv.Error as error:
        raise WorkFailed(f"{file}, line {reader.line_num + 1}: this is not CSV: {error}.") from None
