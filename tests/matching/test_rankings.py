from datetime import date, timedelta

import pytest

from service.domain.papers import Paper
from service.domain.ranking import ABOUT, MENTIONED, TIERS
from service.domain.topics import parse
from service.matching.rankings import MOST_PAPERS, Rankings

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
        mask, best = rankings.standing(1, watermark=0)
        assert [rankings.places[entry % 5] for entry in best] == [10, 40, 20, 30]
        assert [TIERS - entry // 5 for entry in best] == [ABOUT, ABOUT, MENTIONED, MENTIONED]
        assert mask == 0b10111


def test_all_papers_trend_best_first_and_equals_in_the_order_of_arrival(
    rankings: Rankings,
) -> None:
    with rankings:
        assert rankings.places == [20, 10, 30, 50, 40]
        assert rankings.trending(watermark=0) == (0b11111, [0, 1, 2, 3, 4])
        assert rankings.trending(watermark=3) == (0b11000, [3, 4])


def test_a_topic_may_match_nothing_or_everything(rankings: Rankings) -> None:
    with rankings:
        assert rankings.standing(3, watermark=0) == (0, [])
        assert rankings.standing(4, watermark=0).mask == 0b11111


def test_only_papers_above_the_watermark_stand(rankings: Rankings) -> None:
    with rankings:
        assert rankings.standing(1, watermark=3).mask == 0b10000
        assert rankings.standing(1, watermark=5) == (0, [])


def test_sets_of_papers_have_a_bit_for_each_place_in_the_order_of_trending(
    rankings: Rankings,
) -> None:
    with rankings:
        assert rankings.levels(1)[0] == 0b10111
        assert rankings.levels(1)[ABOUT - 1] == 0b10010
        assert rankings.new_after(3) == 0b11000
        assert rankings.new_after(0) == 0b11111
        assert rankings.new_after(5) == 0


def test_standings_compare_over_topics(rankings: Rankings) -> None:
    with rankings:
        robots, agents = rankings.standing(1, 0).best, rankings.standing(2, 0).best
        assert robots == sorted(robots)
        # Over both topics: the agents of place 0 before the robots of place 1, in one tier.
        merged = dict.fromkeys(entry % 5 for entry in sorted([*robots, *agents]))
        assert list(merged) == [0, 1, 3, 4, 2]


def test_a_topic_offers_no_more_than_a_letter_can_hold() -> None:
    many = {n: (n, Paper(title=f"Robots {n}")) for n in range(1, MOST_PAPERS + 20)}
    with Rankings(many, QUERIES, TODAY) as rankings:
        mask, best = rankings.standing(1, 0)
        assert len(best) == MOST_PAPERS
        assert mask.bit_count() == len(many)


def test_a_topic_parsed_before_need_not_be_parsed_again() -> None:
    with Rankings(PAPERS, {1: parse("robots")}, TODAY) as rankings:
        assert len(rankings.standing(1, 0).best) == 4


def test_no_papers_stand_as_none() -> None:
    with Rankings({}, QUERIES, TODAY) as rankings:
        assert rankings.standing(4, 0) == rankings.trending(0) == (0, [])
