"""Topics that many papers of late are about, for who does not know what to type."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise

from service.domain.papers import Paper
from service.domain.text import fold
from service.domain.topics import TopicError, parse

# So many papers make a topic of a keyword, or of two words that stand together in titles.
_FEWEST = 3
_LONGEST = 40
_WORDS = re.compile(r"[^\W\d_][\w-]*")
_COMMON = frozenset(
    "a an and are as at be beyond by can do does for from how in into is it its just large learning"
    " model models more need new no not of on one or our out over so than that the their they this"
    " through to toward towards under up using via via we what when where which who why will with"
    " without you your".split()
)


def suggestions(papers: Iterable[Paper], most: int) -> tuple[str, ...]:
    """Return the topics that most papers have as a keyword; where no paper has keywords, the
    pairs of words that most titles have."""
    known = list(papers)
    phrases = [paper.keywords for paper in known if paper.keywords]
    if not phrases:
        phrases = [tuple(_pairs(paper.title)) for paper in known]
    counted: Counter[str] = Counter()
    spelled: dict[str, Counter[str]] = {}
    for of_paper in phrases:
        by_meaning = {fold(words): " ".join(words.split()) for words in of_paper}
        counted.update(by_meaning.keys())
        for meaning, words in by_meaning.items():
            spelled.setdefault(meaning, Counter())[words] += 1
    ranked = sorted(
        (-count, meaning) for meaning, count in counted.items() if count >= _FEWEST and meaning
    )
    found: list[str] = []
    for _, meaning in ranked:
        words = spelled[meaning].most_common(1)[0][0]
        if _is_topic(words):
            found.append(words)
        if len(found) == most:
            break
    return tuple(found)


def _pairs(title: str) -> Iterator[str]:
    words = _WORDS.findall(title)
    for one, two in pairwise(words):
        if not {one.lower(), two.lower()} & _COMMON:
            yield f"{one} {two}".lower()


def _is_topic(words: str) -> bool:
    if len(words) > _LONGEST or not words.isprintable():
        return False
    try:
        parse(words)
    except TopicError:
        return False
    return True
