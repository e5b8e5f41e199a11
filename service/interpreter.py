"""The interpreter, set for bulk work in one thread beside others."""

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_OBJECTS_BETWEEN = 50_000
_SWITCH_SECONDS = 0.001
_USUAL_THRESHOLDS = gc.get_threshold()
_USUAL_SWITCH_SECONDS = sys.getswitchinterval()

_lock = threading.Lock()
_at_work: set[object] = set()
_frozen = threading.Event()


@contextmanager
def bulk_work() -> Iterator[None]:
    """Look for garbage in cycles seldom, and change threads often, while bulk work lasts.

    What a plan, an ingest or a sender makes lives for a page and holds no cycles; looking through
    it again and again costs a fifth of its time. Whoever waits for a disk or a peer meanwhile
    needs the interpreter for moments only: it would get it only after 5 ms each time.
    """
    work = object()
    with _lock:
        if not _frozen.is_set():
            # What was imported stays for good: it need not be looked through ever again.
            gc.freeze()
            _frozen.set()
        _at_work.add(work)
        gc.set_threshold(_OBJECTS_BETWEEN, *_USUAL_THRESHOLDS[1:])
        sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        yield
    finally:
        with _lock:
            _at_work.discard(work)
            if not _at_work:
                gc.set_threshold(*_USUAL_THRESHOLDS)
                sys.setswitchinterval(_USUAL_SWITCH_SECONDS)
