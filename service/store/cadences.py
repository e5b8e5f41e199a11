"""Cadences as columns: a kind, and for a weekly letter its day of the week."""

from typing import Any

from service.domain.timetable import Cadence

_WEEKLY = "weekly"
_BY_COLUMNS = {
    (cadence.value if cadence.weekday is None else _WEEKLY, cadence.weekday): cadence
    for cadence in Cadence
}


def to_columns(cadence: Cadence) -> dict[str, Any]:
    """Return the columns `cadence` and `weekday` of a preference."""
    day = cadence.weekday
    return {"cadence": cadence.value if day is None else _WEEKLY, "weekday": day}


def from_columns(kind: str, weekday: int | None) -> Cadence:
    """Return the cadence that those two columns hold."""
    return _BY_COLUMNS[kind, weekday if kind == _WEEKLY else None]
