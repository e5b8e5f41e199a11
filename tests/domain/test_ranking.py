from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from service.domain.papers import Paper
from service.domain.ranking import ABOUT, MENTIONED, NEARBY, TIERS, in_order, levels, trending

TODAY = date(2025, 3, 10)
PAPER = Paper(title="A paper", published=TODAY)


def test_a_paper_of_today_that_nobody_noticed_scores_zero() -> None:
    assert trending(PAPER, TODAY) == 0


def test_each_sign_of_notice_raises_a_paper() -> None:
    for noticed in (
        replace(PAPER, upvotes=1),
        replace(PAPER, comments=1),
        replace(PAPER, stars=1),
    ):
        assert trending(noticed, TODAY) > trending(PAPER, TODAY)


def test_an_upvote_weighs_more_than_a_comment_and_a_comment_more_than_a_star() -> None:
    upvoted, discussed, starred = (
        trending(paper, TODAY)
        for paper in (
            replace(PAPER, upvotes=9),
            replace(PAPER, comments=9),
            replace(PAPER, stars=9),
        )
    )
    assert upvoted > discussed > starred


def test_a_paper_sinks_as_it_ages_until_a_year_has_passed() -> None:
    day, week, year, decade = (
        trending(PAPER, TODAY + timedelta(days=days)) for days in (1, 7, 365, 3650)
    )
    assert 0 > day > week > year == decade


def test_a_week_costs_one_step_of_the_logarithm() -> None:
    week_old = replace(PAPER, published=TODAY - timedelta(days=7))
    assert trending(week_old, TODAY) == -1


def test_a_paper_without_any_fact_ranks_as_new_and_unnoticed() -> None:
    assert trending(Paper(title="From a page of text"), TODAY) == 0


def test_a_date_in_the_future_and_a_negative_count_give_no_advantage() -> None:
    odd = replace(PAPER, published=TODAY + timedelta(days=30), upvotes=-5)
    assert trending(odd, TODAY) == 0


def test_papers_stand_in_sets_by_the_points_they_have() -> None:
    found = levels([(0, 0), (1, 1), (2, 2), (3, 9)])
    assert found == (0b1111, 0b1110, 0b1100, 0b1000, 0b1000, 0b1000)
    assert len(found) == TIERS
    assert found[NEARBY - 1] == 0b1111
    assert found[MENTIONED - 1] == 0b1110
    assert found[ABOUT - 1] == 0b1100


def test_papers_are_ordered_by_tier_and_within_a_tier_by_number() -> None:
    found = levels([(5, 2), (0, 1), (3, 2), (9, 40), (1, 0)])
    assert list(in_order(found)) == [(6, 9), (3, 3), (3, 5), (2, 0), (1, 1)]


def test_only_the_papers_chosen_from_are_ordered() -> None:
    found = levels([(5, 2), (0, 1), (3, 2)])
    assert list(in_order(found, among=0b100001)) == [(3, 5), (2, 0)]
    assert list(in_order(found, among=0)) == []


def test_nothing_matched_is_no_order() -> None:
    assert list(in_order(levels([]))) == []


@given(st.dictionaries(st.integers(0, 300), st.integers(0, 8)))
def test_any_papers_are_ordered_once_each_and_best_first(points: dict[int, int]) -> None:
    order = list(in_order(levels(points.items())))
    assert sorted(number for _, number in order) == sorted(points)
    assert all(tier == min(points[number] + 1, TIERS) for tier, number in order)
    for (tier, number), (next_tier, next_number) in pairwise(order):
        assert (-tier, number) < (-next_tier, next_number)
