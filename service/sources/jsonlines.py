"""Papers as JSON Lines: one object a line, as `paper.schema.json` describes it."""

import json
from collections.abc import Iterator
from datetime import date
from importlib import resources
from typing import Any

from service.domain.identity import arxiv_id, arxiv_version, doi, openreview_id
from service.domain.papers import Paper, Rejected, UnreadableFile
from service.sources import fields
from service.sources.content import Content
from service.sources.fields import FieldError, Record

NAME = "json-lines"

_LONGEST_LINE = 1_000_000
_UNKNOWN_IN_A_ROW = 100


def schema() -> str:
    """Return the JSON Schema of one line."""
    return resources.files(__package__).joinpath("paper.schema.json").read_text(encoding="utf-8")


def knows(head: str) -> bool:
    """Tell whether a file that begins so is of this format, daily papers in an object aside."""
    return head.startswith("{")


def read(content: Content) -> Iterator[Paper | Rejected | date]:
    """Yield the papers and the rejects of the file.

    Raises UnreadableFile where the last line is cut off, or no line is an object with a title.
    """
    known, waiting = False, list[Rejected]()
    for number, line in enumerate(content.lines(), start=1):
        if not line or line.isspace():
            continue
        position = f"line {number}"
        try:
            record = _record(line)
            if not known and "title" in record:
                known = True
                yield from waiting
            paper, dropped = _paper(record, position)
        except FieldError as error:
            reject = Rejected(position, str(error))
            if known:
                yield reject
            elif len(waiting) < _UNKNOWN_IN_A_ROW:
                waiting.append(reject)
            else:
                raise _unknown(waiting[0]) from None
        else:
            yield paper
            yield from dropped
    cut = content.cut_line is not None and _is_cut(content.cut_line)
    if cut and (known or '"title"' in (content.cut_line or "")):
        raise UnreadableFile(f"the JSON is cut off in line {number}, the last")
    if waiting and not known:
        raise _unknown(waiting[0])


def _unknown(first: Rejected) -> UnreadableFile:
    return UnreadableFile(
        "JSON of an unknown shape: expected one paper a line, each with a “title”, or a list of "
        f"daily papers, each with a “paper” ({first.position}: {first.reason})"
    )


def _is_cut(line: str) -> bool:
    try:
        _record(line)
    except FieldError:
        return line.lstrip().startswith("{")
    return False


def _record(line: str) -> Record:
    if len(line) > _LONGEST_LINE:
        raise FieldError(f"longer than {_LONGEST_LINE:,} characters")
    try:
        record: Any = json.loads(line)
    except json.JSONDecodeError as error:
        raise FieldError(f"not JSON at column {error.pos + 1}: {error.msg}") from None
    except RecursionError:
        raise FieldError("nested too deeply") from None
    except ValueError:
        # The interpreter refuses to convert numbers of more than 4,300 digits.
        raise FieldError("holds a number of thousands of digits") from None
    if not isinstance(record, dict):
        raise FieldError("not an object")
    return record


def _paper(record: Record, position: str) -> tuple[Paper, list[Rejected]]:
    title, abstract = fields.prose(record, "title"), fields.prose(record, "abstract")
    if not title:
        raise FieldError("no title")
    dropped: list[Rejected] = []
    page = fields.link(record, "page", position, dropped)
    pdf = fields.link(record, "pdf", position, dropped)
    named = fields.text(record, "arxiv_id")
    named_doi = fields.text(record, "doi")
    named_review = fields.text(record, "openreview_id")
    arxiv, digital, review = arxiv_id(named), doi(named_doi), openreview_id(named_review)
    # arXiv's own DOIs name papers by their arXiv ids.
    arxiv_by_doi = arxiv_id(named_doi)
    for key, given, found in (
        ("arxiv_id", named, arxiv),
        ("doi", named_doi, digital or arxiv_by_doi),
        ("openreview_id", named_review, review),
    ):
        if given and not found:
            reason = f"identifier dropped: {key} is none"
            dropped.append(Rejected(f"{position}, {key}", reason, kind="identity"))
    arxiv = arxiv or arxiv_by_doi
    if page:
        arxiv = arxiv or arxiv_id(page)
        digital = digital or doi(page)
        if page.startswith("https://openreview.net/"):
            review = review or openreview_id(page)
    paper = Paper(
        title=title,
        abstract=abstract,
        authors=fields.texts(record, "authors"),
        arxiv_id=arxiv,
        doi=digital,
        openreview_id=review,
        version=fields.count(record, "version") or arxiv_version(named),
        published=fields.day_or_none(record, "published", position, dropped),
        page=page or (f"https://arxiv.org/abs/{arxiv}" if arxiv else None),
        pdf=pdf or (f"https://arxiv.org/pdf/{arxiv}" if arxiv else None),
        code=fields.link(record, "code", position, dropped),
        project=fields.link(record, "project", position, dropped),
        upvotes=fields.count(record, "upvotes"),
        comments=fields.count(record, "comments"),
        stars=fields.count(record, "stars"),
        keywords=fields.texts(record, "keywords"),
        categories=fields.texts(record, "categories"),
        organisation=fields.name(record, "organisation") or None,
        original=fields.original(record, "title", title, "abstract", abstract),
    )
    return paper, dropped
