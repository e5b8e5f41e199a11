"""One field of the papers, indexed: where each word stands."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence, Set
from heapq import merge
from sys import intern

from service.domain.expression import Near, Term
from service.domain.text import spaced, words
from service.domain.topics import NEAR_WORDS
from service.matching.stems import Stems

# The numbers of the words at which something begins, in order, by segment.
Starts = Mapping[int, list[int]]


class Column:
    """The words of one field of all papers.

    A field is cut into segments: a title is one, each author's name is one, and nothing sought
    reaches from one into the next. `owners` holds the paper of each segment. With `stems`, the
    forms of a word count as that word.
    """

    def __init__(self, texts: Iterable[tuple[int, str]], stems: Stems | None = None) -> None:
        """Index the texts, each with the number of its paper."""
        self._stems = stems
        self._said: list[tuple[str, ...]] = []
        self.owners: list[int] = []
        self._words: dict[str, dict[int, list[int]]] = {}
        for segment, (paper, text) in enumerate(texts):
            self.owners.append(paper)
            # Papers share most of their words.
            said = tuple(map(intern, words(text)))
            self._said.append(said)
            for place, word in enumerate(said):
                self._words.setdefault(word, {}).setdefault(segment, []).append(place)
        self._sorted: list[str] | None = None
        self._stemmed: dict[str, Starts] = {}
        self._families: dict[str, list[str]] = {}
        # Who asks about one paper asks about the next.
        self._quoted: dict[Term | Near, tuple[list[Starts], list[int]]] = {}
        if stems is not None:
            known = stems.of(self._words)
            for word in self._words:
                self._families.setdefault(known[word], []).append(word)

    def find(self, wanted: Term | Near) -> dict[int, int]:
        """Return the segments that hold a term, or terms near each other, and how often.

        Terms near each other count as often as they stand there as one phrase, which may be 0.
        """
        if isinstance(wanted, Term):
            return {segment: len(places) for segment, places in self._starts(wanted).items()}
        found = [self._starts(term) for term in wanted.terms]
        lengths = [_length(term) for term in wanted.terms]
        counts: dict[int, int] = {}
        for segment in _common(found):
            starts = [starts[segment] for starts in found]
            if _near(starts, lengths):
                counts[segment] = len(_rows(starts, lengths))
        return counts

    def quote(
        self, wanted: Term | Near, segments: Iterable[int]
    ) -> tuple[dict[str, None], dict[str, None]]:
        """Return what `find` found in some segments, folded, in their own word forms.

        First come the phrases, then the words that stand near each other without being one; each
        stands once, as a key.
        """
        known = self._quoted.get(wanted)
        if known is None:
            terms = wanted.terms if isinstance(wanted, Near) else (wanted,)
            known = [self._starts(term) for term in terms], [_length(term) for term in terms]
            self._quoted[wanted] = known
        found, lengths = known
        length = sum(lengths)
        phrases: dict[str, None] = {}
        loose: dict[str, None] = {}
        for segment in segments:
            starts = [each[segment] for each in found if segment in each]
            if len(starts) < len(found) or (len(starts) > 1 and not _near(starts, lengths)):
                continue
            said = self._said[segment]
            rows = _rows(starts, lengths)
            for first in rows:
                phrases[spaced(said[first : first + length])] = None
            if not rows:
                for places, width in zip(starts, lengths, strict=True):
                    loose |= {spaced(said[first : first + width]): None for first in places}
        return phrases, loose

    def segments_of(self, paper: int) -> range:
        """Return the segments of a paper, where each paper's stand together."""
        return range(bisect_left(self.owners, paper), bisect_right(self.owners, paper))

    def _starts(self, term: Term) -> Starts:
        parts = _split(term)
        family = self._words_of if term.exact or self._stems is None else self._family
        last = (self._beginning if term.prefix else family)(parts[-1])
        if len(parts) == 1:
            return last
        found = [*map(family, parts[:-1]), last]
        ones = [1] * len(parts)
        return {
            segment: rows
            for segment in _common(found)
            if (rows := _rows([starts[segment] for starts in found], ones))
        }

    def _words_of(self, word: str) -> Starts:
        return self._words.get(word, {})

    def _family(self, word: str) -> Starts:
        assert self._stems is not None
        stem = self._stems[word]
        if stem not in self._stemmed:
            self._stemmed[stem] = self._merged(self._families.get(stem, ()))
        return self._stemmed[stem]

    def _beginning(self, letters: str) -> Starts:
        if self._sorted is None:
            self._sorted = sorted(self._words)
        first = bisect_left(self._sorted, letters)
        last = bisect_left(self._sorted, letters + "\U0010ffff")
        return self._merged(self._sorted[first:last])

    def _merged(self, family: Iterable[str]) -> Starts:
        postings = [self._words[word] for word in family]
        if len(postings) == 1:
            return postings[0]
        united: dict[int, list[int]] = {}
        for posting in postings:
            for segment, places in posting.items():
                known = united.get(segment)
                united[segment] = places if known is None else list(merge(known, places))
        return united


def _split(term: Term) -> tuple[str, ...]:
    for word in term.words:
        if not word.isascii():
            return tuple(words(" ".join(term.words)))
    return term.words


def _length(term: Term) -> int:
    return len(_split(term))


def _common(found: Sequence[Starts]) -> Set[int]:
    segments: Set[int] = found[0].keys()
    for starts in found[1:]:
        segments = segments & starts.keys()
    return segments


def _rows(starts: list[list[int]], lengths: list[int]) -> list[int]:
    """Return where the terms stand one directly after the other, in their order."""
    rows = starts[0]
    offset = 0
    for places, length in zip(starts[1:], lengths, strict=False):
        offset += length
        rows = [first for first in rows if first + offset in places]
        if not rows:
            break
    return rows


def _near(starts: list[list[int]], lengths: list[int]) -> bool:
    """Tell whether the terms stand together, in any order, with few other words between them.

    Between the end of the first and the beginning of the last there are at most NEAR_WORDS words,
    those of the terms in the middle not counted.
    """
    if len(starts) == 2:
        # Said once more, because most topics that are not one word are two.
        one, two = starts
        before, after = lengths[1] + NEAR_WORDS, lengths[0] + NEAR_WORDS
        for first in one:
            for second in two:
                if -before <= second - first <= after:
                    return True
        return False
    reach = NEAR_WORDS + sum(lengths[1:-1])
    return any(
        all(
            any(last - length - reach <= first <= last for first in places)
            for places, length in zip(starts, lengths, strict=True)
        )
        for last in {place for places in starts for place in places}
    )
