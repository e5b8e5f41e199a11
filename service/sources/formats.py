"""Every format of a digest file, told apart by content; the name gives a date, never a format."""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import BinaryIO

from service.domain.papers import Edition, Paper, Rejected, Rejects, UnreadableFile, oversize
from service.sources import arxiv, daily, feed, jsonlines, pages
from service.sources.content import Content
from service.sources.spool import Spool


@dataclass(frozen=True, slots=True)
class Format:
    """How files of one kind are known by their first characters, and read.

    `read` yields papers and rejects, and the date of the edition where the file tells it; it
    raises UnreadableFile for a broken file.
    """

    name: str
    knows: Callable[[str], bool]
    read: Callable[[Content], Iterator[Paper | Rejected | date]]


# The first that knows a file has it.
FORMATS = (
    Format(daily.NAME, daily.knows, daily.read),
    Format(jsonlines.NAME, jsonlines.knows, jsonlines.read),
    Format(arxiv.API, arxiv.knows_api, arxiv.read),
    Format(arxiv.RSS, arxiv.knows_rss, arxiv.read),
    Format(feed.NAME, feed.knows, feed.read),
    Format(pages.NAME, pages.knows, pages.read),
)

UNBOUNDED = 2**62

# Twice the largest file in use: what has more holds no papers, but lines of a few letters.
_MOST_PAPERS = 250_000

# A file with more rejects than this, and so few papers among them, is not what it seems; reading
# on through millions of them would take minutes.
_MANY_REJECTS = 100_000
_REJECTS_A_PAPER = 10

_DATE = re.compile(r"(?<![0-9])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")


@contextmanager
def reading(opened: BinaryIO, name: str, max_bytes: int) -> Iterator[Edition]:
    """Give the edition that a digest file holds; its papers can be read while this lasts.

    Its date is the one in the file, else the first in the file's `name` (YYYY-MM-DD), else None.
    Raises UnreadableFile when nothing of the file can be used, or it holds (unpacked, if it is
    compressed) more than `max_bytes`.
    """
    content = Content(opened, max_bytes)
    chosen = next((known for known in FORMATS if known.knows(content.head)), None)
    if chosen is None:
        # What is no text at all is told as that.
        for _ in content.text():
            pass
        raise UnreadableFile(
            "no digest format that is known: neither JSON, nor RSS or Atom, nor a page of trending "
            "papers, which opens with “Get trending papers in your email inbox”"
        )
    with Spool() as papers:
        day: date | None = None
        rejects = Rejects()
        for said in chosen.read(content):
            if isinstance(said, Paper) and (excess := oversize(said)):
                # Its own position is not known here; its beginning finds it as well.
                said = Rejected(f"“{said.title[:40].rstrip()}…”", excess)
            if isinstance(said, Paper):
                papers.append(said)
                if len(papers) > _MOST_PAPERS:
                    raise UnreadableFile(f"more than {_MOST_PAPERS:,} papers: split it")
            elif isinstance(said, Rejected):
                rejects.add((said,))
                if rejects.total > max(_MANY_REJECTS, _REJECTS_A_PAPER * len(papers)):
                    raise UnreadableFile(
                        f"more than {_MANY_REJECTS:,} of its records or links cannot be used, only "
                        f"{len(papers):,} can; the last, {said.position}: {said.reason}"
                    )
            else:
                day = said
        yield Edition(
            format=chosen.name,
            papers=papers,
            rejected=tuple(rejects.listed),
            unlisted=rejects.unlisted,
            date=day or _date_in(name),
        )


def parse(data: bytes, name: str, max_bytes: int = UNBOUNDED) -> Edition:
    """Return the edition that the bytes of a digest file hold, whole in memory.

    Raises UnreadableFile as `reading` does.
    """
    with reading(io.BytesIO(data), name, max_bytes) as edition:
        return replace(edition, papers=tuple(edition.papers))


def _date_in(name: str) -> date | None:
    for written in _DATE.findall(name):
        try:
            return date.fromisoformat(written)
        except ValueError:
            continue
    return None
