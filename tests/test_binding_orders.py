"""A letter's bytes depend on its claim alone: not on what was bound before, or beside it."""

import random

import pytest
from peers.newsroom import FRIDAY_NOON, at_work, publish, subscribe
from peers.papers import STRAINING, noticed, usual
from peers.sending import binder_of

from service import marks, pipeline
from service.installation import Installation
from service.mail import parts

TOPICS = (
    *("agents", "coding agents", "world models", "memory", "LLM", '"world models"', "has:code"),
    *("large language model", "title:agents NOT robots", "Robots = robot*", "exact:LLM"),
    *("agents OR knowledge OR readers", "mod* NOT memory", "model AND (world OR memory)"),
)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_in_whatever_order_and_company_it_is_bound_a_letter_is_the_same(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(6)
    publish(installation, FRIDAY_NOON, *usual(30), *STRAINING, *noticed(4))
    for number in range(24):
        topics = chance.sample(TOPICS, chance.randint(0, 5))
        most = chance.choice((1, 2, 10, 40))
        subscribe(installation, f"reader{number}@example.org", *topics, max_papers=most)
    pipeline.plan(installation, FRIDAY_NOON, everyone=True)
    with at_work(installation, FRIDAY_NOON) as ledger:
        claims = ledger.claim(100, FRIDAY_NOON)
    assert len(claims) > 20
    alone = {claim.delivery_id: binder_of(installation).bind(claim) for claim in claims}
    # What is kept at hand is kept for hardly a moment.
    for room in (parts, marks):
        kept = [name for name in vars(room) if name.endswith("_AT_HAND")]
        assert kept
        for name in kept:
            monkeypatch.setattr(room, name, 3)
    binder = binder_of(installation)
    for _ in range(2):
        chance.shuffle(claims)
        left = list(claims)
        while left:
            size = chance.choice((1, 2, 7, 25))
            batch, left = left[:size], left[size:]
            for delivery_id, parcel in binder.wrap(batch).items():
                assert parcel.letter == alone[delivery_id]
            some = chance.choice(claims)
            assert binder.bind(some) == alone[some.delivery_id]
