"""What the service says of itself while it runs. No address, token or secret stands in a log."""

import logging
import re
import sys
import traceback
from pathlib import Path
from typing import Any

import structlog

_HOUSE = Path(__file__).parent
_ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+")
_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


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
            _inert,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # Libraries speak up only of trouble: their ordinary lines may quote requests.
    logging.basicConfig(handlers=[_Libraries()], level=max(number, logging.WARNING), force=True)
    # It warns of each tick that finds the last one still at work, as is usual in a long delivery.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


class _Libraries(logging.Handler):
    """Tells what libraries say as we tell ours: on one line, and nothing of an error's words."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        structlog.get_logger().log(
            record.levelno, record.name, said=record.getMessage(), exc_info=error
        )


def _inert(_logger: Any, _method: str, event: Any) -> Any:
    """Hide addresses, which servers like to quote, and what would steer a terminal."""
    return {
        name: _STEERING.sub("\ufffd", _ADDRESS.sub("<address>", value))
        if isinstance(value, str)
        else value
        for name, value in event.items()
    }


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
