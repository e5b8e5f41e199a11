"""A topic tried on the papers of the last days, before anybody subscribes to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import exp

from sqlalchemy import Connection

from service.domain.matches import Verdict
from service.domain.ranking import in_order, trending
from service.domain.topics import Topic
from service.domain.widening import wider
from service.matching.index import PaperIndex
from service.store import papers
from service.store.papers import StoredPaper


@dataclass(frozen=True, slots=True)
class Brought:
    """A paper that the topic would have brought, on the date of its edition, and why.

    `score` orders the papers: before the point stands the tier, after it trending on that date.
    """

    stored: StoredPaper
    day: date
    score: float
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Backtest:
    """What a topic would have brought: papers best first, and how many on each edition's date.

    Against another topic, `gained` are papers that only this one finds, `lost` those that only
    the other does. Where nothing is found, `instead` is a wider topic that finds `would_find`.
    """

    brought: tuple[Brought, ...]
    days: tuple[tuple[date, int], ...]
    gained: tuple[Brought, ...] = ()
    lost: tuple[Brought, ...] = ()
    instead: Topic | None = None
    would_find: int = 0


def backtest(
    connection: Connection, topic: Topic, days: int, against: Topic | None = None
) -> Backtest:
    """Try a topic on the last `days` days up to the newest edition's date."""
    dates, recent = papers.by_edition_date(connection, days)
    ordered = sorted(recent, key=lambda dated: (-_trend(dated), dated[1].seq))
    with PaperIndex([stored.paper for _, stored in ordered]) as index:
        trial = _Trial(index, ordered)
        found = trial.found(topic)
        by_day = dict.fromkeys(dates, 0)
        for number in found:
            by_day[ordered[number][0]] += 1
        other = found if against is None else trial.found(against)
        gained, lost = set(found) - set(other), set(other) - set(found)
        instead, would_find = None, 0
        if not found and ordered:
            for candidate in wider(topic):
                if would_find := len(trial.found(candidate)):
                    instead = candidate
                    break
        return Backtest(
            brought=trial.explained(topic, found),
            days=tuple(by_day.items()),
            gained=trial.explained(topic, [number for number in found if number in gained]),
            lost=trial.explained(against or topic, [number for number in other if number in lost]),
            instead=instead,
            would_find=would_find,
        )


class _Trial:
    def __init__(self, index: PaperIndex, ordered: Sequence[tuple[date, StoredPaper]]) -> None:
        self._index = index
        self._ordered = ordered

    def found(self, topic: Topic) -> list[int]:
        return [number for _, number in in_order(self._index.run(topic.expression))]

    def explained(self, topic: Topic, numbers: Sequence[int]) -> tuple[Brought, ...]:
        brought = []
        for number in numbers:
            day, stored = self._ordered[number]
            verdict = self._index.explain(topic.expression, number)
            # A logistic curve keeps the order of trending and stays between 0 and 1.
            score = verdict.tier + 1 / (1 + exp(-_trend((day, stored))))
            brought.append(Brought(stored, day, score, verdict))
        return tuple(brought)


def _trend(dated: tuple[date, StoredPaper]) -> float:
    day, stored = dated
    return trending(stored.paper, day)
