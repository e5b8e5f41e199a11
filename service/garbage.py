"""Garbage collection, kept out of the way of bulk work."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_OBJECTS_BETWEEN = 50_000


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Look for garbage in cycles seldom while bulk work lasts, in the whole process.

    What a plan or an ingest makes lives for a page and holds no cycles; looking through it again
    and again costs a fifth of its time.
    """
    before = gc.get_threshold()
    gc.set_threshold(_OBJECTS_BETWEEN, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
