"""The breaker: when refusals are so many that the server is to blame rather than the readers."""

from dataclasses import dataclass

# Fewer refusals prove nothing, however few letters there were: a small list has dead addresses too.
LEAST_REFUSALS = 3


@dataclass(frozen=True, slots=True)
class Breaker:
    """How many refusals, as a share of the last `letters` that were accepted or refused, are too
    many.
    """

    share: float = 0.05
    letters: int = 200

    def trips(self, *, refused: int, letters: int) -> bool:
        """Say whether so many refusals of the last letters, of which there may be fewer than
        asked for, must halt the run.
        """
        return refused >= LEAST_REFUSALS and refused > self.share * letters
