"""Papers on their way into the database, kept in a temporary file when they are many."""

import dataclasses
import operator
import pickle
import tempfile
from collections.abc import Iterator
from typing import Any

from service.domain.papers import Paper

_NAMES = tuple(field.name for field in dataclasses.fields(Paper))
# A tuple goes in and out several times faster than the paper itself.
_FACTS = operator.attrgetter(*_NAMES)
_AT_ONCE = 100
_IN_MEMORY = 8 * 1024 * 1024


class Spool:
    """A list of papers that grows without growing in memory. A context manager."""

    def __init__(self) -> None:
        # Outlives this method: __exit__ closes it.
        self._file: Any = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115
        self._count = 0
        self._last: list[tuple[Any, ...]] = []

    def append(self, paper: Paper) -> None:
        """Add a paper at the end."""
        self._last.append(_FACTS(paper))
        self._count += 1
        if len(self._last) == _AT_ONCE:
            pickle.dump(self._last, self._file, pickle.HIGHEST_PROTOCOL)
            self._last.clear()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Paper]:
        self._file.seek(0)
        for _ in range(self._count // _AT_ONCE):
            yield from map(_paper, pickle.load(self._file))
        yield from map(_paper, self._last)

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _paper(facts: tuple[Any, ...]) -> Paper:
    return Paper(**dict(zip(_NAMES, facts, strict=True)))
