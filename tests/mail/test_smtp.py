"""One SMTP connection against a real server that behaves, and one that does not."""

import threading
from dataclasses import replace
from unicodedata import category

import pytest
from peers.conversation import (
    ADA,
    BOB,
    GRACE,
    LETTER,
    SENDER,
    SHORT,
    one_letter,
    parcel,
    talk,
    trouble_of,
)
from peers.smtp import Peer, Reaction, cut, hang, raw, reply

from service.domain.policy import Outcome, Result, Stage
from service.mail.smtp import Session, Timeouts

pytestmark = pytest.mark.usefixtures("either_way")


def fault_of(peer: Peer) -> Outcome:
    """Offer a letter that is not taken; return what was said, of it or of us."""
    outcome = talk(peer, one_letter)
    assert outcome.stage is not Stage.BODY, "the letter was taken"
    return outcome


def test_letters_go_out_one_behind_another_on_one_connection() -> None:
    async def three(session: Session) -> list[Outcome | None]:
        said = [await session.open(), await session.offer(parcel(ADA))]
        said += await session.deliver(LETTER, parcel(BOB))
        said += await session.deliver(LETTER, parcel(GRACE))
        said += await session.deliver(LETTER)
        return said

    with Peer() as peer:
        said = talk(peer, three)
    taken = Outcome(Result.ACCEPTED, Stage.BODY, 250, "2.0.0 Taken")
    assert said == [None, None, taken, None, taken, None, taken, None]
    assert peer.connections == 1
    assert [taken.recipient for taken in peer.taken] == [ADA, BOB, GRACE]
    assert {(taken.sender, taken.letter) for taken in peer.taken} == {(SENDER, LETTER)}
    assert peer.lines[-1] == (1, b"QUIT\r\n")


@pytest.mark.parametrize(
    ("step", "said", "stage", "result"),
    [
        ("rcpt", "450 4.2.1 Come back later", Stage.RCPT, Result.DEFERRED),
        ("rcpt", "452 4.2.2 Over quota", Stage.RCPT, Result.DEFERRED),
        ("rcpt", "552 5.2.2 Over quota", Stage.RCPT, Result.DEFERRED),
        ("rcpt", "550 5.1.1 Nobody here", Stage.RCPT, Result.REFUSED),
        ("data", "451 4.3.0 Not now", Stage.DATA, Result.DEFERRED),
        ("data", "554 5.5.1 No valid recipients", Stage.DATA, Result.REFUSED),
    ],
)
def test_a_refused_envelope_leaves_the_connection_good_for_the_next_letter(
    step: str, said: str, stage: Stage, result: Result
) -> None:
    async def refused_then_next(session: Session) -> tuple[Outcome | None, Outcome]:
        assert await session.open() is None
        refused = await session.offer(parcel(ADA))
        assert await session.offer(parcel(BOB)) is None
        return refused, (await session.deliver(LETTER))[0]

    with Peer() as peer:
        peer.on(step, reply(said), recipient=ADA)
        refused, taken = talk(peer, refused_then_next)
    assert refused == Outcome(result, stage, int(said[:3]), said[4:])
    assert taken.result is Result.ACCEPTED
    assert peer.connections == 1
    assert [taken.recipient for taken in peer.taken] == [BOB]


@pytest.mark.parametrize("after", [cut, reply("421 4.3.2 Closing"), reply("502 5.5.1 What?")])
def test_where_the_server_cannot_begin_anew_after_a_refusal_the_next_letter_has_not_begun(
    after: Reaction,
) -> None:
    async def refused(session: Session) -> list[Outcome | None]:
        said = [await session.open(), await session.offer(parcel(ADA))]
        return [*said, await session.offer(parcel(BOB))]

    with Peer() as peer:
        peer.on("rcpt", reply("550 5.1.1 Nobody here"), recipient=ADA)
        peer.on("rset", after)
        _, ada, bob = talk(peer, refused)
    assert ada == Outcome(Result.REFUSED, Stage.RCPT, 550, "5.1.1 Nobody here")
    assert bob is not None
    assert bob.concerns_route
    assert bob.stage is Stage.MAIL
    assert peer.whole == []


