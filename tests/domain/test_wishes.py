"""Topics as readers type them, with labels of their own."""

import pytest

from service.domain.topics import TopicError
from service.domain.wishes import (
    MAX_LABEL,
    MAX_TOPICS,
    Wish,
    WishError,
    places_of,
    wishes_of,
)

MAPS = Wish("Maps", "maps")


def test_a_topic_is_kept_as_typed_once() -> None:
    assert wishes_of([" Maps ", "", "maps", "ROBOTS"]) == (MAPS, Wish("ROBOTS", "robots"))


@pytest.mark.parametrize(
    ("typed", "label", "text"),
    [
        ("Brains = neural OR neuron", "Brains", "neural OR neuron"),
        ("  My  brains =  neural ", "My brains", "neural"),
        ("upvotes >= 20", None, "upvotes >= 20"),
        ("Q=K", None, "Q=K"),
        ('"energy = mass" theory', None, '"energy = mass" theory'),
        ("l" * MAX_LABEL + " = maps", "l" * MAX_LABEL, "maps"),
    ],
)
def test_a_label_stands_before_its_topic(typed: str, label: str | None, text: str) -> None:
    (wish,) = wishes_of([typed])
    assert (wish.label, wish.text) == (label, text)
    assert wish.shown == (label or text)


def test_a_label_has_forty_characters_at_most() -> None:
    with pytest.raises(WishError, match="has 41 characters, 40 are allowed"):
        wishes_of(["l" * 41 + " = maps"])


@pytest.mark.parametrize("sign", ["\0", "\x1b", "\x9f", "\ud800"])
def test_no_label_holds_what_no_letter_can(sign: str) -> None:
    with pytest.raises(WishError, match="invisible character U\\+"):
        wishes_of([f"At{sign}las = maps"])


@pytest.mark.parametrize("typed", ["A = B = maps", "= maps", "Atlas ="])
def test_a_sign_that_labels_nothing_is_a_mistake_of_the_topic(typed: str) -> None:
    with pytest.raises(TopicError, match="there is no letter or digit to look for here"):
        wishes_of([typed])


def test_a_topic_typed_anew_takes_the_place_of_the_old_one() -> None:
    known = wishes_of(["maps", "robots"])
    assert wishes_of(["Atlas = MAPS", "tea"], known) == (
        Wish("MAPS", "maps", "Atlas"),
        Wish("robots", "robots"),
        Wish("tea", "tea"),
    )


def test_a_reader_has_two_hundred_topics_at_most() -> None:
    full = wishes_of(f"topic {n}" for n in range(MAX_TOPICS))
    with pytest.raises(WishError, match=r"^201 topics are more than one reader may have \(200\)$"):
        wishes_of(["one more"], full)
    assert len(wishes_of(["Topic 7"], full)) == MAX_TOPICS
    with pytest.raises(WishError, match="201 topics"):
        wishes_of(["("] * (MAX_TOPICS + 1))


def test_the_place_of_a_mistake_is_that_in_the_topic_without_its_label() -> None:
    with pytest.raises(TopicError) as raised:
        wishes_of(["Brains = (neural"])
    assert (raised.value.text, raised.value.position) == ("(neural", 1)


@pytest.mark.parametrize("words", ["atlas", "MAPS", " maps ", '"maps"'])
def test_a_wish_is_known_by_label_by_words_and_by_meaning(words: str) -> None:
    wishes = wishes_of(["tea", "Atlas = Maps"])
    assert places_of(wishes, words) == [1]


@pytest.mark.parametrize("words", ["rivers", "(", ""])
def test_a_wish_that_is_not_there_is_answered_with_those_that_are(words: str) -> None:
    with pytest.raises(WishError, match=r"is not among the topics: tea, Atlas$"):
        places_of(wishes_of(["tea", "Atlas = maps"]), words)
