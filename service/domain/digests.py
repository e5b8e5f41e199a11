"""What one reader gets on one date: so many papers at most, or a reason for none."""

from enum import StrEnum

# Beyond the cards, a letter lists as many papers by title, and as many that trend.
ALSO_LISTED = 20
TRENDING_LISTED = 3


class SkipReason(StrEnum):
    """Why a reader who was due gets no letter."""

    NO_NEW_PAPERS = "no_new_papers"
    NO_MATCH = "no_match"
    MUTED = "muted"
    BELOW_UPVOTES = "below_upvotes"
    SUPPRESSED = "suppressed"

    @property
    def words(self) -> str:
        """The reason as a person is told it, to follow "no letter:"."""
        match self:
            case SkipReason.NO_NEW_PAPERS:
                return "no new paper had come"
            case SkipReason.NO_MATCH:
                return "none of the new papers matched a topic"
            case SkipReason.MUTED:
                return "all new papers that matched were muted"
            case SkipReason.BELOW_UPVOTES:
                return "no new paper that matched had the upvotes asked for"
            case SkipReason.SUPPRESSED:
                return "the address is suppressed"


def nothing_left(*, muted: int, below: int) -> SkipReason:
    """Return why no paper is left of those found: what took the last away.

    `muted` counts the papers that a reader's mutes kept out, `below` those with too few upvotes.
    """
    if below:
        return SkipReason.BELOW_UPVOTES
    return SkipReason.MUTED if muted else SkipReason.NO_MATCH
