"""Envelopes that go out with the body before them: what each fault means for either letter."""

import threading
from dataclasses import replace

import pytest
from peers.conversation import ADA, BOB, GRACE, LETTER, SHORT, parcel, talk
from peers.smtp import Peer, Reaction, cut, hang, reply

from service.domain.policy import Outcome, Result, Stage
from service.mail.smtp import Session, Span

TAKEN = Outcome(Result.ACCEPTED, Stage.BODY, 250, "2.0.0 Taken")
CLOSING = reply("421 4.3.2 Closing")


async def ada_then_bob(session: Session) -> tuple[Outcome, Outcome | None, bool]:
    """Deliver Ada's letter with Bob's envelope; return what was said, and if the session lasts."""
    assert await session.open() is None
    assert await session.offer(parcel(ADA)) is None
    ada, bob = await session.deliver(LETTER, parcel(BOB))
    return ada, bob, session.connected


def test_a_body_and_the_next_envelope_arrive_in_one_go() -> None:
    seen: list[int] = []
    with Peer() as peer:
        # The server has them all before it says a word of the first.
        peer.on("dot", lambda visit: seen.append(visit.waiting()), recipient=ADA)
        assert talk(peer, ada_then_bob) == (TAKEN, None, True)
    envelope = b"MAIL FROM:<paperround+b-0@example.org>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n"
    assert seen == [len(envelope)]
    assert [taken.recipient for taken in peer.whole] == [ADA], "Bob's body was never sent"


@pytest.mark.parametrize(
    ("step", "stage"), [("mail", Stage.MAIL), ("rcpt", Stage.RCPT), ("data", Stage.DATA)]
)
@pytest.mark.parametrize(("how", "code"), [(cut, None), (CLOSING, 421)])
def test_trouble_with_an_envelope_leaves_the_letter_before_it_as_it_was_answered(
    step: str, stage: Stage, how: Reaction, code: int | None
) -> None:
    with Peer() as peer:
        peer.on("dot", reply("451 4.3.0 Later"))
        # Ada's own envelope is let through.
        peer.on(step, lambda visit: None, times=1)
        peer.on(step, how)
        ada, bob, connected = talk(peer, ada_then_bob)
    assert ada == Outcome(Result.DEFERRED, Stage.BODY, 451, "4.3.0 Later")
    assert bob is not None
    assert (bob.stage, bob.code, bob.concerns_route) == (stage, code, True)
    assert not connected


@pytest.mark.parametrize("step", ["body", "dot"])
def test_a_connection_lost_at_the_dot_is_nothing_for_the_letter_behind(step: str) -> None:
    with Peer() as peer:
        peer.on(step, cut)
        ada, bob, connected = talk(peer, ada_then_bob)
    assert (ada.result, ada.stage, ada.code) == (Result.UNCERTAIN, Stage.BODY, None)
    assert bob is not None
    assert (bob.stage, bob.code, bob.concerns_route) == (Stage.MAIL, None, True)
    assert not connected


def test_a_server_that_closes_at_the_dot_has_not_heard_of_the_letter_behind() -> None:
    with Peer() as peer:
        peer.on("dot", CLOSING)
        ada, bob, connected = talk(peer, ada_then_bob)
    assert (ada.code, ada.concerns_route) == (421, True)
    assert bob is not None
    assert (bob.stage, bob.code) == (Stage.MAIL, None)
    assert not connected
    assert len(peer.whole) == 1


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
def test_silence_about_an_envelope_ends_after_its_own_time_out(step: str) -> None:
    with Peer() as peer:
        peer.on(step, lambda visit: None, times=1)
        peer.on(step, hang(threading.Event()))
        quick = replace(SHORT, command=0.1, data=0.1)
        ada, bob, connected = talk(peer, ada_then_bob, timeouts=quick)
    assert ada == TAKEN
    assert bob is not None
    assert (bob.stage, bob.code) == (Stage(step), None)
    assert "timed out" in bob.text
    assert not connected


@pytest.mark.parametrize("said", ["550 5.1.1 Nobody here", "450 4.2.1 Come back later"])
def test_after_a_refused_envelope_the_next_one_follows_on_the_same_connection(said: str) -> None:
    async def grace_too(session: Session) -> list[Outcome | None]:
        ada, bob, connected = await ada_then_bob(session)
        assert connected
        return [ada, bob, await session.offer(parcel(GRACE)), *await session.deliver(LETTER)]

    with Peer() as peer:
        peer.on("rcpt", reply(said), recipient=BOB)
        ada, bob, offered, grace, _ = talk(peer, grace_too)
    assert (ada, offered, grace) == (TAKEN, None, TAKEN)
    assert bob is not None
    assert (bob.stage, bob.code, bob.text) == (Stage.RCPT, int(said[:3]), said[4:])
    assert [taken.recipient for taken in peer.whole] == [ADA, GRACE]
    assert peer.connections == 1
    assert (1, b"RSET\r\n") in peer.lines


