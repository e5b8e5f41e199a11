"""Damaged files of every format: never a crash, never a hang, an edition or a reason."""

import contextlib
import gc
import gzip
import json
import random
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.papers import Edition, UnreadableFile
from service.sources.formats import FORMATS, parse

# `make torture` asks for ten times as many.
INPUTS = settings().max_examples * 20

ITEM = {
    "paper": {
        "id": "2403.00001v2", "title": "Tides\nof $n^2$ Ämber", "summary": "{\\bf It} <b>is</b>.",
        "authors": [{"name": "Ada Lind"}], "publishedAt": "2024-03-01T09:30:00.000Z", "upvotes": 3,
        "githubRepo": "https://github.com/ada/tides", "ai_keywords": ["tides"],
    },
    "numComments": 1,
}  # fmt: skip
ENTRY = (
    "<title>Tides &amp; <![CDATA[$x$]]></title><link>https://arxiv.org/abs/2403.00001v1</link>"
    "<description>&lt;p&gt;We show it.&lt;/p&gt;</description><category>cs.CL</category>"
    "<pubDate>Tue, 05 Mar 2024 00:00:00 -0500</pubDate>"
)
SEEDS = {
    "hf-daily": [
        json.dumps([ITEM, ITEM], indent=1),
        json.dumps({"date": "2024-03-01", "data": [repr(ITEM), ITEM]}),
    ],
    "json-lines": ['{"title": "Tides", "doi": "10.1/x", "authors": ["Ada"]}\n{"title": "Ebb"}\n'],
    "arxiv-api": [
        '<feed xmlns="http://www.w3.org/2005/Atom"><id>http://arxiv.org/api/x</id><entry><id>'
        "http://arxiv.org/abs/2403.00001v1</id><title>Tides</title><summary>We show $x$.</summary>"
        "<author><name>Ada Lind</name></author></entry></feed>"
    ],
    "arxiv-rss": [
        '<rss version="2.0"><channel><link>http://rss.arxiv.org/rss/cs.CL</link>'
        f"<item>{ENTRY}</item></channel></rss>"
    ],
    "feed": [
        f'<?xml version="1.0"?><rss version="2.0"><channel><item>{ENTRY}</item></channel></rss>'
    ],
    "pages": [
        "Get trending papers in your email inbox!\nSubscribeTides\nWe {bf show} it 2times.\nA\nB"
    ],
}

# Many inputs are made of one example, each of a number: hypothesis takes longer to draw a damage
# than a parser takes to look at it.
AT_ONCE = 20
numbers = st.lists(st.integers(0, 2**64), min_size=AT_ONCE, max_size=AT_ONCE)
PIECES = (b"", b"{", b"}", b'"', b"\\", b"<", b"&#", b"]]>", b"\0", b"[" * 9, b"$\\frac{")


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Cut up to five pieces out, or put some in."""
    for _ in range(chance.randint(0, 5)):
        at = chance.randint(0, len(data))
        length = chance.choice((0, 1, chance.randint(0, 40)))
        instead = chance.choice((chance.choice(PIECES), chance.randbytes(chance.randint(0, 6))))
        data = data[:at] + instead + data[at + length :]
    return data


def check(inputs: Iterable[bytes]) -> None:
    """See what comes of each, and that none takes a second: not even all of them do."""
    # Of thousands of inputs so much is remembered that looking through it takes a second.
    gc.disable()
    try:
        began = time.process_time()
        for data in inputs:
            with contextlib.suppress(UnreadableFile):
                _check(parse(data, "day", max_bytes=1_000_000))
        assert time.process_time() - began < 1
    finally:
        gc.enable()


def _check(edition: Edition) -> None:
    for paper in edition.papers:
        assert paper.title
        for link in (paper.page, paper.pdf, paper.code, paper.project):
            assert link is None or link.startswith("https://")
        "".join([paper.title, paper.abstract, *paper.authors, *paper.keywords]).encode()
    assert all(rejected.position and rejected.reason for rejected in edition.rejected)


def test_every_format_has_its_seeds() -> None:
    assert list(SEEDS) == [known.name for known in FORMATS]
    for name, seeds in SEEDS.items():
        for seed in seeds:
            assert parse(seed.encode(), "day").format == name
            assert parse(seed.encode(), "day").papers


@pytest.mark.parametrize("name", SEEDS)
@settings(max_examples=INPUTS // AT_ONCE)
@given(numbers=numbers)
def test_a_damaged_file_gives_an_edition_or_a_reason(name: str, numbers: list[int]) -> None:
    def damage(number: int) -> bytes:
        chance = random.Random(number)
        found = damaged(chance.choice(SEEDS[name]).encode(), chance)
        return damaged(gzip.compress(found), chance) if chance.random() < 0.1 else found

    check(map(damage, numbers))


@pytest.fixture(scope="module")
def excerpts(corpus: Path) -> list[bytes]:
    """Whole but short digest files, cut out of the real ones."""
    made = []
    for file in sorted(corpus.glob("hf-daily/*.json")):
        day = json.loads(file.read_bytes())
        items = day["data"] if isinstance(day, dict) else day
        cut = {**day, "data": items[:2]} if isinstance(day, dict) else items[:2]
        made.append(json.dumps(cut, ensure_ascii=False).encode())
    for file in sorted(corpus.glob("pages/*.txt")):
        lines = file.read_bytes().splitlines(keepends=True)
        made += [b"".join(lines[:2] + lines[at : at + 8]) for at in range(2, len(lines), 8)]
    return made


@settings(max_examples=INPUTS // AT_ONCE)
@given(numbers=numbers)
def test_a_damaged_real_file_gives_an_edition_or_a_reason(
    excerpts: list[bytes], numbers: list[int]
) -> None:
    def damage(number: int) -> bytes:
        chance = random.Random(number)
        return damaged(chance.choice(excerpts), chance)

    check(map(damage, numbers))
