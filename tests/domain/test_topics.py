import pickle
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.domain.expression import And, Near, Not, Or, Term
from service.domain.topics import MAX_DEPTH, MAX_LENGTH, MAX_TERMS, Topic, TopicError, parse


def word(text: str) -> Term:
    return Term((text,))


def refused(text: str) -> TopicError:
    with pytest.raises(TopicError) as caught:
        parse(text)
    return caught.value


def read(text: str) -> Topic | TopicError:
    try:
        return parse(text)
    except TopicError as error:
        return error


def test_plain_words_side_by_side_mean_near_each_other() -> None:
    assert parse("world models").expression == Near((word("world"), word("models")))


def test_quoted_words_are_an_exact_phrase() -> None:
    assert parse('"world models"').expression == Term(("world", "models"))


def test_a_word_with_hyphens_or_digits_is_a_phrase_of_its_parts() -> None:
    assert parse("state-of-the-art").expression == Term(("state", "of", "the", "art"))
    assert parse("GPT-4 agents").expression == Near((Term(("gpt", "4")), word("agents")))


def test_side_by_side_binds_before_not_before_and_before_or() -> None:
    assert parse("world models OR agents AND NOT toy games").expression == Or(
        (
            Near((word("world"), word("models"))),
            And((word("agents"), Not(Near((word("toy"), word("games")))))),
        )
    )


def test_parentheses_group() -> None:
    assert parse("(a OR b) AND c").expression == And((word("c"), Or((word("a"), word("b")))))


def test_a_minus_excludes_just_the_word_phrase_or_group_that_follows() -> None:
    assert parse("a -b c").canonical == "a AND c AND NOT b"
    assert parse('a -"b c" d').canonical == 'a AND d AND NOT "b c"'
    assert parse("a -(b OR c)").canonical == "a AND NOT b AND NOT c"
    assert parse("a−b").canonical == '"a b"'


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("World   MODELS", "world models"),
        ("“World Models”", '"world models"'),
        ("„World Models“", '"world models"'),
        ("« world models »", '"world models"'),
        ("（robots ＯＲ x）", "robots or x"),
        ("Schrödinger", "schrodinger"),
        ("b AND a AND b", "a AND b"),
        ("c OR (b OR a)", "a OR b OR c"),
        ("c AND (b AND (a))", "a AND b AND c"),
        ("a (b OR c)", "a AND (b OR c)"),
        ("a NOT b", "a AND NOT b"),
        ("NOT NOT a", "a"),
        ("NOT -a", "a"),
        ("NOT (NOT a OR NOT b)", "a AND b"),
        ("c AND NOT (a AND b)", "c AND (NOT a OR NOT b)"),
        ("a a b", "a b"),
        ('"models"', "models"),
        ("cats and dogs or not", "cats and dogs or not"),
        ("AND-gate ORB NOTable", '"and gate" orb notable'),
        ('"NOT this OR that"', '"not this or that"'),
        ("a\tb\nc\u3000d", "a b c d"),
        ("世界模型 OR がく", "がく OR 世界模型"),
        (r"Schr{\"o}dinger bridges", "schrodinger bridges"),
        (r'Schr{"o}dinger', "schrodinger"),
        (r'"Schr\"odinger bridges"', '"schrodinger bridges"'),
        ("Bayes*", "bayes*"),
        ('"neural net*"', '"neural net*"'),
        ("state-of-the-art*", '"state of the art*"'),
        ('"the A* search"', '"the a search"'),
        ("世*", "世"),
        ("TITLE:Robots", "title:robots"),
        ("title: robots", "title:robots"),
        ("title：robots", "title:robots"),
        ('author:"Yann LeCun"', 'author:"yann lecun"'),
        ("category:cs.CL", 'category:"cs cl"'),
        ("title:world models", "models AND title:world"),
        ("title:(world models)", "title:(world models)"),
        ("title:(a OR b -c)", "title:a OR title:b AND NOT title:c"),
        ("-title:(a b)  c", "c AND NOT title:(a b)"),
        ("exact:LLM agents", "exact:llm agents"),
        ("exact:(LLM agents)", "exact:llm exact:agents"),
        ("exact:(a OR title:b)", "exact:a OR title:exact:b"),
        ("exact:title:LLM", "title:exact:llm"),
        ("title:exact:(a b)", "title:(exact:a exact:b)"),
        ("author:exact:Ng", "author:ng"),
        ("exact:bayes*", "bayes*"),
        ('exact:"deep bayes*"', 'exact:"deep bayes*"'),
        ("upvotes>=20", "upvotes>=20"),
        ("Upvotes >= 020", "upvotes>=20"),
        ("upvotes≥1,000 a", "a AND upvotes>=1000"),
        ("has:code", "has:code"),
        ("a Has: PDF", "a AND has:pdf"),
        ("a NOT upvotes>=20 -has:code", "a AND NOT has:code AND NOT upvotes>=20"),
        ("EnvHarness: Awakening Worlds", "envharness awakening worlds"),
        ("upvotes exact title", "upvotes exact title"),
        ("Q=K", '"q k"'),
    ],
)
def test_equal_questions_share_one_canonical_text(text: str, canonical: str) -> None:
    assert parse(text).canonical == canonical


