from collections.abc import Sequence

import pytest

from service.domain.acronyms import LONG_FORMS, MOST_SPELLINGS, spellings
from service.domain.expression import Near, Term
from service.domain.topics import parse


def ways(text: str) -> list[str]:
    expression = parse(text).expression
    assert isinstance(expression, Term | Near)
    return [str(way) for way in spellings(expression)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("LLM", ["llm", '"large language model"']),
        ("LLMs", ["llms", '"large language model"']),
        ("large language models", ["large language models", "llm"]),
        ('"large language model"', ['"large language model"', "llm"]),
        ("LLM agents", ["llm agents", '"large language model" agents']),
        ("large language model agents", ["large language model agents", "llm agents"]),
        ('"LLM agents"', ['"llm agents"', '"large language model agents"']),
        ("retrieval-augmented generation", ['"retrieval augmented" generation', "rag"]),
        ("mixture of experts", ["mixture of experts", "moe"]),
        ("multimodal large language models", ["multimodal large language models", "mllm"]),
        ("language models", ["language models"]),
        ("exact:LLM", ["exact:llm"]),
        ('exact:"large language models"', ['exact:"large language models"']),
        ("LLM*", ["llm*"]),
        ('"LLM agen*"', ['"llm agen*"', '"large language model agen*"']),
    ],
)
def test_an_acronym_stands_for_its_long_form_and_back(text: str, expected: Sequence[str]) -> None:
    assert ways(text) == expected


def test_a_run_of_many_acronyms_is_looked_for_in_a_bounded_number_of_ways() -> None:
    found = ways("LLM RL RAG VLM GNN NeRF MoE")
    assert len(found) == MOST_SPELLINGS
    assert len(ways('"LLM RL RAG VLM GNN NeRF MoE"')) <= MOST_SPELLINGS


def test_every_line_of_the_list_reads_as_an_acronym_and_its_long_form() -> None:
    lines = [line.split() for line in LONG_FORMS.strip().splitlines()]
    assert [line[0] for line in lines] == sorted((line[0] for line in lines), key=_digits_last)
    assert len({tuple(line) for line in lines}) == len(lines)
    for acronym, *long_form in lines:
        assert acronym == acronym.upper()
        assert len(long_form) > 1
        assert long_form == [word.lower() for word in long_form]
        assert len(ways(acronym)) > 1


def _digits_last(acronym: str) -> tuple[bool, str]:
    return acronym[0].isdigit(), acronym
