"""The clock a command goes by."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import typer

Clock = Callable[[], datetime]


def clock(at: str | None) -> Clock:
    """Return a clock that starts at the ISO 8601 time `at`, or tells the real time.

    A time without an offset is UTC. Raises typer.BadParameter for what is no time.
    """
    if at is None:
        return lambda: datetime.now(UTC)
    try:
        start = datetime.fromisoformat(at)
    except ValueError:
        raise typer.BadParameter(
            f"{at!r} is not an ISO 8601 time, as in 2026-08-21T07:00+02:00", param_hint="--at"
        ) from None
    start = start.replace(tzinfo=UTC) if start.tzinfo is None else start.astimezone(UTC)
    began = time.monotonic()
    return lambda: start + timedelta(seconds=time.monotonic() - began)
