"""The papers of the last days, indexed: what topics would have found in each edition."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Self

from sqlalchemy import Connection

from service.domain.ranking import TIERS, Levels, in_order, trending
from service.domain.topics import Topic
from service.domain.widening import wider
from service.matching.index import PaperIndex
from service.store import papers
from service.store.papers import StoredPaper


class Archive:
    """Papers with the dates of their editions, known by their numbers from 0, most trending first.

    `dates` are those of all editions, in order. Use it as a context manager: it holds an index.
    """

    def __init__(self, dates: Sequence[date], dated: Iterable[tuple[date, StoredPaper]]) -> None:
        self.dates = dates
        self.papers = sorted(dated, key=lambda pair: (-trend(pair), pair[1].seq))
        self.index = PaperIndex([stored.paper for _, stored in self.papers])
        self._of_day = dict.fromkeys(dates, 0)
        for number, (day, _) in enumerate(self.papers):
            self._of_day[day] |= 1 << number

    @classmethod
    def of_last(cls, connection: Connection, days: int) -> Self:
        """Return the archive of the last `days` days up to the newest edition's date."""
        return cls(*papers.by_edition_date(connection, days))

    @property
    def everything(self) -> Levels:
        """All papers, as one finds them who names no topic."""
        return ((1 << len(self.papers)) - 1,) * TIERS

    def found(self, topic: Topic) -> Levels:
        """Return the papers a topic finds, by tier."""
        return self.index.run(topic.expression)

    def by_day(self, levels: Levels) -> tuple[tuple[date, int], ...]:
        """Return how many papers found are of each date."""
        return tuple((day, (levels[0] & of).bit_count()) for day, of in self._of_day.items())

    def newest(self, levels: Levels, most: int) -> list[int]:
        """Return the numbers of papers found, those of the newest date first, the best of each."""
        chosen: list[int] = []
        for of in reversed(self._of_day.values()):
            for _, number in in_order(levels, of):
                chosen.append(number)
                if len(chosen) == most:
                    return chosen
        return chosen

    def wider(self, topic: Topic) -> tuple[Topic, int] | None:
        """Return the least wider topic that finds something, and how many papers it finds."""
        for candidate in wider(topic) if self.papers else ():
            if count := self.found(candidate)[0].bit_count():
                return candidate, count
        return None

    def close(self) -> None:
        self.index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def trend(dated: tuple[date, StoredPaper]) -> float:
    """Return how a paper trended on the date of its edition."""
    day, stored = dated
    return trending(stored.paper, day)
