"""The sender with a real server and a real ledger: whose fault it was, and what comes of it."""

from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTPUTF8
from pathlib import Path
from threading import Event

import pytest
from peers.newsroom import FRIDAY_NOON, statuses, subscribe, watermark
from peers.sending import (
    address,
    charged,
    crowd,
    deliver,
    letter,
    planned,
    queue_letters,
)
from peers.signatures import holds
from peers.smtp import Peer, Visit, cut, reply

from service import pipeline
from service.domain.policy import Result, Status
from service.installation import Installation
from service.mail.dkim import new_key
from service.store import letters, subscribers, suppressions
from service.store.letters import Which

OpenWith = Callable[..., Installation]
SOON = timedelta(minutes=7)
pytestmark = pytest.mark.usefixtures("either_way")

# What the server does wrong is judged the same on either database.
one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_every_reader_gets_one_letter_over_the_connections_there_are(open_with: OpenWith) -> None:
    names = crowd(20)
    with planned(open_with, *names, connections=3) as (installation, peer):
        delivered = deliver(installation)
        again = deliver(installation)
    assert delivered.results == {Result.ACCEPTED: 20}
    assert again.results.total() == 0
    assert sorted(taken.recipient for taken in peer.taken) == sorted(map(address, names))
    assert peer.connections == 3
    assert statuses(installation) == {"sent": 20}
    ada = letter(installation, "reader1")
    assert (ada.reply_code, ada.reply, ada.attempts) == (250, "2.0.0 Taken", 1)
    (taken,) = peer.copies(address("reader1"))
    assert taken.sender == f"paperround+b-{ada.token.hex()}@localhost"


def test_progress_counts_the_letters_tried_whatever_came_of_them(open_with: OpenWith) -> None:
    told: list[tuple[int, int]] = []
    with planned(open_with, "Ada", "Bob", "Grace") as (installation, peer):
        peer.on("rcpt", reply("550 5.1.1 Nobody here"), recipient=address("Bob"))
        pipeline.deliver(
            installation, lambda: FRIDAY_NOON, Event(), lambda done, due: told.append((done, due))
        )
    assert told == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("said", ["450 4.2.1 Greylisted", "452 4.2.2 Full", "552 5.2.2 Full"])
def test_a_temporary_refusal_is_charged_once_and_tried_again_later(
    open_with: OpenWith, said: str
) -> None:
    with planned(open_with, "Ada", "Bob") as (installation, peer):
        peer.on("rcpt", reply(said), recipient=address("Ada"), times=1)
        delivered = deliver(installation)
        ada = letter(installation, "Ada")
        assert (ada.status, ada.attempts, ada.worker_id) == (Status.QUEUED, 1, None)
        assert (ada.reply_code, ada.reply) == (int(said[:3]), said[4:])
        wait = ada.next_attempt_at - FRIDAY_NOON
        assert timedelta(minutes=5) <= wait <= timedelta(minutes=6)
        assert delivered.results == {Result.DEFERRED: 1, Result.ACCEPTED: 1}
        assert delivered.halted is None
        too_soon = deliver(installation, after=timedelta(minutes=4))
        assert too_soon.results.total() == 0
        assert deliver(installation, after=SOON).results == {Result.ACCEPTED: 1}
    assert sorted(taken.recipient for taken in peer.taken) == [address("Ada"), address("Bob")]
    assert letter(installation, "Ada").attempts == 2


def test_a_refused_reader_is_done_with_and_their_papers_are_offered_again(
    open_with: OpenWith,
) -> None:
    with planned(open_with, "Ada", "Bob") as (installation, peer):
        peer.on("rcpt", reply("550 5.1.1 Nobody here"), recipient=address("Ada"))
        delivered = deliver(installation)
        assert deliver(installation, after=SOON).results.total() == 0
    assert delivered.results == {Result.REFUSED: 1, Result.ACCEPTED: 1}
    ada, bob = letter(installation, "Ada"), letter(installation, "Bob")
    assert (ada.status, ada.attempts, ada.reply_code) == (Status.FAILED, 1, 550)
    assert ada.settled_at == FRIDAY_NOON
    assert watermark(installation, ada.subscriber_id) == ada.seq_from < ada.seq_to
    assert watermark(installation, bob.subscriber_id) == bob.seq_to


