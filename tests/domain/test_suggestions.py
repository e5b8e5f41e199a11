"""Topics suggested to who does not know what to type."""

from hypothesis import given
from hypothesis import strategies as st

from service.domain.papers import Paper
from service.domain.suggestions import suggestions
from service.domain.topics import parse


def test_the_keywords_of_most_papers_are_suggested_as_they_are_mostly_spelled() -> None:
    papers = [
        *[Paper(title="A", keywords=("World Models", "maps")) for _ in range(2)],
        *[Paper(title="A", keywords=("world models", "rivers", "maps")) for _ in range(3)],
        Paper(title="A", keywords=("tea", "world  models", "world-models")),
    ]
    assert suggestions(papers, 9) == ("world models", "maps", "rivers")
    assert suggestions(papers, 1) == ("world models",)


def test_where_no_paper_has_keywords_the_pairs_of_words_in_titles_are_suggested() -> None:
    papers = [Paper(title=f"Slow Reading {end}") for end in ("of Maps", "with Tea", "by Robots")]
    assert suggestions(papers, 9) == ("slow reading",)


def test_what_is_rare_or_no_topic_is_not_suggested() -> None:
    odd = ("(", "a*", "x" * 50, "robots AND", "ok\u202egnp")
    papers = [Paper(title="A", keywords=(*odd, f"rare {n}")) for n in range(5)]
    assert suggestions(papers, 9) == ()
    assert suggestions([], 9) == ()


@given(st.lists(st.lists(st.text(max_size=20), max_size=4), max_size=8))
def test_whatever_papers_say_each_suggestion_is_a_topic(keywords: list[list[str]]) -> None:
    papers = [Paper(title="A", keywords=tuple(words)) for words in keywords * 3]
    for words in suggestions(papers, 5):
        assert parse(words).canonical
