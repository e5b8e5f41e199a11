"""Any RSS or Atom feed whose entries are papers."""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import feedparser

from service.domain.identity import arxiv_id, arxiv_version, doi, openreview_id
from service.domain.papers import Original, Paper, Rejected, UnreadableFile
from service.sources import feedxml
from service.sources.content import Content
from service.sources.fields import FieldError
from service.sources.prose import LONGEST, readable
from service.sources.text import tidy
from service.sources.urls import BadLink, https_link

NAME = "feed"

_ROOT = re.compile(r"<(?:rss|feed|rdf:RDF)[\s>]", re.IGNORECASE)
_BETWEEN_NAMES = re.compile(r"\s*;\s*|\s*,?\s+and\s+|\s*,\s*")

# RSS has the address first.
_BY_MAIL = re.compile(r"\S+@\S+ \((.+)\)")

Entry = Any


@dataclass(slots=True)
class Told:
    """What a feed says of one paper, and what of it had to be dropped."""

    position: str
    dropped: list[Rejected] = field(default_factory=list)

    def link(self, written: str, what: str) -> str | None:
        """Return a link that is https; else note why it was dropped."""
        if not written:
            return None
        try:
            return https_link(written)
        except BadLink as error:
            reject = Rejected(f"{self.position}, {what}", f"link dropped: {error}", kind="link")
            self.dropped.append(reject)
            return None


def knows(head: str) -> bool:
    """Tell whether a file that begins so is a feed."""
    return head.startswith("<") and _ROOT.search(head) is not None


def read(content: Content) -> Iterator[Paper | Rejected | date]:
    """Yield the papers of the feed, and its entries that are none as rejects."""
    yield from papers_of(parsed(content), paper)


def parsed(content: Content) -> Any:
    """Return what feedparser makes of the file. Raises UnreadableFile where it is no whole feed."""
    data = content.whole(feedxml.LARGEST)
    feedxml.check(data)
    # As a file: feedparser would take a text that looks like an address for one, and open it.
    try:
        feed = feedparser.parse(io.BytesIO(data), sanitize_html=False, resolve_relative_uris=False)
    except Exception as error:
        # It raises all kinds of errors on hostile input.
        raise UnreadableFile(f"the feed cannot be read ({type(error).__name__})") from None
    if not feed.get("version") and not feed.entries:
        raise UnreadableFile(f"the feed cannot be read: {feed.get('bozo_exception', 'no feed')}")
    return feed


def papers_of(
    feed: Any, make: Callable[[Entry, Told], Paper | None]
) -> Iterator[Paper | Rejected | date]:
    """Yield what `make` makes of the entries of a feed: a paper, or None for want of a title."""
    for number, entry in enumerate(feed.entries, start=1):
        told = Told(f"entry {number}")
        try:
            made = make(entry, told)
        except FieldError as error:
            yield Rejected(told.position, str(error))
            continue
        if made is None:
            yield Rejected(told.position, "no title")
        else:
            yield made
            yield from told.dropped


def paper(entry: Entry, told: Told) -> Paper | None:
    """Return the paper that an entry of any feed tells of."""
    title, raw_title = _prose("title", entry.get("title_detail"))
    abstract, raw_abstract = _prose("abstract", _abstract(entry))
    if not title:
        return None
    page = told.link(text(entry, "link"), "link")
    names = [text(entry, key) for key in ("id", "link", "dc_identifier", "prism_doi", "arxiv_doi")]
    names = [name for name in names if name]
    arxiv = next(filter(None, map(arxiv_id, names)), None)
    review = [name for name in names if "openreview.net/" in name]
    return Paper(
        title=title,
        abstract=abstract,
        authors=authors_of(entry),
        arxiv_id=arxiv,
        doi=next(filter(None, map(doi, names)), None),
        openreview_id=next(filter(None, map(openreview_id, review)), None),
        version=next(filter(None, map(arxiv_version, names)), None),
        published=day_of(entry),
        page=page or (f"https://arxiv.org/abs/{arxiv}" if arxiv else None),
        pdf=f"https://arxiv.org/pdf/{arxiv}" if arxiv else None,
        keywords=(),
        categories=categories_of(entry),
        original=original(raw_title, raw_abstract),
    )


def _prose(name: str, detail: Any) -> tuple[str, str | None]:
    """Return the readable text of an entry's part, and what was written where that differs."""
    written = str((detail or {}).get("value") or "")
    if len(written) > LONGEST:
        raise FieldError(f"{name} of more than {LONGEST:,} characters")
    shown = readable(written, html="html" in str((detail or {}).get("type") or ""))
    return shown, None if " ".join(written.split()) == shown else written


def original(title: str | None, abstract: str | None) -> Original | None:
    return Original(title, abstract) if title or abstract else None


def text(entry: Entry, key: str) -> str:
    value = entry.get(key)
    return tidy(value) if isinstance(value, str) else ""


def authors_of(entry: Entry) -> tuple[str, ...]:
    """Return the names of an entry's authors, also where one element lists them all."""
    names: list[str] = []
    by_mail = _BY_MAIL.fullmatch(text(entry, "author"))
    authors = [{"name": by_mail[1]}] if by_mail else entry.get("authors") or ()
    for author in authors:
        name = readable(str(author.get("name") or ""), html=True)
        parts = [part for part in _BETWEEN_NAMES.split(name) if part]
        # “Lind, Ada” is one name, the other way round.
        names += parts if len(parts) != 2 or " " in parts[0] or "," not in name else [name]
    return tuple(dict.fromkeys(filter(None, names)))


def categories_of(entry: Entry) -> tuple[str, ...]:
    terms = (tidy(str(tag.get("term") or "")) for tag in entry.get("tags") or ())
    return tuple(dict.fromkeys(filter(None, terms)))


def day_of(entry: Entry, *keys: str) -> date | None:
    """Return the UTC day that feedparser read under the first of the keys that has one."""
    for key in keys or ("published_parsed", "updated_parsed"):
        # Its own `get` would answer with another date, and warn of it.
        moment = dict.get(entry, key)
        try:
            if moment:
                return date(*moment[:3])
        except (TypeError, ValueError):
            continue
    return None


def _abstract(entry: Entry) -> Any:
    if detail := entry.get("summary_detail"):
        return detail
    return next(iter(entry.get("content") or ()), None)
