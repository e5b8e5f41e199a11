"""The interpreter, set for bulk work beside other threads, and for who must not stand still."""

import ctypes
import gc
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_OBJECTS_BETWEEN = 50_000
_SWITCH_SECONDS = 0.001
_NEVER = 1_000_000_000
_USUAL_SWITCH_SECONDS = sys.getswitchinterval()

_lock = threading.Lock()
_usual_thresholds = [*gc.get_threshold()]
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
        gc.set_threshold(_OBJECTS_BETWEEN, *_usual_thresholds[1:])
        sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        yield
    finally:
        with _lock:
            _at_work.discard(work)
            if not _at_work:
                gc.set_threshold(*_usual_thresholds)
                sys.setswitchinterval(_USUAL_SWITCH_SECONDS)


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
    """Look through what has lived long only when `gc.collect` is called, from now on.

    For a process that must not stand still at its work: it asks when it has nothing to do.
    """
    with _lock:
        _usual_thresholds[2] = _NEVER
        gc.set_threshold(*_usual_thresholds)


# M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of glibc's malloc.h: so many octets are kept, or are one
# block that is not.
_KEPT = {-1: 64 << 20, -3: 32 << 20}


def _glibc() -> ctypes.CDLL | None:
    """Return the C library if it is glibc: others have no such settings."""
    try:
        library = ctypes.CDLL(None)
    except (OSError, TypeError):
        return None
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None


_libc = _glibc()


@contextmanager
def memory_kept() -> Iterator[None]:
    """Keep what is freed meanwhile, and give it back at the end.

    The arrays that one page of work needs are as large as those that the page before it freed:
    being given them anew by the system each time costs a tenth of a plan.
    """
    if _libc is None:
        yield
        return
    for parameter, octets in _KEPT.items():
        _libc.mallopt(parameter, octets)
    try:
        yield
    finally:
        _libc.malloc_trim(0)
