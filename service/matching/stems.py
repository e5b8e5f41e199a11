"""Word stems, by the porter stemmer that comes with SQLite."""

import sqlite3
from collections.abc import Iterable, Mapping

from service.domain.text import words

# The ascii tokenizer takes each folded word as it stands: `fold` alone decides what a word is,
# whatever Unicode version SQLite was built with.
_CREATE = """
    CREATE VIRTUAL TABLE word USING fts5(form, tokenize='porter ascii');
    CREATE VIRTUAL TABLE stem USING fts5vocab(word, 'instance');
"""


class Stems:
    """Tells the stems of folded words; close it after use.

    Any thread may ask, but only one at a time.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._database.executescript(_CREATE)
        self._known: dict[str, str] = {}
        self._phrases: dict[str, tuple[str, ...]] = {}

    def __getitem__(self, word: str) -> str:
        """Return the stem of one word."""
        if word not in self._known:
            self.of((word,))
        return self._known[word]

    def of_words(self, phrase: str) -> tuple[str, ...]:
        """Return the stems of the words of a folded phrase."""
        stems = self._phrases.get(phrase)
        if stems is None:
            stems = self._phrases[phrase] = tuple([self[word] for word in words(phrase)])
        return stems

    def of(self, words: Iterable[str]) -> Mapping[str, str]:
        """Return the stems of all words known so far, these included."""
        fresh = [word for word in dict.fromkeys(words) if word not in self._known]
        self._database.execute("BEGIN")
        self._database.executemany("INSERT INTO word (rowid, form) VALUES (?, ?)", enumerate(fresh))
        for stem, row in self._database.execute("SELECT term, doc FROM stem"):
            self._known[fresh[row]] = stem
        self._database.execute("ROLLBACK")
        return self._known

    def close(self) -> None:
        self._database.close()
