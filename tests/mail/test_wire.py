"""Replies are matched to commands by their order, in whatever pieces they come."""

import asyncio
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from peers.conversation import ADA, BOB, GRACE, LETTER, parcel, talk
from peers.smtp import Peer, raw, reply

from service.domain.policy import Outcome, Result
from service.mail.smtp import Session
from service.mail.wire import Lost, Replies, Reply

WORDS = st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), max_size=30)
REPLIES = st.lists(
    st.tuples(st.integers(200, 599), st.lists(WORDS, min_size=1, max_size=4)), max_size=8
)


def written(code: int, lines: list[str], end: str) -> str:
    return "".join(
        f"{code}{'-' if number < len(lines) else ' '}{line}{end}"
        for number, line in enumerate(lines, start=1)
    )


@given(REPLIES, st.sampled_from(("\r\n", "\n")), st.data())
def test_replies_are_the_same_in_whatever_pieces_they_come(
    replies: list[tuple[int, list[str]]], end: str, data: st.DataObject
) -> None:
    octets = "".join(written(code, lines, end) for code, lines in replies).encode()
    cuts = data.draw(st.lists(st.integers(0, len(octets)), max_size=12).map(sorted))
    reader, found = Replies(), []
    for start, stop in pairwise((0, *cuts, len(octets))):
        found += reader.cut(octets[start:stop])
    assert [reply.code for reply in found] == [code for code, _ in replies]
    for reply_found, (_, lines) in zip(found, replies, strict=True):
        wanted = [line.encode().strip().decode() for line in lines]
        assert reply_found.text.split("\n") == wanted


@given(st.binary(max_size=200))
def test_whatever_octets_come_they_are_replies_or_the_server_is_not_heard_further(
    octets: bytes,
) -> None:
    with suppress(Lost):
        assert all(200 <= reply.code <= 599 for reply in Replies().cut(octets))


@pytest.mark.parametrize(
    "octets",
    [b"hello\r\n", b"25\r\n", b"\r\n", b"150 Hm\r\n", b"2500 Hm\r\n", b"250-One\r\n251 Two\r\n"],
)
def test_what_is_no_reply_is_not_taken_for_one(octets: bytes) -> None:
    with pytest.raises(Lost):
        Replies().cut(octets)


def test_a_reply_without_end_does_not_fill_the_memory() -> None:
    reader, line = Replies(), b"250-And so on, and so forth, and on\r\n"
    assert reader.cut(line * 100) == []
    with pytest.raises(Lost, match="no end"):
        reader.cut(line * 1000)


def test_a_reply_without_words_is_a_reply() -> None:
    assert Replies().cut(b"250\r\n354 \r\n") == [Reply(250, ""), Reply(354, "")]


async def three_letters(session: Session) -> list[Outcome | None]:
    said = [await session.open(), await session.offer(parcel(ADA))]
    said += await session.deliver(LETTER, parcel(BOB))
    said += await session.deliver(LETTER, parcel(GRACE))
    return [*said, *await session.deliver(LETTER)]


@pytest.mark.parametrize("pieces", [None, 1, 7, 13])
@pytest.mark.parametrize("together", [False, True])
def test_letters_are_taken_however_the_replies_are_cut(pieces: int | None, together: bool) -> None:
    with Peer(pieces=pieces, together=together) as peer:
        for number, recipient in enumerate((ADA, BOB, GRACE)):
            peer.on("dot", raw(b"250-Taken\r\n250 as %d\r\n" % number), recipient=recipient)
        said = talk(peer, three_letters)
    outcomes = [outcome for outcome in said if outcome is not None]
    assert [outcome.result for outcome in outcomes] == [Result.ACCEPTED] * 3
    assert [outcome.text for outcome in outcomes] == [f"Taken\nas {n}" for n in range(3)]
    assert [taken.recipient for taken in peer.taken] == [ADA, BOB, GRACE]


@pytest.mark.parametrize("together", [False, True])
def test_every_letter_has_the_reply_to_its_own_dot(together: bool) -> None:
    with Peer(together=together) as peer:
        peer.on("dot", reply("451 4.3.0 Not this one"), recipient=BOB)
        said = talk(peer, three_letters)
    codes = [outcome.code for outcome in said if outcome is not None]
    assert codes == [250, 451, 250]
    assert [taken.recipient for taken in peer.taken] == [ADA, GRACE]


async def ended(session: Session) -> None:
    while session.connected:  # noqa: ASYNC110
        await asyncio.sleep(0)


@pytest.mark.parametrize("pieces", [None, 1])
def test_a_reply_nobody_asked_for_ends_the_connection_and_takes_no_letter(
    pieces: int | None,
) -> None:
    async def hold(session: Session) -> tuple[list[Outcome | None], bool]:
        said = [await session.open(), await session.offer(parcel(ADA))]
        said += await session.deliver(LETTER, parcel(BOB))
        await asyncio.wait_for(ended(session), 5)
        return said, session.lasts

    with Peer(together=True, pieces=pieces) as peer:
        peer.on("dot", raw(b"250 Taken\r\n250 Taken, I said\r\n"))
        (_, _, ada, bob), lasts = talk(peer, hold)
    assert ada is not None
    assert ada.result is Result.ACCEPTED
    assert bob is not None, "its envelope was answered by the replies to other commands"
    assert not lasts
    assert [taken.recipient for taken in peer.whole] == [ADA]
