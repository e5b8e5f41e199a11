from hypothesis import given
from hypothesis import strategies as st

from service.domain.digests import Choice, Digest, Skipped, SkipReason, compose
from service.domain.ranking import ABOUT, MENTIONED, Ranked


def paper(paper_id: int, tier: int = MENTIONED, trending: float = 0.0) -> Ranked:
    """A ranked paper whose seq is its id."""
    return Ranked(paper_id, paper_id, (tier, trending))


def test_papers_stand_best_first() -> None:
    ranked = {7: [paper(1, ABOUT, 0.5), paper(2, MENTIONED, 9.0), paper(3, ABOUT, 2.0)]}
    assert compose(ranked, watermark=0, upto=9, max_papers=10) == Digest(
        (Choice(3, (7,)), Choice(1, (7,)), Choice(2, (7,))), matched=3
    )


def test_only_papers_above_the_watermark_and_up_to_the_plans_end_are_new() -> None:
    ranked = {7: [paper(seq) for seq in range(1, 8)]}
    assert compose(ranked, watermark=2, upto=5, max_papers=10) == Digest(
        (Choice(3, (7,)), Choice(4, (7,)), Choice(5, (7,))), matched=3
    )


def test_a_paper_that_several_topics_found_stands_once_and_names_the_best_topic_first() -> None:
    ranked = {
        3: [paper(1, MENTIONED, 1.0)],
        5: [paper(1, ABOUT, 1.0)],
        4: [paper(1, ABOUT, 1.0), paper(2, ABOUT, 0.0)],
    }
    assert compose(ranked, watermark=0, upto=9, max_papers=10) == Digest(
        (Choice(1, (4, 5, 3)), Choice(2, (4,))), matched=2
    )


def test_a_paper_takes_the_place_of_its_best_topic() -> None:
    ranked = {
        1: [paper(10, MENTIONED, 5.0), paper(11, MENTIONED, 6.0)],
        2: [paper(10, ABOUT, 5.0)],
    }
    digest = compose(ranked, watermark=0, upto=99, max_papers=10)
    assert isinstance(digest, Digest)
    assert [choice.paper_id for choice in digest.choices] == [10, 11]


def test_the_cap_cuts_the_worst_and_counts_them_as_matched() -> None:
    ranked = {7: [paper(seq, MENTIONED, float(seq)) for seq in range(1, 6)]}
    assert compose(ranked, watermark=0, upto=9, max_papers=2) == Digest(
        (Choice(5, (7,)), Choice(4, (7,))), matched=5
    )


def test_equal_papers_stand_in_the_order_of_arrival() -> None:
    ranked = {7: [paper(4), paper(2), paper(3)]}
    digest = compose(ranked, watermark=0, upto=9, max_papers=10)
    assert isinstance(digest, Digest)
    assert [choice.paper_id for choice in digest.choices] == [2, 3, 4]


def test_the_trending_list_of_a_reader_without_topics_names_no_topic() -> None:
    assert compose({0: [paper(1)]}, watermark=0, upto=9, max_papers=10) == Digest(
        (Choice(1, ()),), matched=1
    )


def test_a_reader_for_whom_nothing_new_matched_is_skipped_with_that_reason() -> None:
    no_match = Skipped(SkipReason.NO_MATCH)
    assert compose({}, watermark=0, upto=9, max_papers=10) == no_match
    assert compose({7: []}, watermark=0, upto=9, max_papers=10) == no_match
    assert compose({7: [paper(3)]}, watermark=3, upto=9, max_papers=10) == no_match


scores = st.tuples(st.sampled_from([MENTIONED, ABOUT]), st.sampled_from([0.0, 1.0, 2.5]))
topics = st.dictionaries(
    st.integers(1, 6),
    st.dictionaries(st.integers(1, 12), scores).map(
        lambda found: [Ranked(paper_id, paper_id, score) for paper_id, score in found.items()]
    ),
)


@given(topics, st.integers(0, 12), st.integers(0, 12), st.integers(1, 12))
def test_two_plans_that_meet_at_a_seq_bring_every_match_exactly_once(
    ranked: dict[int, list[Ranked]], one: int, other: int, max_papers: int
) -> None:
    middle, end = sorted((one, other))
    matched = 0
    shown: list[int] = []
    for watermark, upto in ((0, middle), (middle, end)):
        digest = compose(ranked, watermark=watermark, upto=upto, max_papers=max_papers)
        if isinstance(digest, Digest):
            assert 0 < len(digest.choices) == min(max_papers, digest.matched)
            matched += digest.matched
            shown += [choice.paper_id for choice in digest.choices]
    offered = {found.paper_id for papers in ranked.values() for found in papers if found.seq <= end}
    assert matched == len(offered)
    assert len(shown) == len(set(shown))
    assert set(shown) <= offered
