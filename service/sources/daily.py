"""Hugging Face daily papers: a JSON list of items, also inside an object with the day's date."""

import json
from datetime import date
from typing import Any

from service.domain.papers import Edition, Paper, Rejected, UnreadableFile, arxiv_id
from service.sources import fields
from service.sources.fields import FieldError, Record
from service.sources.literal import BadLiteral, literal
from service.sources.urls import BadLink, https_link

NAME = "hf-daily"


def read(text: str) -> Edition | None:
    """Return the edition that `text` is, or None when it is not JSON at all.

    Raises UnreadableFile for JSON that is broken or of another shape.
    """
    if not text.lstrip().startswith(("[", "{")):
        return None
    document = _document(text)
    day, rejected = None, list[Rejected]()
    if isinstance(document, dict):
        try:
            day = fields.day(document, "date")
        except FieldError as error:
            rejected.append(Rejected("date", str(error), kind="date"))
    papers: list[Paper] = []
    for number, item in enumerate(_items(document), start=1):
        position = f"item {number}"
        try:
            paper, dropped = _paper(_record(item), position)
        except (FieldError, BadLiteral) as error:
            rejected.append(Rejected(position, str(error)))
        else:
            papers.append(paper)
            rejected.extend(dropped)
    return Edition(format=NAME, papers=tuple(papers), rejected=tuple(rejected), date=day)


def _document(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        unfinished = error.msg.startswith("Unterminated") or error.pos >= len(text.rstrip())
        state = "the JSON is cut off" if unfinished else "the JSON is broken"
        raise UnreadableFile(f"{state} at {where}: {error.msg}") from None
    except RecursionError:
        raise UnreadableFile("the JSON is nested too deeply") from None
    except ValueError:
        # The interpreter refuses to convert numbers of more than 4,300 digits.
        raise UnreadableFile("the JSON holds a number of thousands of digits") from None


def _items(document: Any) -> list[Any]:
    items = document.get("data") if isinstance(document, dict) else document
    if not isinstance(items, list) or (items and not any(map(_is_item, items))):
        raise UnreadableFile(
            "JSON of an unknown shape: expected a list of daily papers, each with a “paper”, "
            "or an object with that list as “data”"
        )
    return items


def _is_item(item: object) -> bool:
    return "paper" in item if isinstance(item, dict) else isinstance(item, str) and "{" in item


def _record(item: object) -> Record:
    value = literal(item) if isinstance(item, str) else item
    if not isinstance(value, dict):
        raise FieldError("not an object")
    return value


def _paper(item: Record, position: str) -> tuple[Paper, list[Rejected]]:
    record = fields.nested(item, "paper")
    if not record:
        raise FieldError("no paper")
    title = fields.text(record, "title")
    if not title:
        raise FieldError("no title")
    organisation = fields.nested(record, "organization") or fields.nested(item, "organization")
    authors = fields.nested_list(record, "authors")
    dropped: list[Rejected] = []
    arxiv = arxiv_id(fields.text(record, "id"))
    paper = Paper(
        title=title,
        abstract=fields.text(record, "summary"),
        authors=tuple(filter(None, (fields.text(author, "name") for author in authors))),
        arxiv_id=arxiv,
        published=_published(record, position, dropped),
        page=f"https://arxiv.org/abs/{arxiv}" if arxiv else None,
        pdf=f"https://arxiv.org/pdf/{arxiv}" if arxiv else None,
        code=_link(record, "githubRepo", position, dropped),
        project=_link(record, "projectPage", position, dropped),
        upvotes=fields.count(record, "upvotes"),
        comments=fields.count(item, "numComments"),
        stars=fields.count(record, "githubStars"),
        keywords=fields.texts(record, "ai_keywords"),
        organisation=fields.text(organisation, "fullname")
        or fields.text(organisation, "name")
        or None,
    )
    return paper, dropped


def _published(record: Record, position: str, dropped: list[Rejected]) -> date | None:
    try:
        return fields.day(record, "publishedAt")
    except FieldError as error:
        dropped.append(Rejected(f"{position}, publishedAt", f"date dropped: {error}", kind="date"))
        return None


def _link(record: Record, key: str, position: str, dropped: list[Rejected]) -> str | None:
    link = fields.text(record, key)
    if not link:
        return None
    try:
        return https_link(link)
    except BadLink as error:
        dropped.append(Rejected(f"{position}, {key}", f"link dropped: {error}", kind="link"))
        return None