def test_the_order_of_words_side_by_side_is_kept() -> None:
    assert parse("models world") != parse("world models")


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("", 1, "a topic needs at least one word"),
        (" \u3000 ", 1, "a topic needs at least one word"),
        ("a OR", 3, "OR needs something after it"),
        ("OR a", 1, "OR needs something before it"),
        ("a AND OR b", 7, "OR needs something before it"),
        ("(AND a)", 2, "AND needs something before it"),
        ("(a OR) b", 4, "OR needs something after it"),
        ("a AND NOT", 7, "NOT needs something after it"),
        ("NOT", 1, "NOT needs something after it"),
        ("a --b", 3, "this minus has no word after it"),
        ("-NOT a", 1, "this minus has no word after it"),
        ("a ()", 3, "there is nothing between these parentheses"),
        ("((a) b", 1, "this parenthesis is never closed"),
        ("a) b", 2, "this parenthesis closes nothing"),
        ('a "b c', 3, "this quotation is never closed"),
        ('"a" b" c', 6, "this quotation is never closed"),
        ("robots & agents", 8, "there is no letter or digit to look for here"),
        ('a OR "…"', 6, "there is no letter or digit to look for here"),
        ('a ""', 3, "there is no letter or digit to look for here"),
        ("NOT a", 1, "a paper meets this part by what it lacks, as nearly all papers do"),
        ("a OR NOT b", 6, "a paper meets this part by what it lacks, as nearly all papers do"),
        ("a OR (b OR -c)", 6, "a paper meets this part by what it lacks, as nearly all papers do"),
        ("bay*es", 4, "a * stands only at the end of a word"),
        ("**", 1, "there is no letter or digit to look for here"),
        ("ba*", 3, "a * needs at least 3 letters before it"),
        ('a "b*"', 5, "a * needs at least 3 letters before it"),
        ("a title:", 3, "title: needs a word, a phrase or parentheses after it"),
        ("title: OR a", 1, "title: needs a word, a phrase or parentheses after it"),
        ("title:-a", 1, "title: needs a word, a phrase or parentheses after it"),
        ("(exact:)", 2, "exact: needs a word, a phrase or parentheses after it"),
        ("title:author:a", 1, "title: needs a word, a phrase or parentheses after it"),
        ("a title:(b author:c)", 3, "author:c cannot stand inside title:"),
        ("title:(a upvotes>=3)", 1, "upvotes>=3 cannot stand inside title:"),
        ("a foo:bar", 3, "there is no field foo:"),
        ("titel: robots", 1, "there is no field titel:"),
        ("upvotes>=x", 1, "there is no number of upvotes after upvotes>="),
        ("upvotes>=", 1, "there is no number of upvotes after upvotes>="),
        ("upvotes>=1000000000", 1, "there is no number of upvotes after upvotes>="),
        ("upvotes>20", 1, "upvotes are asked for with >="),
        ("a upvotes<20", 3, "upvotes can only be asked to be at least a number"),
        ("stars>=5", 1, "only upvotes can be compared with a number"),
        ("has:", 1, "has: needs a word after it"),
        ("a has:cod", 3, "no paper is marked as has:cod"),
        ("NOT upvotes>=20", 1, "a paper meets this part by what it lacks, as nearly all papers do"),
        ("a\0b", 2, "the invisible character U+0000 cannot be part of a topic"),
        ("ab\x1b[2J", 3, "the invisible character U+001B cannot be part of a topic"),
        ("\ud800", 1, "the invisible character U+D800 cannot be part of a topic"),
    ],
)
def test_a_mistake_is_named_with_its_column(text: str, position: int, message: str) -> None:
    error = refused(text)
    assert (error.position, error.message) == (position, message)
    assert str(error) == f"{message} (column {position})"
    assert error.text == text


def test_something_sought_makes_an_exclusion_inside_parentheses_fine() -> None:
    assert parse("a AND (b OR NOT c)").canonical == "a AND (b OR NOT c)"


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("titel:robots", "Write title: instead, or leave out the colon."),
        ("authors:lecun", "Write author: instead, or leave out the colon."),
        ("has:cod", "Write has:code."),
        ("has:x", "Write one of has:code, has:project, has:pdf."),
        ("upvotes>20", "Write upvotes>=21."),
        ("upvotes:20", "Write upvotes>=20."),
        ("a upvotes<20", "Write NOT upvotes>=20."),
        ("a upvotes<=20", "Write NOT upvotes>=21."),
        ("title:", 'Write title:robots or title:"world models".'),
        ("G*power", 'Write bayes*, or put it in quotation marks to find its words: "G*power".'),
    ],
)
def test_a_mistake_is_answered_with_what_to_write(text: str, instead: str) -> None:
    assert refused(text).instead == instead


