"""Every format of a digest file, told apart by content; the name gives a date, never a format."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date

from service.domain.papers import Edition, UnreadableFile
from service.sources import daily, pages

# Each returns None for a text of another format and raises UnreadableFile for a broken one of its
# own; the first that knows the text has it.
FORMATS: tuple[Callable[[str], Edition | None], ...] = (
    daily.read,
    pages.read,
)

_DATE = re.compile(r"(?<![0-9])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")


def parse(data: bytes, name: str) -> Edition:
    """Return the edition that a digest file holds.

    Its date is the one in the file, else the first in the file's `name` (YYYY-MM-DD), else None.
    Raises UnreadableFile when nothing of the file can be used.
    """
    text = _text(data)
    for read in FORMATS:
        edition = read(text)
        if edition is not None:
            return edition if edition.date else replace(edition, date=_date_in(name))
    raise UnreadableFile(
        "no digest format that is known: neither JSON nor a page of trending papers, which opens "
        "with “Get trending papers in your email inbox”"
    )


def _text(data: bytes) -> str:
    if not data or data.isspace():
        raise UnreadableFile("the file is empty")
    if (nul := data.find(b"\0")) >= 0:
        raise UnreadableFile(f"a binary file, not text: NUL at byte {nul + 1:,}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        wrong = data[error.start]
        raise UnreadableFile(f"not UTF-8 at byte {error.start + 1:,} (0x{wrong:02x})") from None
    return text.removeprefix("\ufeff")


def _date_in(name: str) -> date | None:
    for written in _DATE.findall(name):
        try:
            return date.fromisoformat(written)
        except ValueError:
            continue
    return None
