from datetime import date, timedelta

import numpy as np
import pytest

from service.domain.filters import UNFILTERED, Filters
from service.domain.papers import Paper
from service.matching.rankings import EVERYTHING, Followed, Rankings, Readers

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
    made = Rankings(PAPERS, TODAY)
    made.learn(QUERIES)
    return made


def papers_for(
    rankings: Rankings, *topics: int, served_to: int = 0, filters: Filters = UNFILTERED
) -> list[int]:
    """The ids of the papers that a reader gets, in order."""
    rankings.learn({}, [filters])
    wanted = rankings.number((topic, QUERIES[topic]) for topic in topics)
    reader = Readers(
        served_to=np.array([served_to]),
        max_papers=np.array([10]),
        wisher=np.zeros(len(topics), dtype=np.int64),
        topics=wanted,
        filters={0: filters},
    )
    chosen = rankings.choose(rankings.gather(reader))
    return [rankings.places[place] for place in chosen.place.tolist()]


def test_papers_about_a_topic_stand_first_and_among_them_the_most_trending(
    rankings: Rankings,
) -> None:
    with rankings:
        assert papers_for(rankings, 1) == [10, 40, 20, 30]


def test_all_papers_trend_best_first_and_equals_in_the_order_of_arrival(
    rankings: Rankings,
) -> None:
    with rankings:
        assert rankings.places == [20, 10, 30, 50, 40]
        assert papers_for(rankings) == [20, 10, 30, 50, 40]
        assert papers_for(rankings, served_to=3) == [50, 40]


def test_a_topic_may_match_nothing_or_everything(rankings: Rankings) -> None:
    with rankings:
        assert papers_for(rankings, 3) == []
        assert sorted(papers_for(rankings, 4)) == [10, 20, 30, 40, 50]
        assert rankings.count(4) == rankings.count(EVERYTHING) == 5


def test_only_papers_above_the_watermark_stand(rankings: Rankings) -> None:
    with rankings:
        assert papers_for(rankings, 1, served_to=3) == [40]
        assert papers_for(rankings, 1, served_to=5) == []


def test_over_several_topics_the_best_tier_counts(rankings: Rankings) -> None:
    with rankings:
        assert papers_for(rankings, 1, 2) == [20, 10, 50, 40, 30]


def test_what_is_learned_later_stands_with_what_was_learned_before(rankings: Rankings) -> None:
    with rankings:
        rankings.number([(1, "robots"), (7, "maps"), (7, "cartes")])
        assert rankings.unknown() == {7}
        rankings.learn({7: "maps"})
        assert rankings.unknown() == set()
        assert rankings.count(7) == 1


def test_followed_authors_meet_as_author_topics_do() -> None:
    names = ("Erwin Schrödinger", "E. Schrodinger", "Schrödinger, Erwin", "Erwin Schrödingers")
    told = {n: (n, Paper(title=name, authors=(name,))) for n, name in enumerate(names, 1)}
    with Rankings(told, TODAY) as rankings:
        follows = ('Erwin SCHR\\"{o}dinger', "E Schrödinger")
        rankings.learn({1: 'author:"erwin schrodinger"'}, [Filters(follows=follows)])
        assert [rankings.count(Followed(name)) for name in follows] == [1, 1]
        assert rankings.count(1) == 1


def test_a_mute_is_a_topic_of_its_own(rankings: Rankings) -> None:
    with rankings:
        muted = Filters(mutes=("maps OR title:agents",))
        assert papers_for(rankings, 1, filters=muted) == [10, 40]


def test_no_papers_stand_as_none() -> None:
    with Rankings({}, TODAY) as rankings:
        rankings.learn(QUERIES)
        assert papers_for(rankings, 4) == papers_for(rankings) == []
