"""Waiting for what another thread or process does, without sleeping for longer than it takes."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def until(true: Callable[[], object], seconds: float = 20.0) -> None:
    """Return as soon as `true()` is; fail after the deadline."""
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        pause.wait(0.002)


def at_once(*works: Callable[[], T], seconds: float = 60.0) -> list[T]:
    """Run the works in threads that start together; return their results, raise their errors."""
    start = threading.Barrier(len(works))

    def run(work: Callable[[], T]) -> T:
        start.wait(seconds)
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        futures: list[Future[T]] = [pool.submit(run, work) for work in works]
        return [future.result(seconds) for future in futures]
