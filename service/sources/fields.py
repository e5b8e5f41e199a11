"""Facts of one record, by key and type. An absent key and null both mean: the source is silent."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from service.domain.papers import Original, Rejected
from service.sources.prose import LONGEST, label, readable
from service.sources.text import tidy
from service.sources.urls import BadLink, https_link

Record = Mapping[Any, Any]

# The largest whole number that a 32-bit database column holds.
_LARGEST_COUNT = 2**31 - 1


class FieldError(ValueError):
    """A fact that is missing, of the wrong type or out of range; its text says so, for people."""


def text(record: Record, key: str) -> str:
    """Return the tidy text under `key`, empty when absent."""
    written = _written(record, key)
    return tidy(written) if written else ""


def prose(record: Record, key: str) -> str:
    """Return the text under `key` made readable, empty when absent."""
    written = _written(record, key)
    if len(written) > LONGEST:
        raise FieldError(f"{key} of more than {LONGEST:,} characters")
    return readable(written)


def name(record: Record, key: str) -> str:
    """Return the name under `key`, readable; empty when absent."""
    return label(_written(record, key))


def texts(record: Record, key: str) -> tuple[str, ...]:
    """Return the distinct readable texts of the list under `key`, without empty ones."""
    values = _values(record, key)
    for value in values:
        if not isinstance(value, str):
            raise FieldError(f"{key} holds {_named(value)}, not only text")
    return tuple(dict.fromkeys(filter(None, map(label, values))))


def original(
    record: Record, title_key: str, title: str, abstract_key: str, abstract: str
) -> Original | None:
    """Return what the source wrote of title and abstract, where it differs by more than blanks."""
    written = [
        None if raw == shown or " ".join(raw.split()) == shown else raw
        for raw, shown in (
            (_written(record, title_key), title),
            (_written(record, abstract_key), abstract),
        )
    ]
    return Original(*written) if any(written) else None


def count(record: Record, key: str) -> int | None:
    """Return the whole number under `key`, at least 0."""
    value = record.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise FieldError(f"{key} is {_named(value)}, not a whole number")
    if not 0 <= value <= _LARGEST_COUNT:
        raise FieldError(f"{key} is not between 0 and {_LARGEST_COUNT:,}")
    return value


def day(record: Record, key: str) -> date | None:
    """Return the day, in UTC, of the ISO 8601 date or time under `key`."""
    value = text(record, key)
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return (moment.astimezone(UTC) if moment.tzinfo else moment).date()
    except (ValueError, OverflowError):
        raise FieldError(f"{key} is no date: {_excerpt(value)}") from None


def nested(record: Record, key: str) -> Record:
    """Return the object under `key`, empty when absent."""
    value = record.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise FieldError(f"{key} is {_named(value)}, not an object")
    return value


def nested_list(record: Record, key: str) -> list[Record]:
    """Return the objects of the list under `key`, empty when absent."""
    values = _values(record, key)
    for value in values:
        if not isinstance(value, dict):
            raise FieldError(f"{key} holds {_named(value)}, not only objects")
    return values


def link(record: Record, key: str, position: str, dropped: list[Rejected]) -> str | None:
    """Return the https link under `key`; a bad one is dropped, with its reason, into `dropped`."""
    written = text(record, key)
    if not written:
        return None
    try:
        return https_link(written)
    except BadLink as error:
        dropped.append(Rejected(f"{position}, {key}", f"link dropped: {error}", kind="link"))
        return None


def day_or_none(record: Record, key: str, position: str, dropped: list[Rejected]) -> date | None:
    """Return the day under `key`; a bad one is dropped, with its reason, into `dropped`."""
    try:
        return day(record, key)
    except FieldError as error:
        dropped.append(Rejected(f"{position}, {key}", f"date dropped: {error}", kind="date"))
        return None


def _written(record: Record, key: str) -> str:
    value = record.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise FieldError(f"{key} is {_named(value)}, not text")
    return value


def _values(record: Record, key: str) -> list[Any]:
    value = record.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise FieldError(f"{key} is {_named(value)}, not a list")
    return value


def _named(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return f"the text {_excerpt(value)}"
        case list() | tuple() | set():
            return "a list"
        case dict():
            return "an object"
    return f"a {type(value).__name__}"


def _excerpt(value: str) -> str:
    shown = tidy(value)
    return f"“{shown[:40]}…”" if len(shown) > 40 else f"“{shown}”"
