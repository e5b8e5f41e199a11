import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.marking import first_marks, marks, spelled
from service.domain.text import words


def marked(text: str, *phrases: str) -> list[str]:
    return [text[start:end] for start, end in marks(text, phrases)]


@pytest.mark.parametrize(
    ("text", "phrases", "expected"),
    [
        ("World-Models, and world models.", ["world models"], ["World-Models", "world models"]),
        ("Schrödinger’s “LLMs”", ["schrodinger", "llms"], ["Schrödinger", "LLMs"]),
        ("关于世界模型的研究", ["世界模型"], ["世界模型"]),
        ("GPT模型", ["gpt"], ["GPT"]),
        ("a b a b a", ["a b a"], ["a b a b a"]),
        ("large language model", ["language", "large language"], ["large language"]),
        ("models", ["model"], []),
        ("x", ["", "!"], []),
    ],
)
def test_what_was_found_is_marked_as_it_is_written(
    text: str, phrases: list[str], expected: list[str]
) -> None:
    assert marked(text, *phrases) == expected


@given(st.text(), st.lists(st.text(max_size=3)))
def test_marks_stand_in_order_and_never_overlap(text: str, phrases: list[str]) -> None:
    end = 0
    for start, stop in marks(text, phrases):
        assert end <= start < stop <= len(text)
        end = stop


@given(st.lists(st.sampled_from(["Été", "世界", "ab", "c-d", "x"]), min_size=1).map(" ".join))
def test_a_text_made_of_words_is_marked_whole_by_its_own_words(text: str) -> None:
    assert marked(text, " ".join(words(text))) == [text]


@given(st.text("Ab9 _-.{", max_size=60))
def test_words_are_written_where_they_were_with_a_letter_beyond_ascii_behind_them(
    text: str,
) -> None:
    plain, longer = spelled(text), spelled(text + " é")
    assert (*plain.words, "e") == longer.words
    for first in range(len(plain.words)):
        assert plain.span(first, 1) == longer.span(first, 1)
        assert plain.words[first] == text[slice(*plain.span(first, 1))].lower()


def first_marked(texts: list[str], terms: list[list[str]], most: int = 3) -> list[list[str]]:
    spans = first_marks([spelled(text) for text in texts], terms, most)
    return [
        [text[start:end] for start, end in found] for text, found in zip(texts, spans, strict=True)
    ]


@pytest.mark.parametrize(
    ("title", "lead", "terms", "expected"),
    [
        ("An agent", "Agents, agents.", [["agent", "agents"]], [["agent"], []]),
        ("A tale", "Agents, agents.", [["agent", "agents"]], [[], ["Agents"]]),
        ("Maps", "Of agents and maps.", [["agents"], ["maps"]], [["Maps"], ["agents"]]),
        ("a b c d", "e", [["a"], ["b"], ["c"], ["d"], ["e"]], [["a", "b", "c"], []]),
        ("world models", "world", [["world"], ["world models"]], [["world models"], ["world"]]),
        ("none", "none", [["agents"]], [[], []]),
        ("none", "none", [], [[], []]),
    ],
)
def test_each_term_is_marked_once_title_first_and_at_most_three(
    title: str, lead: str, terms: list[list[str]], expected: list[list[str]]
) -> None:
    assert first_marked([title, lead], terms) == expected
