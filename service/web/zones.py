"""The time zones that pages offer, read from the system once."""

from collections.abc import Sequence
from functools import cache
from zoneinfo import available_timezones

_CONTINENTS = (
    *("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe"),
    *("Indian", "Pacific"),
)


@cache
def all_zones() -> Sequence[str]:
    """Return every zone that a reader may have, by name."""
    return tuple(sorted(available_timezones() - {"localtime"}))


@cache
def zones_of_places() -> Sequence[str]:
    """Return UTC, and the zones that are named after places."""
    return ("UTC", *(zone for zone in all_zones() if zone.partition("/")[0] in _CONTINENTS))