@pytest.mark.parametrize(
    ("said", "result"),
    [
        ("250 2.0.0 Taken", Result.ACCEPTED),
        ("200 Fine", Result.ACCEPTED),
        ("451 4.3.0 Try again", Result.DEFERRED),
        ("552 5.3.4 Too big", Result.REFUSED),
        ("554 5.7.1 Not wanted", Result.REFUSED),
        ("421 4.3.2 Closing", Result.DEFERRED),
        ("354 Go on", Result.DEFERRED),
    ],
)
def test_the_reply_to_the_dot_is_judged_by_its_first_digit(said: str, result: Result) -> None:
    with Peer() as peer:
        peer.on("dot", reply(said))
        outcome = talk(peer, one_letter)
    assert outcome == Outcome(result, Stage.BODY, int(said[:3]), said[4:])


@pytest.mark.parametrize("step", ["rcpt", "data"])
@pytest.mark.parametrize("said", ["252 Perhaps", "299 Hm"])
def test_no_success_before_the_body_passes_for_a_letter_taken(step: str, said: str) -> None:
    with Peer() as peer:
        peer.on(step, reply(said))
        outcome = fault_of(peer)
    assert outcome.result is Result.DEFERRED
    assert peer.whole == []


def test_a_server_that_says_250_to_data_has_not_taken_a_letter() -> None:
    with Peer() as peer:
        peer.on("data", reply("250 2.0.0 Taken"))
        outcome = fault_of(peer)
    assert outcome.result is Result.DEFERRED
    assert peer.whole == []


@pytest.mark.parametrize(
    ("step", "said", "stage"),
    [
        ("connect", "554 5.7.1 Go away", Stage.CONNECT),
        ("connect", "421 4.3.2 Too busy", Stage.CONNECT),
        ("ehlo", "550 5.7.1 Your name is not known", Stage.GREETING),
        ("ehlo", "421 4.3.2 Too busy", Stage.GREETING),
        ("auth", "535 5.7.8 Wrong password", Stage.AUTH),
        ("auth", "421 4.3.2 Too busy", Stage.AUTH),
        ("mail", "550 5.7.1 Not from you", Stage.MAIL),
        ("mail", "421 4.3.2 Too many letters", Stage.MAIL),
        ("connect", "250 Hello", Stage.CONNECT),
        ("auth", "250 Hello", Stage.AUTH),
        ("mail", "251 Hello", Stage.MAIL),
        ("rcpt", "421 4.3.2 Closing", Stage.RCPT),
        ("data", "421 4.3.2 Closing", Stage.DATA),
    ],
)
def test_trouble_with_the_server_is_told_with_its_step_and_words(
    step: str, said: str, stage: Stage
) -> None:
    with Peer(offers_auth=True) as peer:
        peer.on(step, reply(said))
        outcome = trouble_of(peer, user=True)
    assert (outcome.stage, outcome.code) == (stage, int(said[:3]))
    assert said[4:] in outcome.text
    assert outcome.concerns_route
    assert peer.whole == []


@pytest.mark.parametrize(
    ("step", "stage"),
    [
        ("connect", Stage.CONNECT),
        ("ehlo", Stage.GREETING),
        ("auth", Stage.AUTH),
        ("mail", Stage.MAIL),
        ("rcpt", Stage.RCPT),
        ("data", Stage.DATA),
    ],
)
def test_a_connection_lost_before_the_body_is_trouble_at_that_step(step: str, stage: Stage) -> None:
    with Peer(offers_auth=True) as peer:
        peer.on(step, cut)
        outcome = trouble_of(peer, user=True)
    assert (outcome.result, outcome.stage, outcome.code) == (Result.DEFERRED, stage, None)
    assert outcome.text


@pytest.mark.parametrize("step", ["body", "dot"])
def test_a_connection_lost_after_the_body_began_leaves_the_letter_uncertain(step: str) -> None:
    with Peer() as peer:
        peer.on(step, cut)
        outcome = talk(peer, one_letter)
    assert (outcome.result, outcome.stage, outcome.code) == (
        Result.UNCERTAIN,
        Stage.BODY,
        None,
    )
    assert peer.taken == []


