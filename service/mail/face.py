"""The face of a paper: what of it may be shown, each text on one line and safe to print."""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from service.domain.papers import Paper, short_authors
from service.mail.lead import lead, lead_sentences
from service.mail.plain import cut_at_word, one_line, short_name
from service.mail.wording import short_date

# Longer than any title or name in print; what is longer would crowd the other papers out.
_TITLE_LENGTH = 300
_NAME_LENGTH = 80
_LINK = re.compile(r"https?://[^\s<>\"]{1,500}")
_SEARCH = "https://arxiv.org/search/"


@dataclass(frozen=True, slots=True)
class Link:
    """A link in a card's last line: its word, where it leads, and a note in brackets."""

    word: str
    url: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Face:
    """What a card's templates may show of a paper, each text on one line and safe to print.

    `name` is what the paper is called in passing; `url` is its page; `tally` holds its upvotes and
    date as far as they are known. A missing fact is empty.
    """

    title: str
    name: str
    url: str
    authors: str
    organisation: str
    lead: str
    links: tuple[Link, ...]
    tally: tuple[str, ...]


def face(paper: Paper, *, own_page: str, year: int) -> Face:
    """Return what the card of `paper` shows in a letter of `year`.

    `own_page` is the paper's page on our own site, for a paper that has no other.
    """
    title = cut_at_word(one_line(paper.title), _TITLE_LENGTH)
    authors = [cut_at_word(name, _NAME_LENGTH) for name in map(one_line, paper.authors) if name]
    organisation = cut_at_word(one_line(paper.organisation or ""), _NAME_LENGTH)
    name = short_name(title)
    return Face(
        title=title,
        name=name,
        url=_link(paper.page) or own_page,
        authors=short_authors(authors),
        organisation="" if organisation.casefold() in title.casefold() else organisation,
        lead=lead(lead_sentences(one_line(paper.abstract), name)),
        links=_links(paper, title),
        tally=tuple(_tally(paper, year)),
    )


def own_page(base_url: str, key: str) -> str:
    """Return the address of a paper's page on our own site."""
    return f"{base_url}/paper/{quote(key, safe='')}"


def _links(paper: Paper, title: str) -> tuple[Link, ...]:
    stars = f"{paper.stars} stars" if paper.stars and paper.stars >= 10 else ""
    wanted = (
        ("PDF", _link(paper.pdf), ""),
        ("Code", _link(paper.code), stars),
        ("Project", _link(paper.project), ""),
    )
    links: list[Link] = []
    for word, url, note in wanted:
        if url and all(url != link.url for link in links):
            links.append(Link(word, url, note))
    if not links and not _link(paper.page):
        query = urlencode({"query": cut_at_word(title, 200).rstrip("…"), "searchtype": "title"})
        links.append(Link("Find this paper", f"{_SEARCH}?{query}"))
    return tuple(links)


def _tally(paper: Paper, year: int) -> list[str]:
    tally: list[str] = []
    if paper.upvotes is not None and paper.upvotes >= 5:
        tally.append(f"{paper.upvotes} upvotes")
    if paper.published is not None:
        tally.append(short_date(paper.published, year))
    return tally


def _link(url: str | None) -> str:
    return url if url and _LINK.fullmatch(url) and url == one_line(url) else ""
