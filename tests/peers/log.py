"""The log as the service writes it, kept for a test to read."""

import contextlib
import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import structlog

from service.observe import set_up_logging

Lines = Callable[[], list[dict[str, Any]]]


@contextlib.contextmanager
def kept_log(level: str = "info") -> Iterator[Lines]:
    """Log at `level`; give a function that returns the lines so far."""
    handlers, before = list(logging.root.handlers), logging.root.level
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        set_up_logging(level)
    try:
        # What follows the last line end is still being written.
        yield lambda: [json.loads(line) for line in said.getvalue().split("\n")[:-1]]
    finally:
        structlog.reset_defaults()
        logging.root.handlers[:] = handlers
        logging.root.setLevel(before)