@pytest.mark.parametrize("step", ["ehlo", "mail", "rcpt", "data"])
def test_a_silent_server_is_given_up_after_the_time_out(step: str) -> None:
    released = threading.Event()
    with Peer() as peer:
        peer.on(step, hang(released))
        outcome = trouble_of(peer, timeouts=Timeouts(5, 0.1, 0.1, 0.1, 5, 0.1))
    assert (outcome.result, outcome.code) == (Result.DEFERRED, None)
    assert "imed out" in outcome.text


def test_silence_at_the_dot_leaves_the_letter_uncertain_after_the_time_out() -> None:
    async def tell(session: Session) -> tuple[Outcome, bool]:
        outcome = await one_letter(session)
        return outcome, session.connected

    with Peer() as peer:
        peer.on("dot", hang(threading.Event()))
        outcome, connected = talk(peer, tell, timeouts=replace(SHORT, dot=0.1))
    assert outcome.result is Result.UNCERTAIN
    assert "imed out" in outcome.text
    assert not connected, "a late reply would be taken for the next letter's"


@pytest.mark.parametrize(
    "garbage", [b"hello there\r\n", b"\xff\xfe\r\n", b"25\r\n", b"\r\n", b"2" * 40_000 + b"\r\n"]
)
@pytest.mark.parametrize("step", ["connect", "ehlo", "mail", "rcpt", "data"])
def test_garbage_for_a_reply_is_trouble_with_the_server(step: str, garbage: bytes) -> None:
    with Peer() as peer:
        peer.on(step, raw(garbage))
        outcome = fault_of(peer)
    assert outcome.result is Result.DEFERRED
    assert len(outcome.text) <= 500
    assert peer.whole == []


def test_garbage_at_the_dot_leaves_the_letter_uncertain() -> None:
    with Peer() as peer:
        peer.on("dot", raw(b"hello there\r\n"))
        outcome = talk(peer, one_letter)
    assert outcome.result is Result.UNCERTAIN


def test_a_reply_of_several_lines_is_kept_whole() -> None:
    with Peer() as peer:
        peer.on("dot", raw(b"554-5.7.1 Not wanted\r\n554-5.7.1 See our policy\r\n554 Bye\r\n"))
        outcome = talk(peer, one_letter)
    assert outcome.text.split("\n") == ["5.7.1 Not wanted", "5.7.1 See our policy", "Bye"]


@pytest.mark.parametrize("step", ["connect", "mail", "rcpt", "dot"])
def test_what_a_server_says_can_be_stored_and_shown(step: str) -> None:
    words = "".join(chr(number) for number in range(1, 256) if number not in (10, 13))
    said = b"554 5.7.1 Gr\xfc\xdfe \x00\x1b[2J" + words.encode() + b"\r\n"
    with Peer() as peer:
        peer.on(step, raw(said))
        outcome = talk(peer, one_letter) if step == "dot" else fault_of(peer)
    text = outcome.text
    text.encode("utf-8")
    assert not [character for character in text if category(character) in ("Cc", "Cs")]
    assert text.startswith("5.7.1 Gr")


def test_a_long_reply_is_cut() -> None:
    with Peer() as peer:
        peer.on("dot", reply("554 " + "no " * 2000))
        outcome = talk(peer, one_letter)
    assert 400 <= len(outcome.text) <= 500


def test_a_dropped_letter_is_not_delivered() -> None:
    async def drop(session: Session) -> None:
        await session.open()
        assert await session.offer(parcel(ADA)) is None
        session.drop()

    with Peer() as peer:
        talk(peer, drop)
    assert peer.whole == []
    assert [line[:4] for _, line in peer.lines] == [b"EHLO", b"MAIL", b"RCPT", b"DATA"]


def test_a_server_that_offers_no_login_gets_no_letter() -> None:
    with Peer() as peer:
        outcome = trouble_of(peer, user=True)
    assert outcome.stage is Stage.AUTH
    assert not [line for _, line in peer.lines if line.startswith((b"AUTH", b"MAIL"))]


def test_a_port_where_nobody_listens_is_trouble_at_connect() -> None:
    with Peer() as peer:
        pass
    outcome = trouble_of(peer)
    assert (outcome.stage, outcome.code) == (Stage.CONNECT, None)
    assert str(peer.port) in outcome.text
