"""A packed selection gives back what was packed, and garbage is told from it."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.selection import PickedCard, Selection, pack, unpack

NUMBERS = st.integers(0, 2**63 - 1)
CARDS = st.builds(PickedCard, NUMBERS, st.lists(NUMBERS, max_size=5).map(tuple))
SELECTIONS = st.builds(
    Selection,
    NUMBERS,
    st.lists(CARDS, max_size=50).map(tuple),
    topics=st.integers(0, 50),
    matched=st.integers(0, 10_000),
)


@given(SELECTIONS)
def test_what_was_packed_is_unpacked(selection: Selection) -> None:
    assert unpack(pack(selection)) == selection


@given(SELECTIONS, st.data())
def test_what_was_cut_or_lengthened_is_refused(selection: Selection, data: st.DataObject) -> None:
    packed = pack(selection)
    end = data.draw(st.integers(0, len(packed) - 1))
    with pytest.raises(ValueError, match="packed selection"):
        unpack(packed[:end])
    with pytest.raises(ValueError, match="packed selection"):
        unpack(packed + data.draw(st.binary(min_size=1)))


@given(st.binary())
def test_garbage_is_a_value_error_or_a_selection_and_nothing_else(garbage: bytes) -> None:
    for data in (garbage, b"\x01" + garbage):
        with contextlib.suppress(ValueError):
            assert isinstance(unpack(data), Selection)


def test_a_count_that_promises_more_than_there_is_costs_nothing() -> None:
    endless = b"\x01\x01\x00\x00" + b"\xff" * 9 + b"\x01"
    with pytest.raises(ValueError, match="cut short"):
        unpack(endless)


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(ValueError, match="not a packed selection"):
        unpack(b"\x02" + pack(Selection(1))[1:])


def test_a_usual_digest_takes_about_a_hundred_bytes() -> None:
    cards = tuple(PickedCard(1_000_000 + n, (500_000 + n,)) for n in range(10))
    assert len(pack(Selection(1_000_000, cards, topics=3, matched=40))) < 110


def test_a_selection_names_every_part_it_needs() -> None:
    selection = Selection(1, (PickedCard(2, (3, 4)), PickedCard(5)))
    assert list(selection.part_ids()) == [1, 2, 3, 4, 5]
