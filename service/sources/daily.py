"""Hugging Face daily papers: a JSON list of items, also inside an object with the day's date."""

from collections.abc import Iterator
from datetime import date

from service.domain.identity import arxiv_id, arxiv_version
from service.domain.papers import Paper, Rejected, UnreadableFile
from service.sources import fields
from service.sources.content import Content
from service.sources.fields import FieldError, Record
from service.sources.jsontext import BadValue, JsonText, first_keys
from service.sources.literal import BadLiteral, literal

NAME = "hf-daily"


def knows(head: str) -> bool:
    """Tell whether a file that begins so is of this format."""
    return head.startswith("[") or (head.startswith("{") and "data" in first_keys(head))


def read(content: Content) -> Iterator[Paper | Rejected | date]:
    """Yield the papers, the rejects and, where it is told, the date of the file.

    Raises UnreadableFile for JSON that is broken or of another shape.
    """
    document = JsonText(content.text())
    if document.peek() == "[":
        yield from _items(document)
    else:
        found = False
        for key in document.members():
            if key == "data":
                found = True
                if document.peek() != "[":
                    raise UnreadableFile(_SHAPE)
                yield from _items(document)
            elif key == "date":
                yield from _date(document.value())
            else:
                document.value()
        if not found:
            raise UnreadableFile(_SHAPE)
    document.end()


_SHAPE = (
    "JSON of an unknown shape: expected a list of daily papers, each with a “paper”, or an object "
    "with that list as “data”, or one paper a line, each with a “title”"
)


def _date(value: object) -> Iterator[Rejected | date]:
    try:
        day = fields.day({"date": value}, "date")
    except FieldError as error:
        yield Rejected("date", str(error), kind="date")
    else:
        if day:
            yield day


def _items(document: JsonText) -> Iterator[Paper | Rejected]:
    # Rejects wait until one item is what it should be: else the whole list is something else.
    known, waiting = False, list[Rejected]()
    for number, item in enumerate(document.items(), start=1):
        position = f"item {number}"
        if not known and _is_item(item):
            known = True
            yield from waiting
        try:
            paper, dropped = _paper(_record(item), position)
        except (FieldError, BadLiteral) as error:
            reject = Rejected(position, str(error))
            if known:
                yield reject
            elif len(waiting) < _UNKNOWN_IN_A_ROW:
                waiting.append(reject)
            else:
                raise UnreadableFile(_SHAPE) from None
        else:
            yield paper
            yield from dropped
    if waiting and not known:
        raise UnreadableFile(_SHAPE)


_UNKNOWN_IN_A_ROW = 100


def _is_item(item: object) -> bool:
    return "paper" in item if isinstance(item, dict) else isinstance(item, str) and "{" in item


def _record(item: object) -> Record:
    if isinstance(item, BadValue):
        raise FieldError(item.reason)
    value = literal(item) if isinstance(item, str) else item
    if not isinstance(value, dict):
        raise FieldError("not an object")
    return value


def _paper(item: Record, position: str) -> tuple[Paper, list[Rejected]]:
    record = fields.nested(item, "paper")
    if not record:
        raise FieldError("no paper")
    title, abstract = fields.prose(record, "title"), fields.prose(record, "summary")
    if not title:
        raise FieldError("no title")
    organisation = fields.nested(record, "organization") or fields.nested(item, "organization")
    authors = fields.nested_list(record, "authors")
    dropped: list[Rejected] = []
    named = fields.text(record, "id")
    arxiv = arxiv_id(named)
    paper = Paper(
        title=title,
        abstract=abstract,
        authors=tuple(filter(None, (fields.name(author, "name") for author in authors))),
        arxiv_id=arxiv,
        version=arxiv_version(named),
        published=fields.day_or_none(record, "publishedAt", position, dropped),
        page=f"https://arxiv.org/abs/{arxiv}" if arxiv else None,
        pdf=f"https://arxiv.org/pdf/{arxiv}" if arxiv else None,
        code=fields.link(record, "githubRepo", position, dropped),
        project=fields.link(record, "projectPage", position, dropped),
        upvotes=fields.count(record, "upvotes"),
        comments=fields.count(item, "numComments"),
        stars=fields.count(record, "githubStars"),
        keywords=fields.texts(record, "ai_keywords"),
        organisation=fields.text(organisation, "fullname")
        or fields.text(organisation, "name")
        or None,
        original=fields.original(record, "title", title, "summary", abstract),
    )
    return paper, dropped
