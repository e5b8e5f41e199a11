"""The lead: the sentences of an abstract that say what its authors did."""

import re
from collections.abc import Sequence

from service.mail.plain import cut_at_word

LEAD_LENGTH = 320
# A letter of one paper has room to let it speak.
LONE_LEAD_LENGTH = 700

# An abstract is a paragraph; what is longer is dirt, and no sentence beyond this is a lead.
_ABSTRACT_LENGTH = 6000
_DID = re.compile(
    r"\b(?:we|this (?:paper|work|study))(?:,?\s+[\w-]+,?){0,3}?\s+"
    r"(?:introduc|present|propos|develop|stud[iy]|show|describ|design|buil[dt]|releas|"
    r"investigat|identif|demonstrat|find|found|report)\w*",
    re.IGNORECASE,
)
_STOP = re.compile(r"""[.!?]["”’)\]]*\s+(?=["“‘(\[]*[^\Wa-z_])|[。！？]\s*""")
_ABBREVIATION = re.compile(
    r"\b(?:e\.g|i\.e|et al|cf|vs|figs?|eqs?|secs?|no|approx|resp|dr|prof|a\.k\.a|w\.r\.t|[a-z])\.$",
    re.IGNORECASE,
)


def sentences(text: str) -> list[str]:
    """Return the sentences of a paragraph, each with the white space after it.

    Abbreviations and initials end none.
    """
    found: list[str] = []
    start = 0
    for stop in _STOP.finditer(text):
        if not _ABBREVIATION.search(text[start : stop.end()].rstrip()[-12:]):
            found.append(text[start : stop.end()])
            start = stop.end()
    if start < len(text):
        found.append(text[start:])
    return found


def lead_sentences(abstract: str, name: str = "") -> Sequence[str]:
    """Return the sentences from the one that a lead begins with.

    That one says what the authors did; without one, it is the first that begins with `name`,
    which is what the paper calls its own work; without that, the abstract's first. `abstract` is
    one line.
    """
    found = sentences(abstract[:_ABSTRACT_LENGTH])
    signs = [_DID.search]
    if name:
        signs.append(re.compile(re.escape(name) + r"\b").match)
    for sign in signs:
        for position, sentence in enumerate(found):
            if sign(sentence):
                return found[position:]
    return found


def lead(chosen: Sequence[str]) -> str:
    """Return the lead of a card: of its sentences at most two, and 320 characters."""
    return _fitting(chosen[:2], LEAD_LENGTH)


def lone_lead(chosen: Sequence[str]) -> str:
    """Return the lead of a letter's only card: of its sentences what fits 700 characters."""
    return _fitting(chosen, LONE_LEAD_LENGTH)


def _fitting(chosen: Sequence[str], length: int) -> str:
    text = ""
    for sentence in chosen:
        if len((text + sentence).rstrip()) > length:
            return text.rstrip() or cut_at_word(sentence.rstrip(), length)
        text += sentence
    return text.rstrip()