def test_what_is_told_to_be_written_can_be_written() -> None:
    for text in (
        "upvotes>=21",
        "a NOT upvotes>=20",
        'title:"world models"',
        '"G*power"',
        "has:code",
    ):
        parse(text)


def test_an_explanation_shows_the_place_the_reason_and_the_way_out() -> None:
    assert refused("robots AND OR maps").explain().split("\n") == [
        "robots AND OR maps",
        "           ^",
        "OR needs something before it (column 12)",
        "Leave it out, or write a word on both sides: robots OR maps.",
    ]


def test_the_caret_stands_below_wide_and_combined_characters() -> None:
    shown, caret, *_ = refused("世界 e\u0301 &").explain().split("\n")
    assert shown == "世界 e\u0301 &"
    assert caret == " " * 7 + "^"


def test_an_explanation_of_a_long_text_shows_only_the_neighbourhood() -> None:
    shown, caret, *_ = refused("x" * 100_000).explain().split("\n")
    assert len(shown) < 130
    assert shown[0] == shown[-1] == "…"
    assert len(caret) <= len(shown)


def test_an_explanation_never_passes_control_characters_on() -> None:
    assert "\x1b" not in refused("a \x1b[2J").explain()


def test_an_error_survives_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(refused("a OR")))
    assert error.explain() == refused("a OR").explain()


def test_limits_hold_at_their_edges() -> None:
    parse("a" * MAX_LENGTH)
    assert refused("a" * (MAX_LENGTH + 1)).position == MAX_LENGTH + 1
    parse(" OR ".join(["w"] * MAX_TERMS))
    assert "32 words" in refused(" OR ".join(["w"] * (MAX_TERMS + 1))).message
    parse("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH)
    assert refused("(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1)).position == MAX_DEPTH + 1


def test_a_topic_that_grows_beyond_the_limit_when_written_out_is_refused() -> None:
    # The first sign of each word stands for fifteen letters and three spaces.
    grown = " ".join(f"\ufdfa{number}" for number in range(MAX_TERMS))
    assert "written out in full" in refused(grown).message


@pytest.mark.parametrize(
    "text",
    [
        "(" * 20_000,
        "(" * 20_000 + "a" + ")" * 20_000,
        " OR ".join(["a"] * 20_000),
        "NOT " * 20_000 + "a",
        "-" * 20_000 + "a",
        '"' * 20_001,
        "(" * MAX_LENGTH,
        "-(" * (MAX_LENGTH // 2),
        '"' * (MAX_LENGTH - 1),
        "\0" * 20_000,
        "title:" * 20_000,
        "title:" * 85,
        "exact:" * 85 + "a",
        "title:(" * 64,
        "*" * MAX_LENGTH,
        "upvotes>=" + "9" * 500,
        "upvotes>=" * 56,
        "a:" * 250,
        '\\"' * 256,
        '{"' * 256,
    ],
    ids=lambda text: f"{text[:5]!a}…{len(text)}",
)
def test_hostile_text_is_refused_at_once(text: str) -> None:
    started = time.perf_counter()
    refused(text)
    # Milliseconds on any machine; the bound leaves room for a busy one.
    assert time.perf_counter() - started < 0.25


def test_many_nots_cost_nothing() -> None:
    assert parse("NOT " * 126 + "a").canonical == "a"


pieces = st.sampled_from(
    [
        *[
            "AND",
            "OR",
            "NOT",
            "(",
            ")",
            "-",
            '"',
            "“",
            "a",
            "b",
            "c-d",
            "Ä",
            "世界",
            "*",
            ":",
            "^",
            "&",
        ],
        *[
            "bayes*",
            "title:",
            "author:",
            "exact:",
            "upvotes>=20",
            "has:code",
            "has:",
            ">=",
            "{",
            "\\",
        ],
    ]
)
texts = st.lists(st.tuples(pieces, st.sampled_from(["", " "])), max_size=24).map(
    lambda parts: "".join(piece + space for piece, space in parts)
)


@given(texts | st.text(max_size=40))
@example("NOT (a AND (b OR (c AND d))) e")
def test_any_text_is_a_topic_whose_canonical_text_means_itself_or_an_error_with_a_column(
    text: str,
) -> None:
    outcome = read(text)
    if isinstance(outcome, Topic):
        assert parse(outcome.canonical) == outcome
    else:
        assert 1 <= outcome.position <= max(1, len(text))
        assert "\n" not in str(outcome)
        assert outcome.explain().count("\n") == 3


@given(st.lists(st.from_regex("[a-z0-9]{1,9}", fullmatch=True), min_size=1, max_size=7))
def test_plain_words_mean_the_same_however_they_are_set(words: list[str]) -> None:
    # Parentheses, capitals and wide spaces take the way through the grammar.
    assert parse(" ".join(words)) == parse("( " + "  ".join(words).title() + " )")
