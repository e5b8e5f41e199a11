"""A topic tried on the papers of the last days, before anybody subscribes to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import exp

from sqlalchemy import Connection

from service.archive import Archive, trend
from service.domain.matches import Verdict
from service.domain.ranking import in_order
from service.domain.topics import Topic
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
    with Archive.of_last(connection, days) as archive:
        found = _numbers(archive, topic)
        other = found if against is None else _numbers(archive, against)
        gained, lost = set(found) - set(other), set(other) - set(found)
        wider = None if found else archive.wider(topic)
        return Backtest(
            brought=_explained(archive, topic, found),
            days=archive.by_day(archive.found(topic)),
            gained=_explained(archive, topic, [number for number in found if number in gained]),
            lost=_explained(
                archive, against or topic, [number for number in other if number in lost]
            ),
            instead=wider[0] if wider else None,
            would_find=wider[1] if wider else 0,
        )


def _numbers(archive: Archive, topic: Topic) -> list[int]:
    return [number for _, number in in_order(archive.found(topic))]


def _explained(archive: Archive, topic: Topic, numbers: Sequence[int]) -> tuple[Brought, ...]:
    brought = []
    for number in numbers:
        day, stored = archive.papers[number]
        verdict = archive.index.explain(topic.expression, number)
        # A logistic curve keeps the order of trending and stays between 0 and 1.
        score = verdict.tier + 1 / (1 + exp(-trend((day, stored))))
        brought.append(Brought(stored, day, score, verdict))
    return tuple(brought)
