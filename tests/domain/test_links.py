"""The links of a letter: only ours, whole, for their purpose and in their time."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.keys import Key, KeyRing
from service.domain.links import (
    LIVES,
    BadLink,
    ExpiredLink,
    Grant,
    Purpose,
    delivery_of,
    granted,
    new_token,
    sign,
    token_hash,
    verify,
    web_name,
)

KEY, OTHER = Key(b"k" * 32), Key(b"K" * 32)
KEYS = KeyRing(KEY)
DAY = timedelta(days=1)
MOMENTS = st.integers(946_684_800, 4_102_444_800).map(lambda s: datetime.fromtimestamp(s, UTC))
IDS = st.integers(1, 2**63 - 1)
# What stands in a path: any text that is no path separator.
SIGNS = st.characters(exclude_categories=["Cs"])


@given(IDS, MOMENTS, st.sampled_from(Purpose))
def test_what_was_signed_is_granted_and_the_same_words_give_the_same_link(
    subscriber_id: int, issued_at: datetime, purpose: Purpose
) -> None:
    token = sign(KEY, purpose, subscriber_id, issued_at)
    assert sign(KEY, purpose, subscriber_id, issued_at) == token
    assert verify(KEYS, purpose, token, issued_at) == Grant(subscriber_id, issued_at)
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."), (
        "a link must not need encoding"
    )
    assert len(token) < 120


@given(IDS, MOMENTS, st.data())
def test_any_changed_character_is_refused(
    subscriber_id: int, issued_at: datetime, data: st.DataObject
) -> None:
    token = sign(KEY, Purpose.CONFIRM, subscriber_id, issued_at)
    at = data.draw(st.integers(0, len(token)))
    middle = data.draw(st.text(SIGNS, max_size=3))
    cut = data.draw(st.integers(0, 3))
    changed = token[:at] + middle + token[at + cut :]
    if changed != token:
        with pytest.raises(BadLink):
            verify(KEYS, Purpose.CONFIRM, changed, issued_at)


@given(st.text(SIGNS))
def test_garbage_is_refused_and_breaks_nothing(garbage: str) -> None:
    for purpose in Purpose:
        with pytest.raises(BadLink):
            verify(KEYS, purpose, garbage, datetime.now(UTC))


@given(IDS, MOMENTS)
def test_a_link_opens_nothing_but_its_purpose_and_only_under_its_key(
    subscriber_id: int, issued_at: datetime
) -> None:
    token = sign(KEY, Purpose.CONFIRM, subscriber_id, issued_at)
    with pytest.raises(BadLink):
        verify(KEYS, Purpose.UNDO, token, issued_at)
    with pytest.raises(BadLink):
        verify(KeyRing(OTHER), Purpose.CONFIRM, token, issued_at)


@given(MOMENTS, st.sampled_from([purpose for purpose in Purpose if LIVES[purpose]]))
def test_a_link_dies_the_second_after_its_age(issued_at: datetime, purpose: Purpose) -> None:
    life = LIVES[purpose]
    assert life is not None
    token = sign(KEY, purpose, 7, issued_at)
    verify(KEYS, purpose, token, issued_at + life)
    with pytest.raises(ExpiredLink) as expired:
        verify(KEYS, purpose, token, issued_at + life + timedelta(seconds=1))
    assert (expired.value.purpose, expired.value.grant.made_for) == (purpose, 7)
    assert granted(KEYS, purpose, token) == Grant(7, issued_at)


def test_a_link_to_preferences_never_dies_and_one_to_an_account_soon() -> None:
    assert LIVES[Purpose.PREFERENCES] is None
    assert LIVES[Purpose.ACCOUNT] == timedelta(minutes=30)


def test_an_aged_link_that_was_changed_too_is_only_bad() -> None:
    issued_at = datetime(2026, 8, 21, tzinfo=UTC)
    token = sign(KEY, Purpose.UNDO, 7, issued_at)
    with pytest.raises(BadLink):
        verify(KEYS, Purpose.UNDO, token + "x", issued_at + 99 * DAY)


def test_tokens_are_random_and_kept_only_as_hashes() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) == 32 and int(token, 16) >= 0 for token in tokens)
    assert token_hash("a") == token_hash("a") != token_hash("b")
    assert len(token_hash("")) == 64


@given(st.integers(0, 2**63 - 1))
def test_the_name_of_a_web_copy_leads_to_its_delivery(delivery_id: int) -> None:
    name = web_name(KEY, delivery_id)
    assert delivery_of(KEYS, name) == delivery_id
    assert re.fullmatch(r"[A-Za-z0-9_-]{36}", name)
    with pytest.raises(BadLink):
        delivery_of(KeyRing(OTHER), name)


@given(st.integers(0, 2**63 - 1), st.integers(0, 35), st.sampled_from("AZaz09_-"))
def test_a_changed_name_of_a_web_copy_leads_nowhere(
    delivery_id: int, place: int, sign: str
) -> None:
    name = web_name(KEY, delivery_id)
    changed = name[:place] + sign + name[place + 1 :]
    if changed != name:
        with pytest.raises(BadLink):
            delivery_of(KEYS, changed)


@given(st.text())
def test_garbage_is_no_name_of_a_web_copy(garbage: str) -> None:
    with pytest.raises(BadLink):
        delivery_of(KEYS, garbage)
