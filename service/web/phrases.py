"""What pages say of a mistake, and of a wait."""

import math
from datetime import timedelta


def sentence(error: Exception | str) -> str:
    """Return what a mistake says of itself as a sentence."""
    words = str(error).rstrip(".")
    return words[:1].upper() + words[1:] + "."


def spoken_wait(wait: timedelta) -> str:
    """Return how long to wait, rounded up: "in 20 minutes"."""
    minutes = math.ceil(wait / timedelta(minutes=1))
    if minutes <= 1:
        return "in a minute"
    hours = math.ceil(minutes / 60)
    return f"in {minutes} minutes" if minutes < 90 else f"in {hours} hours"