def test_a_letter_refused_after_its_body_keeps_its_papers(open_with: OpenWith) -> None:
    with planned(open_with, "Ada") as (installation, peer):
        peer.on("dot", reply("554 5.7.1 Not wanted"))
        deliver(installation)
    ada = letter(installation, "Ada")
    assert (ada.status, ada.reply) == (Status.FAILED, "5.7.1 Not wanted")
    assert watermark(installation, ada.subscriber_id) == ada.seq_to


@one_database
@pytest.mark.parametrize("step", ["connect", "mail", "data"])
@pytest.mark.parametrize("how", [reply("421 4.3.2 Closing"), cut], ids=["421", "cut"])
def test_when_the_server_closes_one_connection_the_others_take_over_and_nobody_is_charged(
    open_with: OpenWith, step: str, how: Callable[[Visit], bytes | None]
) -> None:
    with planned(open_with, *crowd(12), connections=3) as (installation, peer):
        peer.on(step, how, connection=1)
        delivered = deliver(installation)
        assert delivered.halted is None
        assert set(delivered.results) == {Result.ACCEPTED}
        # One that the server choked on waits, so that it cannot block those behind it.
        left = statuses(installation).get("queued", 0)
        assert left <= 1
        assert charged(installation) == delivered.results.total()
        peer.forgive()
        deliver(installation, after=SOON)
    assert statuses(installation) == {"sent": 12}
    assert len({taken.recipient for taken in peer.taken}) == len(peer.taken) == 12
    assert charged(installation) == 12


@pytest.mark.parametrize("how", [reply("421 4.3.2 Closing"), cut], ids=["421", "cut"])
def test_when_no_connection_is_left_the_run_halts_and_nobody_is_charged(
    open_with: OpenWith, how: Callable[[Visit], bytes | None]
) -> None:
    with Peer(offers_auth=True) as peer:
        installation = open_with(
            smtp_url=peer.url.replace("//", "//paperround:sesame@"), smtp_connections=2
        )
        queue_letters(installation, *crowd(4))
        for minutes, step in enumerate(("connect", "ehlo", "auth", "mail", "rcpt", "data")):
            peer.on(step, how)
            delivered = deliver(installation, after=timedelta(minutes=7 * minutes))
            stage = {"ehlo": "greeting"}.get(step, step)
            assert f"127.0.0.1:{peer.port} fails at {stage}" in (delivered.halted or "")
            assert "sesame" not in (delivered.halted or "")
            assert (delivered.results.total(), charged(installation)) == (0, 0)
            assert statuses(installation) == {"queued": 4}
            peer.forgive()
        assert deliver(installation, after=timedelta(hours=1)).results == {Result.ACCEPTED: 4}


def test_421_at_the_dot_ends_that_connection_and_the_run_when_none_is_left(
    open_with: OpenWith,
) -> None:
    with planned(open_with, *crowd(6), connections=2) as (installation, peer):
        peer.on("dot", reply("421 4.3.2 Closing"))
        delivered = deliver(installation)
        assert delivered.halted is not None
        assert "421 4.3.2 Closing" in delivered.halted
        assert statuses(installation) == {"queued": 6}
        assert len(peer.whole) == peer.connections == 2, "no letter is wasted on a server that ends"
        peer.forgive()
        assert deliver(installation, after=SOON).results == {Result.ACCEPTED: 6}


@one_database
@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("connect", "554 5.7.1 Go away"),
        ("ehlo", "550 5.7.1 Your name is not known"),
        ("auth", "535 5.7.8 Wrong password"),
        ("mail", "550 5.7.1 Not from you"),
    ],
)
def test_a_server_that_refuses_us_halts_the_run_in_its_own_words(
    open_with: OpenWith, step: str, said: str
) -> None:
    with Peer(offers_auth=True) as peer:
        installation = open_with(
            smtp_url=peer.url.replace("//", "//paperround:sesame@"), smtp_connections=2
        )
        queue_letters(installation, "Ada", "Bob", "Grace")
        peer.on(step, reply(said))
        delivered = deliver(installation)
        stage = "greeting" if step == "ehlo" else step
        halted = delivered.halted or ""
        assert halted.startswith(f"the SMTP server 127.0.0.1:{peer.port} fails at {stage}: ")
        assert said in halted
        assert charged(installation) == 0
        assert statuses(installation) == {"queued": 3}
        for name in ("Ada", "Bob", "Grace"):
            assert letter(installation, name).next_attempt_at == FRIDAY_NOON, "at once, when mended"


