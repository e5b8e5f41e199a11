"""Garbage collection, kept out of the way of bulk work and of who waits for an answer."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_OBJECTS_BETWEEN = 50_000
_NEVER = 1_000_000_000


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


@contextmanager
def uncollected() -> Iterator[Callable[[], None]]:
    """Look for no garbage in cycles while something large is made, in the whole process.

    Gives what sets everything there is by then aside, never to be looked through again: looking
    through an index stops all threads for a quarter of a second. What is set aside still goes when
    nothing refers to it any more, unless it holds a cycle.
    """
    gc.disable()
    try:
        yield gc.freeze
    finally:
        gc.enable()


def collect_only_when_asked() -> None:
    """Set everything there is aside for good, and look through what has lived long only when
    `gc.collect` is called.

    For a process that must not stand still at its work: it asks when it has nothing to do.
    """
    gc.collect()
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _NEVER)
