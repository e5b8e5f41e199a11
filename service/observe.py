"""What the service says of itself while it runs. No address, token or secret stands in a log."""

import logging
import sys

import structlog


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
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # Libraries speak up only of trouble: their ordinary lines may quote requests.
    logging.basicConfig(stream=sys.stderr, level=max(number, logging.WARNING), force=True)
