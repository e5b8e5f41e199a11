"""What tests of parsers may ask for."""

import signal
from collections.abc import Iterator
from types import FrameType

import pytest


@pytest.fixture
def within_a_second() -> Iterator[None]:
    """Fail a test that uses more than a second of the processor."""

    def too_long(_number: int, _frame: FrameType | None) -> None:
        pytest.fail("used more than a second of the processor")

    before = signal.signal(signal.SIGVTALRM, too_long)
    signal.setitimer(signal.ITIMER_VIRTUAL, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
