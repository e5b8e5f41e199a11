from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.expression import Field
from service.domain.matches import Found
from service.domain.papers import Paper
from service.domain.ranking import ABOUT, MENTIONED, NEARBY, TIERS, in_order
from service.domain.topics import TopicError, parse
from service.matching.index import PaperIndex

PAPERS = [
    Paper(title="World models for robots", abstract="We learn to plan."),
    Paper(title="Planning", abstract="A model of the world, for a robot."),
    Paper(title="Models", abstract="Nothing of the kind, though worlds apart in time and aim."),
    Paper(title="A survey", abstract="The world is large. Any good scientist models it."),
    Paper(title="Schrödinger's “ﬁne” state‑of‑the‑art LLMs", abstract=""),
    Paper(
        title="关于世界模型的研究",
        abstract="我们研究大型语言模型。",
        authors=("Łukasz Kaiser", "Yann LeCun", "Martha White"),
        categories=("cs.CL", "stat.ML"),
        keywords=("world models", "video generation"),
        organisation="Example Labs",
        upvotes=20,
        code="https://example.org/code",
    ),
    Paper(
        title="Agents that use large language models",
        abstract="A large language model plans. Models plan. Large models, of a language.",
        authors=("Yann White", "Kaiser Soze"),
        upvotes=19,
        project="https://example.org",
    ),
]


@pytest.fixture(scope="module")
def index() -> Iterator[PaperIndex]:
    with PaperIndex(PAPERS) as index:
        yield index


def tiers(index: PaperIndex, text: str) -> dict[int, int]:
    found = index.run(parse(text).expression)
    return {number: tier for tier, number in sorted(in_order(found), key=lambda pair: pair[1])}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"world models"', {0: ABOUT}),
        ("world models", {0: ABOUT, 1: NEARBY}),
        ("world AND models", {0: ABOUT, 1: MENTIONED, 2: MENTIONED, 3: MENTIONED}),
        ("planning", {0: MENTIONED, 1: ABOUT, 6: ABOUT}),
        ("schrodinger", {4: ABOUT}),
        ("“state of the art” LLM", {4: ABOUT}),
        ("FINE", {4: ABOUT}),
        (r"Schr{\"o}dinger", {4: ABOUT}),
        ("quantum", {}),
        ("title:models -robots", {2: ABOUT, 6: ABOUT}),
        ("abstract:models", {1: MENTIONED, 3: MENTIONED, 6: 1 + 3}),
        ("title:(models world)", {0: NEARBY}),
        ("exact:model", {1: MENTIONED, 6: MENTIONED}),
        ("schro*", {4: ABOUT}),
        ('"world mod*"', {0: ABOUT}),
    ],
)
def test_a_topic_finds_its_papers_and_how_much_they_are_about_it(
    index: PaperIndex, text: str, expected: dict[int, int]
) -> None:
    assert tiers(index, text) == expected


@pytest.mark.parametrize("text", ["世界模型", "模型", "世", "世界 AND 研究", '"语言模型"', "世界*"])
def test_text_without_spaces_is_found_by_any_part_of_it(index: PaperIndex, text: str) -> None:
    assert set(tiers(index, text)) == {5}


def test_text_without_spaces_is_not_found_by_characters_that_do_not_stand_together(
    index: PaperIndex,
) -> None:
    assert not tiers(index, "世模")
    assert not tiers(index, "模型世界")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('author:"Yann LeCun"', {5}),
        ("author:(lecun yann)", {5}),
        ("author:yann", {5, 6}),
        ("author:lukasz", {5}),
        ("author:(white kaiser)", set()),
        ("author:(yann white)", {6}),
        ("category:cs.CL", {5}),
        ("category:stat", {5}),
        ("category:c", set()),
        ("keyword:(world model)", {5}),
        ("keyword:(models video)", set()),
        ("org:example", {5}),
        ("upvotes>=19", {5, 6}),
        ("upvotes>=20", {5}),
        ("has:code", {5}),
        ("has:project", {6}),
        ("has:code OR has:project", {5, 6}),
        ("agents NOT upvotes>=20", {6}),
        ("upvotes>=0", set(range(len(PAPERS)))),
    ],
)
def test_fields_and_conditions_ask_for_facts_of_the_paper(
    index: PaperIndex, text: str, expected: set[int]
) -> None:
    assert set(tiers(index, text)) == expected