def test_a_server_that_wants_a_body_for_nobody_gets_none() -> None:
    with Peer() as peer:
        peer.on("rcpt", reply("550 5.1.1 Nobody here"), recipient=BOB)
        peer.on("data", reply("354 Go on"), recipient=BOB)
        ada, bob, connected = talk(peer, ada_then_bob)
    assert ada == TAKEN
    assert bob == Outcome(Result.REFUSED, Stage.RCPT, 550, "5.1.1 Nobody here")
    assert not connected, "a lone dot would deliver an empty letter"
    assert [taken.recipient for taken in peer.whole] == [ADA]


@pytest.mark.parametrize("last", [cut, CLOSING])
def test_a_refused_recipient_stays_refused_although_the_connection_ends(last: Reaction) -> None:
    with Peer() as peer:
        peer.on("rcpt", reply("550 5.1.1 Nobody here"), recipient=BOB)
        peer.on("data", last, recipient=BOB)
        _, bob, connected = talk(peer, ada_then_bob)
    assert bob == Outcome(Result.REFUSED, Stage.RCPT, 550, "5.1.1 Nobody here")
    assert not connected


def test_a_server_that_refuses_us_at_mail_is_left_at_once() -> None:
    with Peer() as peer:
        peer.on("mail", lambda visit: None, times=1)
        peer.on("mail", reply("550 5.7.1 Not from you"))
        ada, bob, connected = talk(peer, ada_then_bob)
    assert ada == TAKEN
    assert bob == Outcome(Result.REFUSED, Stage.MAIL, 550, "5.7.1 Not from you")
    assert bob.concerns_route
    assert not connected


@pytest.mark.usefixtures("either_way")
def test_a_letter_the_server_finds_too_large_is_refused_and_the_next_goes_out() -> None:
    async def two(session: Session) -> list[Outcome | None]:
        said = [await session.open(), await session.offer(parcel(ADA))]
        return [*said, await session.offer(parcel(BOB)), *await session.deliver(LETTER)]

    with Peer(size=0) as peer:
        peer.on("mail", reply("552 5.3.4 Too large"), times=1)
        _, ada, bob, taken, _ = talk(peer, two)
    assert ada == Outcome(Result.REFUSED, Stage.MAIL, 552, "5.3.4 Too large")
    assert not ada.concerns_route, "the route is good for smaller letters"
    assert (bob, taken) == (None, TAKEN)
    assert peer.lines[1][1].endswith(b"> SIZE=%d\r\n" % len(LETTER))


@pytest.mark.usefixtures("either_way")
def test_a_letter_over_the_size_that_the_server_takes_is_not_offered() -> None:
    large = LETTER + b"And so on.\r\n" * 10

    async def three(session: Session) -> list[Outcome | None]:
        said = [await session.open(), await session.offer(parcel(BOB, large))]
        said += [await session.offer(parcel(ADA))]
        said += await session.deliver(LETTER, parcel(GRACE, large))
        return said

    with Peer(size=100) as peer:
        _, bob, ada, taken, grace = talk(peer, three)
    assert (ada, taken) == (None, TAKEN)
    for refused in (bob, grace):
        assert refused is not None
        assert (refused.result, refused.code) == (Result.REFUSED, None)
        assert f"{len(large)} octets; the server takes 100" in refused.text
        assert not refused.concerns_route
    assert sum(line.startswith(b"MAIL") for _, line in peer.lines) == 1


def test_a_server_that_takes_no_more_in_mid_letter_leaves_it_uncertain() -> None:
    released = threading.Event()
    large = LETTER + b"And so on, and so on, and so on, and so on, and so on.\r\n" * 200_000

    async def hold(session: Session) -> Outcome:
        assert await session.open() is None
        assert await session.offer(parcel(ADA)) is None
        outcome, _ = await session.deliver(large)
        return outcome

    with Peer() as peer:
        peer.on("body", hang(released))
        outcome = talk(peer, hold, timeouts=replace(SHORT, block=0.1, dot=60))
    assert (outcome.result, outcome.code) == (Result.UNCERTAIN, None)
    assert "takes no more of what is sent" in outcome.text
    assert peer.whole == []


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("span", [Span(letters=2), Span(seconds=1e-9)])
def test_a_connection_is_given_no_letter_more_than_its_span(span: Span) -> None:
    async def lasts(session: Session) -> list[bool]:
        assert await session.open() is None
        found = [session.lasts]
        for recipient in (ADA, BOB):
            assert await session.offer(parcel(recipient)) is None
            await session.deliver(LETTER)
            found.append(session.lasts)
        assert await session.open() is None
        return [*found, session.lasts]

    with Peer() as peer:
        found = talk(peer, lasts, span=span)
    assert found == ([True, True, False, True] if span.letters == 2 else [False] * 4)
    assert peer.connections == 2
    assert (1, b"QUIT\r\n") in peer.lines
