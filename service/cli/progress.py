"""Progress of long work, on standard error and for a person only: a terminal that looks on."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from service.cli.report import notices

_PAUSE = 0.05

# Told how much is done, and of how much where that is known.
Tell = Callable[[int, int | None], None]


@contextmanager
def progress(work: str, noun: str, *, quiet: bool) -> Iterator[Tell]:
    """Give a function to tell progress to, in so many `noun`s; nothing is shown if `quiet`, or
    where standard error is no terminal. What was shown is gone at the end.
    """
    if quiet or not notices.is_terminal:
        yield lambda done, total: None
        return
    with Progress(
        SpinnerColumn(),
        TextColumn(work),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(noun),
        _Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=notices,
        transient=True,
    ) as shown:
        task, told = shown.add_task(work, total=None), 0.0

        def tell(done: int, total: int | None) -> None:
            # Some tell thousands a second, which nobody can see.
            nonlocal told
            if (now := time.monotonic()) >= told + _PAUSE or done == total:
                shown.update(task, completed=done, total=total)
                told = now

        yield tell


class _Rate(ProgressColumn):
    """How many a second, over the last seconds."""

    def render(self, task: Task) -> Text:
        rate = task.finished_speed or task.speed
        return Text("" if rate is None else f"{rate:,.0f}/s")
