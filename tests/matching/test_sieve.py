"""Readers' filters, held against a plain reading of the same papers."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from service.domain.digests import Digest, Skipped, SkipReason, compose
from service.domain.filters import UNFILTERED, Filters
from service.domain.papers import Paper
from service.domain.ranking import in_order
from service.matching.rankings import MOST_PAPERS, Rankings
from service.matching.sieve import Sieve

TODAY = date(2026, 8, 21)
WORDS = ["maps", "robots", "tea"]
AUTHORS = ["Ada Lovelace", "Grace Hopper"]
QUERIES = dict(enumerate(WORDS))

words = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
papers = st.lists(
    st.builds(
        Paper,
        title=words,
        abstract=words,
        authors=st.lists(st.sampled_from(AUTHORS), max_size=2).map(tuple),
        upvotes=st.none() | st.sampled_from([0, 4, 5, 21, 60]),
    ),
    max_size=8,
)
filters = st.builds(
    Filters,
    mutes=st.lists(st.sampled_from([*WORDS, "maps AND tea"]), max_size=2).map(tuple),
    follows=st.lists(st.sampled_from(AUTHORS), max_size=2, unique=True).map(tuple),
    min_upvotes=st.sampled_from([0, 5, 20]),
)


def rank(told: list[Paper]) -> Rankings:
    return Rankings({n: (n, paper) for n, paper in enumerate(told, 1)}, QUERIES, TODAY)


def says(paper: Paper, text: str) -> bool:
    said = f"{paper.title} {paper.abstract}".split()
    return all(word in said for word in text.split(" AND "))


@given(papers, filters, st.lists(st.sampled_from([0, 1, 2]), max_size=3, unique=True),
       st.integers(0, 8), st.integers(1, 5))  # fmt: skip
def test_the_choice_is_that_of_reading_every_paper(
    told: list[Paper], chosen: Filters, topics: list[int], watermark: int, max_papers: int
) -> None:
    with rank(told) as rankings:
        digest = Sieve(rankings).digest(chosen, topics, watermark, max_papers)
        keys: dict[int, tuple[int, int]] = {}
        out: set[SkipReason] = set()
        for place, paper_id in enumerate(rankings.places):
            paper = told[paper_id - 1]
            tiers = [
                tier
                for topic in topics
                for tier, found in in_order(rankings.levels(topic))
                if found == place
            ]
            followed = any(author in chosen.follows for author in paper.authors)
            if paper_id <= watermark or not (tiers or followed or not topics):
                continue
            if any(says(paper, mute) for mute in chosen.mutes):
                out.add(SkipReason.MUTED)
            elif followed:
                keys[place] = (-1000, place)
            elif paper.upvotes is not None and paper.upvotes < chosen.min_upvotes:
                out.add(SkipReason.BELOW_UPVOTES)
            else:
                keys[place] = (-max(tiers, default=0), place)
        if keys:
            assert digest == (sorted(keys, key=keys.__getitem__)[:max_papers], len(keys))
        elif SkipReason.BELOW_UPVOTES in out:
            assert digest == Skipped(SkipReason.BELOW_UPVOTES)
        else:
            assert digest == Skipped(SkipReason.MUTED if out else SkipReason.NO_MATCH)


@given(papers, st.lists(st.sampled_from([0, 1, 2]), max_size=3, unique=True), st.integers(0, 8))
def test_without_filters_the_choice_is_that_of_readers_who_have_none(
    told: list[Paper], topics: list[int], watermark: int
) -> None:
    with rank(told) as rankings:
        standings = [rankings.standing(topic, watermark) for topic in topics]
        usual = compose(
            standings or [rankings.trending(watermark)], places=len(rankings.places), max_papers=3
        )
        assert Sieve(rankings).digest(UNFILTERED, topics, watermark, 3) == usual


def test_a_mute_of_the_best_papers_brings_those_that_stood_behind_any_cut() -> None:
    best = [Paper(title="Maps maps maps", upvotes=900) for _ in range(MOST_PAPERS)]
    worst = [Paper(title="Atlas", abstract="maps", upvotes=n) for n in range(3)]
    games = [Paper(title=paper.title, abstract="games", upvotes=900) for paper in best]
    with rank([*games, *worst]) as rankings:
        digest = Sieve(rankings).digest(Filters(mutes=("games",)), [0], 0, 10)
        assert isinstance(digest, Digest)
        assert [rankings.papers[place] for place in digest.chosen] == worst[::-1]
        assert digest.matched == 3


def test_names_meet_as_author_topics_do() -> None:
    names = ("Erwin Schrödinger", "E. Schrodinger", "Schrödinger, Erwin", "Erwin Schrödingers")
    told = [Paper(title=name, authors=(name,)) for name in names]
    queries = {0: 'author:"erwin schrodinger"'}
    with Rankings({n: (n, paper) for n, paper in enumerate(told)}, queries, TODAY) as rankings:
        sieve = Sieve(rankings)
        assert sieve.followed('Erwin SCHR\\"{o}dinger') == rankings.levels(0)[0] == 0b0001
        assert sieve.followed("E Schrödinger") == 0b0010


def test_mutes_prepared_for_and_not_are_the_same() -> None:
    told = [Paper(title="Maps"), Paper(title="Tea")]
    with rank(told) as rankings:
        one, other = Sieve(rankings), Sieve(rankings)
        one.expect([Filters(mutes=("tea OR robots",)), Filters(mutes=("tea OR robots", "maps"))])
        assert one.muted("tea OR robots") == other.muted("tea OR robots") != 0