def test_letters_wait_for_a_server_that_is_down_and_go_at_once_when_it_is_up(
    open_with: OpenWith,
) -> None:
    with Peer() as down:
        pass
    installation = open_with(smtp_url=down.url)
    queue_letters(installation, "Ada", "Bob", "Grace")
    halted = deliver(installation).halted or ""
    assert f"127.0.0.1:{down.port} fails at connect" in halted
    assert statuses(installation) == {"queued": 3}
    with Peer() as up:
        moved = open_with(smtp_url=up.url)
        assert deliver(moved).results == {Result.ACCEPTED: 3}
    assert charged(installation) == 3


def test_a_server_may_limit_the_letters_of_one_connection(open_with: OpenWith) -> None:
    carried: dict[int, int] = {}

    def at_most_two(visit: Visit) -> bytes | None:
        carried[visit.number] = carried.get(visit.number, 0) + 1
        return b"421 4.7.0 Too many letters\r\n" if carried[visit.number] > 2 else None

    with planned(open_with, *crowd(9), connections=2) as (installation, peer):
        peer.on("mail", at_most_two)
        delivered = deliver(installation)
    assert delivered.halted is None
    assert statuses(installation) == {"sent": 9}
    assert charged(installation) == 9
    assert max(carried.values()) == 3


@one_database
def test_a_letter_tried_again_is_signed_to_the_byte_as_before(
    open_with: OpenWith, tmp_path: Path
) -> None:
    (tmp_path / "key.pem").write_bytes(new_key("rsa"))
    signing = {
        "dkim_domain": "example.org",
        "dkim_selector": "august",
        "dkim_key_file": str(tmp_path / "key.pem"),
    }
    with planned(open_with, *crowd(7), connections=3, **signing) as (installation, peer):
        peer.on("dot", reply("451 4.3.0 Later"))
        deliver(installation)
        peer.forgive()
        deliver(installation, after=SOON)
    first, again = peer.whole[:7], peer.taken
    assert len(first) == len(again) == 7
    assert {t.recipient: t.letter for t in first} == {t.recipient: t.letter for t in again}
    assert installation.signer is not None
    assert all(holds(taken.letter, installation.signer) for taken in again)


ZOE = "zoë@bücher.example"
ZOE_ON_THE_WIRE = "zoë@xn--bcher-kva.example"


def test_an_address_in_other_letters_goes_out_where_the_server_takes_it(
    open_with: OpenWith,
) -> None:
    with Peer(offers_smtputf8=True) as peer:
        installation = open_with(smtp_url=peer.url, smtp_connections=1)
        subscribe(installation, ZOE)
        queue_letters(installation, "Ada", others=1)
        assert deliver(installation).results == {Result.ACCEPTED: 2}
    (taken,) = peer.copies(ZOE_ON_THE_WIRE)
    message = BytesParser(EmailMessage, policy=SMTPUTF8).parsebytes(taken.letter)
    assert message["To"] == ZOE_ON_THE_WIRE
    assert not message.defects
    said = [line for _, line in peer.lines if line.startswith(b"MAIL")]
    assert sorted(line.partition(b">")[2] for line in said) == [
        b"\r\n",
        b" SMTPUTF8 BODY=8BITMIME\r\n",
    ]


def test_where_the_server_cannot_take_it_only_that_letter_fails_and_says_why(
    open_with: OpenWith,
) -> None:
    with Peer() as peer:
        installation = open_with(smtp_url=peer.url, smtp_connections=1)
        subscriber_id = subscribe(installation, ZOE)
        queue_letters(installation, "Ada", "Bob", others=1)
        delivered = deliver(installation)
        assert deliver(installation, after=SOON).results.total() == 0
    assert delivered.results == {Result.REFUSED: 1, Result.ACCEPTED: 2}
    assert delivered.halted is None
    assert statuses(installation) == {"failed": 1, "sent": 2}
    assert not any(b"zo" in line for _, line in peer.lines)
    with installation.database.read() as connection:
        (row,) = letters.newest_first(connection, Which(subscriber_id=subscriber_id), 30)
        assert suppressions.every(connection) == set()
        reader = subscribers.by_id(connection, subscriber_id)
    assert (row.status, row.attempts, row.reply_code) == (Status.FAILED, 1, None)
    assert (row.reply or "").startswith("the SMTP server does not offer SMTPUTF8")
    assert reader is not None
    assert reader.status == "active"
    assert watermark(installation, subscriber_id) == 0, "the papers are offered again"
