"""Where words that matched stand in the text as it is shown."""

import re
from array import array
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from sys import intern

from service.domain.text import UNSPACED_SIGN, words

# A word as written; in a script without spaces, each character, as `words` has it.
_WORD = re.compile(rf"{UNSPACED_SIGN}|(?:(?!{UNSPACED_SIGN})[^\W_]|[\u0300-\u036f])+")
_ASCII_WORD = re.compile("[A-Za-z0-9]+")


class Spelled:
    """The words of a text as matching counts them, in order, and where each of them is written."""

    __slots__ = ("_places", "_plain", "words")

    def __init__(self, text: str) -> None:
        self._places: Sequence[int] = ()
        # The sign where we cut a text off separates words, as a blank does.
        self._plain = text.replace("…", " ")
        if self._plain.isascii():
            self.words = tuple(map(intern, _ASCII_WORD.findall(self._plain.lower())))
            return
        found: list[str] = []
        places = array("I")
        for match in _WORD.finditer(text):
            for word in _folded(match[0]):
                found.append(intern(word))
                places.extend(match.span())
        self.words, self._places = tuple(found), places

    def span(self, first: int, count: int) -> tuple[int, int]:
        """Return where so many words from that one on are written, from the start of the first up
        to the end of the last.
        """
        if not self._places:
            # Most texts are asked only whether they have a word.
            words = _ASCII_WORD.finditer(self._plain)
            self._places = array("I", chain.from_iterable(match.span() for match in words))
        return self._places[2 * first], self._places[2 * (first + count) - 1]


def _folded(piece: str) -> Sequence[str]:
    # A piece of these letters is folded when it is in lower case.
    return [piece.lower()] if piece.isascii() else words(piece)


@lru_cache(maxsize=2048)
def spelled(text: str) -> Spelled:
    """Return the words of a text."""
    return Spelled(text)


def marks(text: str, phrases: Iterable[str]) -> list[tuple[int, int]]:
    """Return the spans of a text that spell one of the phrases, in order, none overlapping.

    `phrases` are folded, as `Verdict.terms` gives them. A span goes from the first character of
    its first word to the end of its last, with all that stands between.
    """
    said = spelled(text)
    united: list[tuple[int, int]] = []
    for start, end in sorted(span for phrase in phrases for span in _spans(said, phrase)):
        if united and start < united[-1][1]:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        else:
            united.append((start, end))
    return united


def first_marks(
    texts: Sequence[Spelled], terms: Sequence[Sequence[str]], most: int
) -> list[list[tuple[int, int]]]:
    """Return for each text the spans to mark: of each term the first, in all at most `most`.

    A term is given by its forms, folded. What stands in an earlier text goes first; where two
    terms overlap, the longer is marked.
    """
    left = dict(enumerate(terms))
    chosen: list[list[tuple[int, int]]] = []
    for said in texts:
        found: list[tuple[int, int, int]] = []
        for number, forms in left.items():
            for form in forms:
                found += [(start, -end, number) for start, end in _spans(said, form)]
        found.sort()
        spans: list[tuple[int, int]] = []
        for start, minus_end, number in found:
            if most > 0 and number in left and (not spans or start >= spans[-1][1]):
                spans.append((start, -minus_end))
                del left[number]
                most -= 1
        chosen.append(spans)
    return chosen


def _spans(said: Spelled, phrase: str) -> list[tuple[int, int]]:
    """Return where a text says a folded phrase."""
    wanted = _wanted(phrase)
    spans: list[tuple[int, int]] = []
    if not wanted:
        return spans
    place, count = -1, len(wanted)
    for _ in range(said.words.count(wanted[0])):
        place = said.words.index(wanted[0], place + 1)
        if said.words[place : place + count] == wanted:
            spans.append(said.span(place, count))
    return spans


@lru_cache(maxsize=4096)
def _wanted(phrase: str) -> tuple[str, ...]:
    return tuple(words(phrase))
