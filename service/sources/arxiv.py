"""arXiv's own feeds: answers of its API (Atom) and its daily announcements (RSS or Atom)."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from service.domain.papers import Paper, Rejected
from service.sources import feed
from service.sources.content import Content

API = "arxiv-api"
RSS = "arxiv-rss"

_API = re.compile(r"https?://arxiv\.org/(?:api/|schemas/atom)")
_ANNOUNCEMENTS = re.compile(r"https?://(?:rss|export|www)?\.?arxiv\.org/(?:rss|atom|list)\b")

# What announcements put before the abstract, and once put after the title.
_BEFORE_ABSTRACT = re.compile(r"arXiv:\S+\s+Announce Type:\s+\S+\s+Abstract:\s*", re.IGNORECASE)
_AFTER_TITLE = re.compile(r"\.?\s*\(arXiv:\S+(?:\s+\[[^\]]*\])?(?:\s+UPDATED)?\)$")

_CATEGORY = re.compile(r"[a-z]+(?:-[a-z]+)?(?:\.[A-Za-z]{2}|\.[a-z]+(?:-[a-z]+)?)?")


def knows_api(head: str) -> bool:
    """Tell whether a file that begins so is an answer of arXiv's API."""
    return feed.knows(head) and not knows_rss(head) and _API.search(head) is not None


def knows_rss(head: str) -> bool:
    """Tell whether a file that begins so is a page of arXiv's announcements."""
    return feed.knows(head) and _ANNOUNCEMENTS.search(head) is not None


def read(content: Content) -> Iterator[Paper | Rejected | date]:
    """Yield the papers, the rejects and the date of the feed."""
    answer = feed.parsed(content)
    if day := feed.day_of(answer.feed, "published_parsed", "updated_parsed"):
        yield day
    yield from feed.papers_of(answer, _paper)


def _paper(entry: feed.Entry, told: feed.Told) -> Paper | None:
    paper = feed.paper(entry, told)
    if paper is None:
        return None
    title = _AFTER_TITLE.sub("", paper.title)
    if title == "Error" and paper.arxiv_id is None:
        # The API answers a wrong query with an entry of that title.
        return None
    abstract = _BEFORE_ABSTRACT.sub("", paper.abstract, count=1)
    # Tags also hold MSC and ACM classes, in running text.
    categories = tuple(term for term in paper.categories if _CATEGORY.fullmatch(term))
    arxiv = paper.arxiv_id
    return replace(
        paper,
        title=title or paper.title,
        abstract=abstract,
        categories=categories,
        page=f"https://arxiv.org/abs/{arxiv}" if arxiv else paper.page,
    )
