"""The interpreter at bulk work: what it keeps, and gives back."""

import ctypes
import sys
from pathlib import Path

import numpy as np
import pytest

from service.interpreter import memory_kept

MB = 1 << 20


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="needs glibc"
)
def test_memory_that_is_freed_is_kept_while_work_lasts_and_given_back_at_its_end() -> None:
    before = resident()
    with memory_kept():
        arrays = [np.ones(MB, dtype=np.uint8) for _ in range(50)]
        assert resident() > before + 40 * MB
        del arrays
        assert resident() > before + 40 * MB
    assert resident() < before + 20 * MB
