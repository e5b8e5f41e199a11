"""Where words that matched stand in the text as it is shown."""

import re
from collections.abc import Iterable

from service.domain.text import UNSPACED_SIGN, words

# A word as written; in a script without spaces, each character, as `words` has it.
_WORD = re.compile(rf"{UNSPACED_SIGN}|(?:(?!{UNSPACED_SIGN})[^\W_]|[\u0300-\u036f])+")


def marks(text: str, phrases: Iterable[str]) -> list[tuple[int, int]]:
    """Return the spans of a text that spell one of the phrases, in order, none overlapping.

    `phrases` are folded, as `Verdict.terms` gives them. A span goes from the first character of
    its first word to the end of its last, with all that stands between.
    """
    said = [
        (word, found.start(), found.end())
        for found in _WORD.finditer(text)
        for word in words(found[0])
    ]
    spans: list[tuple[int, int]] = []
    for phrase in phrases:
        wanted = words(phrase)
        for first in range(len(said) - len(wanted) + 1):
            if wanted and all(
                said[first + offset][0] == word for offset, word in enumerate(wanted)
            ):
                spans.append((said[first][1], said[first + len(wanted) - 1][2]))
    united: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if united and start < united[-1][1]:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        else:
            united.append((start, end))
    return united
