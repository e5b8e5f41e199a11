"""A reader's own filters: what may be asked for, and what they make of papers."""

import pytest

from service.domain.filters import (
    MAX_FOLLOWS,
    MAX_MUTES,
    UNFILTERED,
    FilterError,
    Filters,
    by_author,
    enough_upvotes,
    filters_of,
)
from service.domain.papers import Paper
from service.domain.topics import TopicError, parse

ALL = 0b1111


def test_what_means_the_same_is_kept_once_as_typed_first() -> None:
    assert filters_of(
        [" A Survey ", "a survey", "", "games"], ["Erwin  Schrödinger", "erwin schrodinger"], 20
    ) == Filters(("A Survey", "games"), ("Erwin Schrödinger",), 20)


def test_without_any_nothing_is_filtered() -> None:
    assert not UNFILTERED
    assert filters_of() == UNFILTERED
    assert filters_of(["games"])
    assert filters_of(follows=["Ada Lovelace"])
    assert filters_of(min_upvotes=5)


@pytest.mark.parametrize(
    ("mutes", "follows", "upvotes", "words"),
    [
        ([], [], 7, "7 is no minimum of upvotes: choose 0, 5, 20, 50 or 100"),
        ([], [], -5, "-5 is no minimum of upvotes"),
        (["games"] * (MAX_MUTES + 1), [], 0, r"51 mutes are more .*\(50\)"),
        ([], ["Ada"] * (MAX_FOLLOWS + 1), 0, r"101 followed authors are more .*\(100\)"),
        ([], ["?!"], 0, "there is no letter in the author '\\?!'"),
        ([], ["A" * 101], 0, "has 101 characters, 100 are allowed"),
    ],
)
def test_what_cannot_be_had_is_refused_in_words(
    mutes: list[str], follows: list[str], upvotes: int, words: str
) -> None:
    with pytest.raises(FilterError, match=words):
        filters_of(mutes, follows, upvotes)


def test_limits_hold_at_their_edges() -> None:
    filters = filters_of(
        (f"topic {n}" for n in range(MAX_MUTES)), (f"Ada {n}" for n in range(MAX_FOLLOWS))
    )
    assert (len(filters.mutes), len(filters.follows)) == (MAX_MUTES, MAX_FOLLOWS)
    with pytest.raises(FilterError, match="51 mutes"):
        filters_of(["one more"], known=filters)
    assert filters_of(["TOPIC 7"], ["ada 7"], known=filters) == filters


@pytest.mark.parametrize("text", ["(games", "NOT games", "a" * 513])
def test_a_mute_is_a_topic_and_its_mistakes_are_those_of_topics(text: str) -> None:
    with pytest.raises(TopicError) as of_mute:
        filters_of(["tea", text])
    with pytest.raises(TopicError) as of_topic:
        parse(text)
    assert of_mute.value.explain() == of_topic.value.explain()


def test_filters_are_added_and_taken_away_by_what_they_mean() -> None:
    before = filters_of(["games", "tea"], ["Łukasz Kaiser"], 5)
    left = before.without(["TEA"], ["lukasz kaiser"])
    after = filters_of(["Games", "surveys"], ["Ada Byron"], 5, known=left)
    assert after == Filters(("games", "surveys"), ("Ada Byron",), 5)
    with pytest.raises(FilterError, match="'maps' is not among what is muted: games, tea"):
        before.without(mutes=["maps"])
    with pytest.raises(FilterError, match="'Ada' is not among those followed: Łukasz Kaiser"):
        before.without(follows=["Ada"])
    with pytest.raises(FilterError, match="not among those followed: nothing"):
        UNFILTERED.without(follows=["Ada"])


@pytest.mark.parametrize(
    "name", ["Yann LeCun", "J. von Neumann", "李飞飞", "Łukasz Kaiser", "Jean-Luc d'Arc", "O'Neil*"]
)
def test_an_author_is_sought_as_the_topic_of_that_author_is(name: str) -> None:
    quoted = name.rstrip("*")
    assert by_author(name) == parse(f'author:"{quoted}"').expression


def test_a_paper_whose_upvotes_nobody_counts_is_not_held_back() -> None:
    papers = [Paper(title="x", upvotes=n) for n in (None, 0, 19, 20)]
    assert [enough_upvotes(paper, 20) for paper in papers] == [True, False, False, True]
    assert all(enough_upvotes(paper, 0) for paper in papers)
