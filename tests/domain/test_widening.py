import pytest

from service.domain.topics import Topic, parse
from service.domain.widening import wider


def steps(text: str) -> list[str]:
    return [topic.canonical for topic in wider(parse(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("retrosynthesis", ["retrosynth*"]),
        ("robot", []),
        ("robots", ["robot*"]),
        (
            '"protein folding"',
            ["protein folding", "folding AND protein", "foldi* AND prote*", "foldi* OR prote*"],
        ),
        ("exact:LLM", ["llm"]),
        ("title:LLM", ["llm"]),
        ("title:exact:LLM", ["title:llm", "llm"]),
        ('author:"Yann LeCun"', []),
        ("maps upvotes>=100", ["maps"]),
        ("maps has:code -atlas", ["maps AND NOT atlas"]),
        ("upvotes>=100000", []),
        ("maps OR upvotes>=100000", []),
        ("cats and dogs", ["cats AND dogs", "cats OR dogs"]),
        ("maps not atlas", ["maps AND NOT atlas"]),
        ('"cats and dogs"', ["cats and dogs", "and AND cats AND dogs", "and OR cats OR dogs"]),
        ("世界模型", []),
    ],
)
def test_a_topic_is_widened_step_by_step(text: str, expected: list[str]) -> None:
    assert steps(text) == expected


def test_what_a_topic_excludes_stays_excluded() -> None:
    assert all("NOT" in step for step in steps('"protein folding" NOT survey'))


def test_every_step_is_a_topic_that_means_itself() -> None:
    for text in ('title:"world models" AND upvotes>=5', "exact:a b c OR d e", "cats or dogs not x"):
        topic = parse(text)
        for step in wider(topic):
            assert isinstance(step, Topic)
            assert parse(step.canonical) == step
            assert step != topic
