"""Garbage collection, kept out of the way of bulk work."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_OBJECTS_BETWEEN = 50_000
_USUAL = gc.get_threshold()

_lock = threading.Lock()
_at_work: set[object] = set()


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Look for garbage in cycles seldom while bulk work lasts, in the whole process.

    What a plan, an ingest or a sender makes lives for a page and holds no cycles; looking through
    it again and again costs a fifth of its time.
    """
    work = object()
    with _lock:
        _at_work.add(work)
        gc.set_threshold(_OBJECTS_BETWEEN, *_USUAL[1:])
    try:
        yield
    finally:
        with _lock:
            _at_work.discard(work)
            if not _at_work:
                gc.set_threshold(*_USUAL)
