"""Parts of letters, each printed once, and the choices of readers packed as what names them."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from service.domain.papers import Paper
from service.domain.selection import pack_catalogue
from service.mail.letter import Kind, Letters
from service.matching.finds import Choice, Wants
from service.matching.rankings import Followed, Named
from service.matching.strengths import Integers
from service.packing import PartIds, pack_many


class Press:
    """Prints the parts that letters need, each once, and packs which of them a letter takes.

    `keep` stores bodies and returns their ids; `papers` are the id, the key and the paper of each
    place; `queries` maps the topics' ids to what they look for.
    """

    def __init__(
        self,
        letters: Letters,
        keep: Callable[[Sequence[bytes]], Sequence[int]],
        papers: Sequence[tuple[int, str, Paper]],
        queries: Mapping[int, str],
        *,
        year: int,
        frame: Kind,
    ) -> None:
        self._letters = letters
        self._keep = keep
        self._papers = papers
        self._queries = queries
        self._year = year
        self._kind = frame
        self._cards = np.full(len(papers), -1, dtype=np.int64)
        self._names = np.zeros(0, dtype=np.int64)
        self._frame = self._catalogue = -1

    def print(
        self, choice: Choice, named: Sequence[Named], wants: Wants, topics: Integers
    ) -> list[bytes]:
        """Return each reader's papers as a packed selection, printing what was not printed yet.

        `named` are the names that the `wants` give by number, `topics` how many topics each reader
        has.
        """
        if self._frame < 0:
            catalogue = pack_catalogue([paper_id for paper_id, _, _ in self._papers])
            self._frame, self._catalogue = self._keep([self._letters.frame(self._kind), catalogue])
        # Cards first: the nearer their ids are to the frame's, the shorter they are packed.
        shown = np.zeros(len(self._papers), dtype=np.bool_)
        shown[choice.place] = shown[choice.trending[1]] = True
        if new := np.flatnonzero(shown & (self._cards < 0)).tolist():
            self._cards[new] = self._keep([self._card(place) for place in new])
        unknown = np.full(len(named) - len(self._names), -1, dtype=np.int64)
        self._names = np.concatenate((self._names, unknown))
        given = np.zeros(len(named), dtype=np.bool_)
        given[wants.name[choice.found_by]] = True
        if new := np.flatnonzero(given & (self._names < 0)).tolist():
            self._names[new] = self._keep([self._name(named[number]) for number in new])
        return pack_many(
            choice,
            PartIds(self._frame, self._catalogue, self._cards, self._names[wants.name]),
            topics=topics,
            reader_of=wants.reader,
        )

    def _card(self, place: int) -> bytes:
        _, key, paper = self._papers[place]
        return self._letters.card(paper, key, self._year)

    def _name(self, named: Named) -> bytes:
        finder, words = named
        if isinstance(finder, Followed):
            return self._letters.because_followed(finder.author)
        assert isinstance(finder, int)
        return self._letters.because(words, self._queries[finder])
