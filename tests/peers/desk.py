"""The planner's desk: plan as the clock stands, and look what came of it."""

from datetime import datetime, timedelta

from peers import newsroom
from peers.newsroom import FRIDAY_NOON, digests

from service import pipeline
from service.installation import Installation
from service.planning import Plan
from service.store import deliveries

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def plan(installation: Installation, at: datetime = FRIDAY_NOON, *, everyone: bool = False) -> Plan:
    made = pipeline.plan(installation, at, everyone=everyone)
    assert made.due == made.planned + sum(made.skipped.values())
    newsroom.statuses(installation)
    return made


def last_skip(installation: Installation, reader: int) -> deliveries.SkipRow | None:
    with installation.database.read() as connection:
        return deliveries.last_skip(connection, reader)


def shown(installation: Installation, reader: int) -> list[tuple[str, ...]]:
    return [digest.titles for digest in digests(installation, reader)]
