"""Papers as BibTeX, for a reader's own library."""

import re
import unicodedata
from collections.abc import Iterable

from service.domain.papers import Paper
from service.domain.text import words

_SPECIAL = re.compile(r"[\\{}$&#%_^~]")
_ESCAPED = {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    # BibTeX counts even escaped braces.
    "{": r"{\textbraceleft}",
    "}": r"{\textbraceright}",
    **{sign: f"\\{sign}" for sign in "$&#%_"},
}
_NOT_IN_A_KEY = re.compile(r"[^a-z0-9]")
# Words that begin many titles and name none of them.
_WEAK = frozenset(
    "a an the on of for in to and with from towards toward is are how what why".split()
)


def bibtex(papers: Iterable[Paper]) -> str:
    """Return an entry a paper, in order, in UTF-8 with TeX's own signs escaped.

    Keys are like quill2026lamp; papers that would share one are told apart by a letter.
    """
    taken: set[str] = set()
    entries = []
    for paper in papers:
        key = first = _key(paper)
        number = 0
        while key in taken:
            number += 1
            key = first + _letters(number)
        taken.add(key)
        entries.append(_entry(key, paper))
    return "\n".join(entries)


def _entry(key: str, paper: Paper) -> str:
    fields = {
        # Double braces keep the capitals of the title.
        "title": f"{{{_tex(paper.title)}}}",
        "author": " and ".join(map(_author, paper.authors)),
        "year": str(paper.published.year) if paper.published else "",
        "month": _MONTHS[paper.published.month - 1] if paper.published else "",
        "eprint": paper.arxiv_id or "",
        "archiveprefix": "arXiv" if paper.arxiv_id else "",
        "primaryclass": paper.categories[0] if paper.arxiv_id and paper.categories else "",
        "doi": paper.doi or "",
        "url": paper.page or "",
    }
    verbatim = ("doi", "url", "eprint")
    lines = [
        f"  {name:<13} = {{{_whole(value) if name in verbatim else value}}},\n"
        for name, value in fields.items()
        if value and name != "month"
    ]
    if fields["month"]:
        # A month is one of BibTeX's own words, so it stands without braces.
        lines.append(f"  {'month':<13} = {fields['month']},\n")
    return f"@misc{{{key},\n{''.join(lines)}}}\n"


def _key(paper: Paper) -> str:
    family = words(paper.authors[0])[-1:] if paper.authors else []
    title = [word for word in words(paper.title) if word not in _WEAK][:1]
    year = [str(paper.published.year)] if paper.published else []
    plain = unicodedata.normalize("NFKD", "".join((*family, *year, *title))).lower()
    key = _NOT_IN_A_KEY.sub("", plain)
    # An entry needs a key that is no number, also where nothing is in Latin letters.
    return key if key[:1].isalpha() else f"paper{key}"


def _letters(number: int) -> str:
    letters = ""
    while number:
        number, digit = divmod(number - 1, 26)
        letters = chr(ord("a") + digit) + letters
    return letters


def _author(name: str) -> str:
    # A comma, or the word "and", would make two parts or two authors of one name.
    text = _tex(name)
    return f"{{{text}}}" if "," in name or re.search(r"\band\b", name, re.IGNORECASE) else text


def _tex(text: str) -> str:
    return _SPECIAL.sub(lambda found: _ESCAPED[found[0]], " ".join(text.split()))


def _whole(address: str) -> str:
    # Taken verbatim by BibTeX's styles, so only what would end the field is escaped.
    return address.replace("{", "%7B").replace("}", "%7D").replace(" ", "%20")


_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
