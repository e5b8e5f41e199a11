import pytest

from service.domain.digests import SkipReason, nothing_left


@pytest.mark.parametrize(
    ("muted", "below", "reason"),
    [
        (0, 0, SkipReason.NO_MATCH),
        (2, 0, SkipReason.MUTED),
        (0, 1, SkipReason.BELOW_UPVOTES),
        # The minimum is what an admin is told of first: without it a paper would have been left.
        (2, 1, SkipReason.BELOW_UPVOTES),
    ],
)
def test_no_paper_is_left_for_a_reason(muted: int, below: int, reason: SkipReason) -> None:
    assert nothing_left(muted=muted, below=below) is reason
