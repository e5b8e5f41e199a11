"""A packed selection gives back what was packed, and garbage is told from it."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.selection import (
    Selection,
    Unlisted,
    pack,
    pack_catalogue,
    unpack,
    unpack_catalogue,
)

NUMBERS = st.integers(0, 2**63 - 1)
PICKED = st.lists(st.tuples(NUMBERS, st.lists(NUMBERS, max_size=3).map(tuple)), max_size=12).map(
    tuple
)
SELECTIONS = st.builds(
    Selection,
    NUMBERS,
    PICKED,
    PICKED,
    st.lists(NUMBERS, max_size=3).map(tuple),
    topics=st.integers(0, 50),
    matched=st.integers(0, 10_000),
    unlisted=st.none() | st.builds(Unlisted, NUMBERS, st.integers(1, 2**300)),
)


@given(SELECTIONS)
def test_what_was_packed_is_unpacked(selection: Selection) -> None:
    assert unpack(pack(selection)) == selection


@given(st.integers(126, 300), st.data())
def test_a_reader_of_very_many_topics_gets_each_paper_for_its_own(
    topics: int, data: st.DataObject
) -> None:
    names = range(500, 500 + topics)
    some = st.lists(st.sampled_from(names), unique=True).map(tuple)
    cards = (*((part, (name,)) for part, name in enumerate(names)), (3, tuple(names)))
    selection = Selection(1, cards, ((2, data.draw(some)), (9, ())), topics=topics)
    assert unpack(pack(selection)) == selection


@given(SELECTIONS, st.data())
def test_what_was_cut_is_refused_unless_only_papers_that_no_letter_names_were_cut(
    selection: Selection, data: st.DataObject
) -> None:
    packed = pack(selection)
    named = pack(selection._replace(unlisted=None))
    end = data.draw(st.integers(0, len(named) - 1))
    with pytest.raises(ValueError, match="packed selection"):
        unpack(packed[:end])
    with pytest.raises(ValueError, match="packed selection"):
        unpack(packed + b"\0")


@given(st.binary())
def test_garbage_is_a_value_error_or_a_selection_and_nothing_else(garbage: bytes) -> None:
    for data in (garbage, b"\x02" + garbage):
        with contextlib.suppress(ValueError):
            assert isinstance(unpack(data), Selection)


def test_a_count_that_promises_more_than_there_is_costs_nothing() -> None:
    endless = b"\x02\x01\x00\x00\x00" + b"\xff" * 9 + b"\x01"
    with pytest.raises(ValueError, match="cut short"):
        unpack(endless)


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(ValueError, match="not a packed selection"):
        unpack(b"\x01" + pack(Selection(1))[1:])


def test_a_name_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="names no topic of its own"):
        unpack(b"\x02\x01\x00\x00\x00\x01\x02\x01\x00\x00\x00")


def test_a_usual_digest_takes_less_than_a_hundred_bytes_and_a_full_one_less_than_two() -> None:
    frame = 1_000_000
    usual = tuple((frame + 7 * n, (frame + 500 + n % 3,)) for n in range(10))
    assert len(pack(Selection(frame, usual, topics=3, matched=10))) < 60
    full = tuple((frame + 7 * n, (frame + 40_000 + n % 3,)) for n in range(30))
    selection = Selection(
        frame,
        full[:10],
        full[10:],
        (frame + 1, frame + 2, frame + 3),
        topics=3,
        matched=90,
        unlisted=Unlisted(frame + 1, 2**237),
    )
    assert len(pack(selection)) < 190


def test_a_selection_names_every_part_it_needs() -> None:
    selection = Selection(1, ((2, (3, 4)), (5, ())), ((6, (3,)),), (7,))
    assert set(selection.part_ids()) == {1, 2, 3, 4, 5, 6, 7}


@given(st.lists(NUMBERS))
def test_a_catalogue_gives_back_its_papers(paper_ids: list[int]) -> None:
    assert unpack_catalogue(pack_catalogue(paper_ids)) == tuple(paper_ids)


def test_another_part_is_no_catalogue() -> None:
    with pytest.raises(ValueError, match="not a catalogue"):
        unpack_catalogue(b"PR1")