def test_words_side_by_side_never_reach_from_one_field_or_name_into_the_next() -> None:
    papers = [
        Paper(title="Deep nets", abstract="Learning to sort.", authors=("A Deep", "Learning B"))
    ]
    with PaperIndex(papers) as index:
        assert not tiers(index, "nets learning")
        assert not tiers(index, "author:(deep learning)")
        assert tiers(index, "nets AND learning")


@pytest.mark.parametrize(
    ("text", "first", "middle", "last"),
    [
        ("aa bb", "aa", "", "bb"),
        ("bb aa", "aa", "", "bb"),
        ('"aa aa" bb', "aa aa", "", "bb"),
        ('bb "aa aa"', "aa aa", "", "bb"),
        ("aa dd bb", "aa", "dd ", "bb"),
        ("bb dd aa", "aa", "dd ", "bb"),
        ('aa "dd dd" "bb bb"', "aa", "dd dd ", "bb bb"),
        ("aa dd ee bb", "aa", "ee dd ", "bb"),
    ],
)
def test_words_near_each_other_have_at_most_three_others_between_them(
    text: str, first: str, middle: str, last: str
) -> None:
    papers = [
        Paper(title=f"{one} {middle}{'x ' * others}{other}")
        for others in range(6)
        for one, other in ((first, last), (last, first))
    ]
    with PaperIndex(papers) as index:
        assert set(tiers(index, text)) == set(range(8))


def test_a_fact_leaves_the_tier_to_the_words_and_alone_counts_as_a_mention_in_the_title(
    index: PaperIndex,
) -> None:
    alone = tiers(index, "upvotes>=19")
    assert alone == {5: ABOUT, 6: ABOUT}
    words = tiers(index, "language")[6]
    assert words > ABOUT
    assert tiers(index, "language AND upvotes>=19")[6] == words
    assert tiers(index, "language OR upvotes>=19") == {5: ABOUT, 6: words}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("LLM", {4, 6}),
        ("large language models", {4, 6}),
        ('"large language model"', {4, 6}),
        ("exact:LLMs", {4}),
        ("exact:LLM", set()),
        ('exact:"large language models"', {6}),
        ("title:LLM", {4, 6}),
        ("LLM agents", {6}),
    ],
)
def test_an_acronym_finds_its_long_form_and_back_unless_exact(
    index: PaperIndex, text: str, expected: set[int]
) -> None:
    assert set(tiers(index, text)) == expected


@pytest.mark.parametrize(
    ("topic", "title", "abstract", "said"),
    [
        ("LLM", "Large Language Models Sing", "", "large language models"),
        ("large language model", "Singing", "We ask an LLM.", "llm"),
        ("LLM", "Large language models", "An LLM sings.", None),
        ("LLMs", "An LLM sings", "", None),
        ("exact:LLM", "Large language models", "", None),
        ("LLM AND sing", "Large language models sing", "", None),
        ("LLM", "Maps", "", None),
    ],
)
def test_it_is_told_where_a_paper_has_a_topic_in_another_spelling_only(
    topic: str, title: str, abstract: str, said: str | None
) -> None:
    with PaperIndex([Paper(title=title, abstract=abstract)]) as index:
        assert index.spelled_otherwise(parse(topic).expression, 0) == said


def test_the_more_often_a_paper_says_it_the_higher_its_tier_up_to_the_highest() -> None:
    papers = [Paper(title="x", abstract="robots. " * count) for count in range(9)]
    papers.append(Paper(title="Robots", abstract="robots"))
    with PaperIndex(papers) as index:
        found = tiers(index, "robot")
    assert [found.get(count, 0) for count in range(9)] == [0, 2, 3, 4, 5, 6, 6, 6, 6]
    assert found[9] == 4
    assert TIERS == 6


