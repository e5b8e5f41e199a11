from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from service.domain.papers import Paper
from service.domain.ranking import ABOUT, MENTIONED, Match, rank, trending

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


def test_a_paper_about_the_topic_stands_before_a_famous_one_that_mentions_it() -> None:
    papers = {1: (11, replace(PAPER, upvotes=5000)), 2: (12, PAPER)}
    ranked = rank({1: Match(MENTIONED), 2: Match(ABOUT)}, papers, TODAY)
    assert [paper.paper_id for paper in ranked] == [2, 1]
    assert [paper.seq for paper in ranked] == [12, 11]
    assert ranked[0].score == (ABOUT, 0.0)


def test_equals_stand_in_the_order_of_arrival() -> None:
    papers = {paper_id: (100 - paper_id, PAPER) for paper_id in range(5)}
    ranked = rank(dict.fromkeys(papers, Match(MENTIONED)), papers, TODAY)
    assert [paper.seq for paper in ranked] == [96, 97, 98, 99, 100]


def test_nothing_matched_ranks_nothing() -> None:
    assert rank({}, {1: (1, PAPER)}, TODAY) == []


counts = st.none() | st.integers(0, 10**9)
papers_of_any_source = st.builds(
    Paper,
    title=st.just("t"),
    upvotes=counts,
    comments=counts,
    stars=counts,
    published=st.none() | st.dates(),
)


@given(st.lists(st.tuples(st.sampled_from([ABOUT, MENTIONED]), papers_of_any_source), max_size=20))
def test_any_papers_are_ranked_once_each_and_best_first(found: list[tuple[int, Paper]]) -> None:
    matches = {index: Match(tier) for index, (tier, _) in enumerate(found)}
    papers = {index: (index + 1, paper) for index, (_, paper) in enumerate(found)}
    ranked = rank(matches, papers, TODAY)
    assert sorted(paper.paper_id for paper in ranked) == list(matches)
    for better, worse in pairwise(ranked):
        assert (better.score, -better.seq) > (worse.score, -worse.seq)
