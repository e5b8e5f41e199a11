"""A letter bound from its parts: words marked, and every retry the same."""

import email
import email.policy
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from conftest import OpenWith
from peers.newsroom import FRIDAY_NOON, at_work, publish, subscribe
from peers.sending import binder_of

from service import marks, pipeline
from service.domain.deliveries import Claim
from service.domain.papers import Paper
from service.domain.readers import Preferences
from service.installation import Installation
from service.mail import parts
from service.mail.address import parse_address
from service.readers import preferences

LAMP = Paper(
    title="Lamp: World Models for Agents",
    abstract="Much is dark. We present Lamp. Agents need world models and large language models.",
    authors=("Ada Quill",),
    code="https://github.com/example/lamp",
)
FERRY = Paper(
    title="Ferry",
    abstract=(
        "One two three four five six seven robots eight nine ten eleven twelve thirteen. "
        "We present Ferry. It floats."
    ),
)


def claims_of(installation: Installation) -> list[Claim]:
    pipeline.plan(installation, FRIDAY_NOON, everyone=True)
    with at_work(installation, FRIDAY_NOON) as ledger:
        return ledger.claim(100, FRIDAY_NOON)


def bodies(letter: bytes) -> tuple[str, str]:
    message = email.message_from_bytes(letter, policy=email.policy.default)
    assert isinstance(message, email.message.EmailMessage)
    text, html = message.iter_parts()
    return text.get_content().replace("\r\n", "\n"), html.get_content()


def test_a_letter_bound_again_is_the_same_whatever_its_reader_changed_meanwhile(
    installation: Installation,
) -> None:
    publish(installation, FRIDAY_NOON, LAMP)
    subscribe(installation, "ada@example.org", "agents")
    (claim,) = claims_of(installation)
    letter = binder_of(installation).bind(claim)
    text, html = bodies(letter)
    (change,) = set(re.findall(r"Change topics: (\S+)", text))
    assert text.count(f"Pause a week: {change}/pause\n") == 2
    assert html.count(f'href="{change}"') == html.count(f'href="{change}/pause"') == 2
    preferences.change(
        installation,
        parse_address("ada@example.org"),
        lambda reader: replace(reader, wishes=(), preferences=Preferences("Asia/Tokyo")),
        FRIDAY_NOON + timedelta(hours=1),
    )
    assert binder_of(installation).bind(claim) == letter


@pytest.mark.parametrize(
    ("topics", "text_says", "html_says"),
    [
        (["LLM"], "Because: LLM (as “large language models”)\n", "LLM</bdi> (as “large language"),
        (["LLM", "lamp"], "Because: lamp, LLM\n", "LLM</bdi></p>"),
        (["large language model"], "Because: large language model\n", "model</bdi></p>"),
        (
            ["The many large models of language = LLM"],
            "Because: The many large models of language\n     (as “large language models”)\n",
            "of language</bdi> (as “large language",
        ),
    ],
)
def test_a_paper_that_came_for_one_topic_alone_tells_in_which_other_spelling_it_has_it(
    installation: Installation, topics: list[str], text_says: str, html_says: str
) -> None:
    publish(installation, FRIDAY_NOON, LAMP)
    subscribe(installation, "ada@example.org", *topics)
    text, html = bodies(binder_of(installation).bind(*claims_of(installation)))
    assert text_says in text
    assert html_says in html


def marked(html: str) -> list[str]:
    return re.findall(r'<b class="m"[^>]*>([^<]*)</b>', html)


@pytest.mark.parametrize(
    ("topic", "words"),
    [
        ("world models", ["World Models"]),
        ("models world", ["World", "Models"]),
        ("agent", ["Agents"]),
        ("agents OR lamp OR world OR models", ["Lamp", "World", "Models"]),
        ("presents", ["present"]),
        ("title:agents NOT robots", ["Agents"]),
        ("LLM", ["large language models"]),
        ('author:"Ada Quill"', []),
        ("has:code", []),
    ],
)
def test_a_card_marks_what_its_topic_found(
    installation: Installation, topic: str, words: list[str]
) -> None:
    publish(installation, FRIDAY_NOON, LAMP)
    subscribe(installation, "ada@example.org", topic)
    (claim,) = claims_of(installation)
    _, html = bodies(binder_of(installation).bind(claim))
    assert marked(html) == words


def test_what_only_the_abstract_says_is_quoted(installation: Installation) -> None:
    publish(installation, FRIDAY_NOON, FERRY, LAMP)
    subscribe(installation, "ada@example.org", "robots OR lamp")
    (claim,) = claims_of(installation)
    text, html = bodies(binder_of(installation).bind(claim))
    said = " ".join(text.split())
    assert "In the abstract: “… two three four five six seven robots eight nine ten eleven" in said
    assert all(len(line) <= 72 or "http" in line for line in text.splitlines())
    assert 'seven <b class="m"' in html
    assert marked(html) == ["Lamp", "robots"]


def test_a_letters_only_card_may_say_more(installation: Installation) -> None:
    long = "We present Barge. " + "It carries a heavy load of words. " * 30
    publish(installation, FRIDAY_NOON, Paper(title="Barge", abstract=long))
    subscribe(installation, "ada@example.org", "barge")
    (claim,) = claims_of(installation)
    text, _ = bodies(binder_of(installation).bind(claim))
    assert " ".join(text.split()).count("It carries a heavy load of words.") == 20


def test_a_letter_is_the_same_whoever_binds_it_and_however_often(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(installation, FRIDAY_NOON, LAMP, FERRY)
    for topic in ("lamp", "robots", "world models", "ferry OR agents"):
        subscribe(installation, f"{topic[:3]}@example.org", topic, "lamp")
    subscribe(installation, "all@example.org")
    claims = claims_of(installation)
    usual = binder_of(installation)
    first = [usual.bind(claim) for claim in claims]
    assert [usual.bind(claim) for claim in claims] == first
    # A binder that can keep hardly anything at hand begins anew for nearly every card.
    for name in ("FRAMES", "CARDS", "NAMES", "REASONS", "SHOWN"):
        monkeypatch.setattr(parts, f"_{name}_AT_HAND", 2)
    monkeypatch.setattr(marks, "_TOPICS_AT_HAND", 1)
    monkeypatch.setattr(marks, "_CARDS_AT_HAND", 1)
    forgetful = binder_of(installation)
    for _ in range(2):
        assert [forgetful.bind(claim) for claim in claims] == first
    assert len(claims) == 5


@pytest.mark.parametrize("wanted", [True, False])
def test_papers_outside_the_topics_are_listed_where_the_operator_wants_them(
    open_with: OpenWith, wanted: bool
) -> None:
    installation = open_with(trending_section=wanted)
    noticed = [Paper(title=f"Bread {upvotes}", upvotes=upvotes) for upvotes in (9, 10, 40, 20, 30)]
    publish(installation, FRIDAY_NOON, LAMP, *noticed)
    subscribe(installation, "ada@example.org", "lamp")
    (claim,) = claims_of(installation)
    text, _ = bodies(binder_of(installation).bind(claim))
    listed = ["- Bread 40", "- Bread 30", "- Bread 20"] if wanted else []
    assert re.findall("- Bread [0-9]+", text) == listed
    assert ("Trending today, outside your topics" in text) == wanted
