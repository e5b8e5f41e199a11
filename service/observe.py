"""What the service says of itself while it runs. No address, token or secret stands in a log."""

import logging
import sys
import traceback
from pathlib import Path
from typing import Any

import structlog

_HOUSE = Path(__file__).parent


def set_up_logging(level: str) -> None:
    """Send log lines of at least `level` to standard error: for people on a terminal, else JSON."""
    number = logging.getLevelNamesMapping()[level.upper()]
    renderer: structlog.types.Processor = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _place_of_error,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # Libraries speak up only of trouble: their ordinary lines may quote requests.
    logging.basicConfig(stream=sys.stderr, level=max(number, logging.WARNING), force=True)
    # It warns of each tick that finds the last one still at work, as is usual in a long delivery.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def _place_of_error(_logger: Any, _method: str, event: Any) -> Any:
    """Replace an exception by its kind and the lines of ours that it passed through.

    Its words, and the values in a traceback, may hold addresses.
    """
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["at"] = [
            f"{Path(frame.filename).relative_to(_HOUSE)}:{frame.lineno}"
            for frame in traceback.extract_tb(error.__traceback__)
            if Path(frame.filename).is_relative_to(_HOUSE)
        ]
    return event
