from hypothesis import given
from hypothesis import strategies as st

from service.domain.digests import Digest, Skipped, SkipReason, Standing, compose, mask_of

PLACES = 12
ABOUT, MENTIONED = 0, 1


def standing(*papers: tuple[int, int]) -> Standing:
    """How papers stand for a topic, from (tiers below the top, place)."""
    return Standing(
        mask_of(place for _, place in papers),
        sorted(tier * PLACES + place for tier, place in papers),
    )


def chosen(*standings: Standing, max_papers: int = 10) -> list[int]:
    digest = compose(standings, places=PLACES, max_papers=max_papers)
    assert isinstance(digest, Digest)
    return list(digest.chosen)


def test_a_paper_about_the_topic_comes_before_a_more_trending_one_that_mentions_it() -> None:
    assert chosen(standing((MENTIONED, 0), (ABOUT, 5), (ABOUT, 2))) == [2, 5, 0]


def test_a_paper_that_several_topics_found_stands_once() -> None:
    assert chosen(standing((MENTIONED, 1)), standing((MENTIONED, 1), (MENTIONED, 2))) == [1, 2]


def test_a_paper_takes_the_place_of_its_best_topic() -> None:
    assert chosen(standing((MENTIONED, 3), (MENTIONED, 1)), standing((ABOUT, 3))) == [3, 1]


def test_the_cap_cuts_the_worst_and_counts_them_as_matched() -> None:
    papers = standing(*((MENTIONED, place) for place in range(5)))
    digest = compose([papers], places=PLACES, max_papers=2, also_listed=2)
    assert isinstance(digest, Digest)
    assert (digest.chosen, digest.also) == ([0, 1], [2, 3])
    assert (digest.matching, digest.unlisted) == (0b11111, 0b10000)


def test_at_most_three_papers_trend_and_none_of_them_matches_or_is_unnoticed() -> None:
    noticed = mask_of([0, 1, 3, 4, 5, 6])
    digest = compose(
        [standing((ABOUT, 1), (ABOUT, 7))], places=PLACES, max_papers=1, noticed=noticed
    )
    assert isinstance(digest, Digest)
    assert (digest.chosen, digest.also, digest.trending) == ([1], [7], [0, 3, 4])


def test_a_reader_for_whom_nothing_new_matched_is_skipped_with_that_reason() -> None:
    no_match = Skipped(SkipReason.NO_MATCH)
    assert compose([standing()], places=PLACES, max_papers=10) == no_match
    assert compose([standing(), standing()], places=PLACES, max_papers=10) == no_match


papers_of_a_topic = st.dictionaries(st.integers(0, PLACES - 1), st.sampled_from([ABOUT, MENTIONED]))


@given(st.lists(papers_of_a_topic, min_size=1, max_size=4), st.integers(1, PLACES))
def test_the_choice_is_that_of_ordering_every_match(
    topics: list[dict[int, int]], max_papers: int
) -> None:
    best: dict[int, int] = {}
    for found in topics:
        for place, tier in found.items():
            best[place] = min(tier, best.get(place, tier))
    standings = [standing(*((tier, place) for place, tier in found.items())) for found in topics]
    digest = compose(standings, places=PLACES, max_papers=max_papers)
    if not best:
        assert digest == Skipped(SkipReason.NO_MATCH)
    else:
        in_order = sorted(best, key=lambda place: (best[place], place))
        assert isinstance(digest, Digest)
        assert [*digest.chosen, *digest.also] == in_order
        assert len(digest.chosen) == min(max_papers, len(best))
        assert (digest.matching, digest.unlisted) == (mask_of(best), 0)
