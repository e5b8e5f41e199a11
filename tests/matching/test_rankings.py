from datetime import date, timedelta

import pytest

from service.domain.papers import Paper
from service.domain.ranking import ABOUT, MENTIONED, TIERS, trending
from service.domain.topics import parse
from service.matching.rankings import Rankings

TODAY = date(2026, 8, 21)
PAPERS = {
    30: (1, Paper(title="Maps", abstract="Of a robot.", upvotes=3, published=TODAY)),
    10: (2, Paper(title="Robots", upvotes=40, published=TODAY)),
    20: (3, Paper(title="Agents", abstract="And a robot.", upvotes=900, published=TODAY)),
    40: (4, Paper(title="Robots of old", upvotes=40, published=TODAY - timedelta(days=30))),
    50: (5, Paper(title="Agents again", upvotes=3, published=TODAY)),
}
QUERIES = {1: "robots", 2: "agents", 3: "quantum", 4: "upvotes>=0"}


@pytest.fixture
def rankings() -> Rankings:
    return Rankings(PAPERS, QUERIES, TODAY)


def test_papers_about_a_topic_stand_first_and_among_them_the_most_trending(
    rankings: Rankings,
) -> None:
    with rankings:
        ranked = rankings.of(1)
    assert [paper.paper_id for paper in ranked] == [10, 40, 20, 30]
    assert [paper.score[0] for paper in ranked] == [ABOUT, ABOUT, MENTIONED, MENTIONED]
    assert [paper.seq for paper in ranked] == [2, 4, 3, 1]
    assert ranked[0].score[1] == trending(PAPERS[10][1], TODAY)


def test_all_papers_trend_best_first_and_equals_in_the_order_of_arrival(
    rankings: Rankings,
) -> None:
    with rankings:
        assert [paper.paper_id for paper in rankings.trending()] == [20, 10, 30, 50, 40]


def test_a_topic_may_match_nothing_or_everything(rankings: Rankings) -> None:
    with rankings:
        assert rankings.of(3) == []
        assert [paper.paper_id for paper in rankings.of(4)] == [20, 10, 30, 50, 40]


def test_sets_of_papers_have_a_bit_for_each_place_in_the_order_of_trending(
    rankings: Rankings,
) -> None:
    with rankings:
        assert rankings.places == [20, 10, 30, 50, 40]
        assert rankings.levels(1)[0] == 0b10111
        assert rankings.levels(1)[ABOUT - 1] == 0b10010
        assert rankings.new_after(3) == 0b11000
        assert rankings.new_after(0) == 0b11111
        assert rankings.new_after(5) == 0


def test_ranks_compare_over_topics_and_name_the_place(rankings: Rankings) -> None:
    with rankings:
        robots, agents = rankings.top(1, 50), rankings.top(2, 50)
        assert [rank % 5 for rank in robots] == [1, 4, 0, 2]
        assert [TIERS - rank // 5 for rank in robots] == [ABOUT, ABOUT, MENTIONED, MENTIONED]
        assert robots == sorted(robots)
        # Over both topics: the agents of place 0 before the robots of place 1, in one tier.
        merged = dict.fromkeys(rank % 5 for rank in sorted(robots + agents))
        assert list(merged) == [0, 1, 3, 4, 2]
        assert rankings.top(1, 2) == robots[:2]
        assert rankings.top(1, 50, among=rankings.new_after(3)) == robots[1:2]


def test_a_topic_parsed_before_need_not_be_parsed_again() -> None:
    with Rankings(PAPERS, {1: parse("robots")}, TODAY) as rankings:
        assert len(rankings.of(1)) == 4


def test_no_papers_rank_as_none() -> None:
    with Rankings({}, QUERIES, TODAY) as rankings:
        assert rankings.of(4) == rankings.trending() == []
        assert rankings.top(1, 10) == []
