"""Two things at a time: the next item is made while a thread works on the one before."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def alongside(items: Iterable[Item], work: Callable[[Item], Result]) -> Iterator[Result]:
    """Yield the work's result for each item, in order; raise what it raises.

    It gains where the work waits, or runs outside Python, as a database does. At most one item
    waits for the one before.
    """
    with ThreadPoolExecutor(1) as thread:
        before: Future[Result] | None = None
        for item in items:
            if before is not None:
                yield before.result()
            before = thread.submit(work, item)
        if before is not None:
            yield before.result()
