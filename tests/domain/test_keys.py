"""Keys take turns, and what was signed before holds for as long as its key is on the ring."""

import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.keys import ID_LENGTH, Key, KeyRing, KeyUse
from service.domain.links import BadLink, Purpose, delivery_of, sign, verify, web_name

OLD, NEW = Key(b"the key of last year, long enough"), Key(b"the key of this year, long enough")
BEFORE, AFTER, GONE = KeyRing(OLD), KeyRing(NEW, (OLD,)), KeyRing(NEW)
NOON = datetime(2026, 8, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@given(st.integers(1, 2**63 - 1), st.sampled_from(Purpose))
def test_a_link_holds_while_its_key_is_on_the_ring(made_for: int, purpose: Purpose) -> None:
    token = sign(BEFORE.current, purpose, made_for, NOON)
    assert token.startswith(f"{OLD.key_id}.")
    assert verify(AFTER, purpose, token, NOON).made_for == made_for
    with pytest.raises(BadLink):
        verify(GONE, purpose, token, NOON)
    # The name of another key makes it no link of that key.
    with pytest.raises(BadLink):
        verify(AFTER, purpose, NEW.key_id + token[ID_LENGTH:], NOON)


@given(st.integers(1, 2**63 - 1))
def test_the_name_of_a_web_copy_holds_as_long(delivery_id: int) -> None:
    name = web_name(OLD, delivery_id)
    assert delivery_of(AFTER, name) == delivery_id
    assert web_name(NEW, delivery_id) != name
    with pytest.raises(BadLink):
        delivery_of(GONE, name)


@given(st.binary(max_size=130), st.lists(st.binary(), min_size=1, max_size=3))
def test_a_digest_is_the_hmac_that_others_compute(secret: bytes, words: list[bytes]) -> None:
    key = Key(secret)
    for said in words:
        assert key.digest(said) == hmac.digest(secret, said, "sha256")


@given(st.binary(min_size=32, max_size=80))
def test_the_name_of_a_key_fits_a_link_and_is_always_the_same(secret: bytes) -> None:
    key_id = Key(secret).key_id
    assert key_id == Key(secret).key_id
    assert len(key_id) == ID_LENGTH
    assert key_id.replace("-", "").replace("_", "").isalnum()


def test_the_key_of_a_letter_is_the_one_that_was_in_use_when_it_was_planned() -> None:
    uses = [KeyUse(OLD.key_id, NOON), KeyUse(NEW.key_id, NOON + DAY)]
    assert AFTER.at(NOON, uses) is AFTER.at(NOON + DAY - timedelta(seconds=1), uses) is OLD
    assert AFTER.at(NOON + DAY, uses) is AFTER.at(NOON + 9 * DAY, uses) is NEW


def test_a_letter_from_before_all_records_has_the_first_key_on_record() -> None:
    uses = [KeyUse(OLD.key_id, NOON), KeyUse(NEW.key_id, NOON + DAY)]
    assert AFTER.at(NOON - DAY, uses) is OLD
    assert AFTER.at(NOON, []) is NEW


def test_where_the_key_of_a_letter_was_taken_off_the_ring_another_signs() -> None:
    uses = [KeyUse(OLD.key_id, NOON), KeyUse(NEW.key_id, NOON + DAY)]
    assert GONE.at(NOON, uses) is NEW
