"""Two things at a time: while one item is made or used, a thread works on another."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def alongside(items: Iterable[Item], work: Callable[[Item], Result]) -> Iterator[Result]:
    """Yield the work's result for each item, in order; raise what it raises.

    It gains where the work waits, or runs outside Python, as a database does. The work is at most
    one item ahead of what is asked for.
    """
    with ThreadPoolExecutor(1) as thread:
        before: Future[Result] | None = None
        for item in items:
            current = thread.submit(work, item)
            if before is not None:
                yield before.result()
            before = current
        if before is not None:
            yield before.result()