def test_a_paper_without_an_abstract_and_one_with_ten_thousand_authors_are_found() -> None:
    papers = [
        Paper(title="Empty"),
        Paper(title="Crowd", authors=tuple(f"Ada{number} Lovelace" for number in range(10_000))),
    ]
    with PaperIndex(papers) as index:
        assert set(tiers(index, "empty")) == {0}
        assert set(tiers(index, 'author:"ada9999 lovelace"')) == {1}
        assert set(tiers(index, "author:lovelace")) == {1}


def test_a_match_is_explained_in_the_papers_own_words(index: PaperIndex) -> None:
    verdict = index.explain(parse("LLM AND plan* AND upvotes>=5 NOT survey").expression, 6)
    assert verdict.tier > 0
    assert verdict.found == (
        Found(
            "llm", ("large language models", "large language model"), (Field.TITLE, Field.ABSTRACT)
        ),
        Found("plan*", ("plans", "plan"), (Field.ABSTRACT,)),
        Found("upvotes>=5"),
    )
    assert verdict.terms() == (
        "large language models", "large language model", "plans", "plan", "upvotes>=5",
    )  # fmt: skip
    assert verdict.missing == ()
    assert verdict.unwanted == ()


def test_words_near_each_other_are_named_one_by_one_where_they_are_no_phrase(
    index: PaperIndex,
) -> None:
    near = parse("world models").expression
    assert index.explain(near, 0).terms() == ("world models",)
    assert index.explain(near, 1).terms() == ("world", "model")
    assert index.explain(parse("世界模型").expression, 5).terms() == ("世界模型",)


def test_what_keeps_a_paper_from_matching_is_named(index: PaperIndex) -> None:
    asked = parse('plan AND (agents OR "deep nets") AND upvotes>=5 NOT (robots OR survey)')
    verdict = index.explain(asked.expression, 0)
    assert verdict.tier == 0
    assert verdict.missing == ("upvotes>=5", '"deep nets" OR agents')
    assert [(found.sought, found.words) for found in verdict.unwanted] == [("robots", ("robots",))]
    assert [found.sought for found in verdict.found] == ["plan"]


def test_an_index_of_no_papers_finds_none() -> None:
    with PaperIndex([]) as empty:
        assert tiers(empty, "robots OR upvotes>=0") == {}


def test_the_largest_topic_allowed_runs() -> None:
    terms = [f"w{number}" for number in range(31)]
    nested = terms[0]
    for number in range(1, 9):
        nested = f"({nested} {'AND' if number % 2 else 'OR'} {terms[number]})"
    with PaperIndex([Paper(title="w30"), Paper(title=" ".join(terms))]) as index:
        assert set(tiers(index, " OR ".join([*terms[1:], "w30"]))) == {0, 1}
        assert set(tiers(index, " AND ".join(terms))) == {1}
        assert set(tiers(index, " ".join(terms))) == {1}
        assert set(tiers(index, nested)) == {1}
        assert set(tiers(index, "w30 NOT " + " NOT ".join(terms[:30]))) == {0}


signs = st.text(alphabet="aAbé世*^:+{}[]()-\"'“”.,;&|!~\\%$# \t0ØANDORT_NEAR>=", max_size=30)


@given(signs)
def test_every_topic_runs_and_every_match_is_explained(index: PaperIndex, text: str) -> None:
    try:
        topic = parse(text)
    except TopicError:
        return
    matches = index.run(topic.expression)[0]
    for number in range(len(PAPERS)):
        verdict = index.explain(topic.expression, number)
        assert bool(verdict.tier) == bool(matches >> number & 1)
        assert bool(verdict.tier) == (not verdict.missing and not verdict.unwanted)
