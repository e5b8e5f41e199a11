"""Processes that are really killed: nobody is missed, and what is repeated is the same letter."""

import itertools
import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from peers.deadline import until
from peers.newsroom import FRIDAY_NOON, publish, statuses
from peers.processes import Command, Delivery, settings_for
from peers.sending import (
    address,
    by_status,
    crowd,
    deliver,
    enlist,
    letter,
    queue_letters,
    uncertain_tries,
)
from peers.smtp import Cut, Peer, Visit
from sqlalchemy import func, select

from service.installation import Installation
from service.store import tables

OpenWith = Callable[..., Installation]
Start = Callable[..., Command]
AT = ("--at", FRIDAY_NOON.isoformat())


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer() as made:
        yield made


@pytest.fixture
def installation(open_with: OpenWith, peer: Peer) -> Installation:
    return open_with(smtp_url=peer.url)


@pytest.fixture
def command(database_url: str, tmp_path: Path, peer: Peer) -> Callable[..., Command]:
    """Start a command on the test's database and server."""

    def start(*arguments: str, connections: int = 1, **values: str) -> Command:
        chosen = settings_for(
            database_url, peer.url, tmp_path, SMTP_CONNECTIONS=str(connections), **values
        )
        return Command(tmp_path, *arguments, settings=chosen)

    return start


def killing(process: list[Command]) -> Callable[[Visit], None]:
    """Kill the sender, and cut its connection as the system does."""

    def react(visit: Visit) -> None:
        process[0].kill()
        raise Cut

    return react


def setting(reached: threading.Event, after: int) -> Callable[[Visit], None]:
    """Set `reached` at the visit that is `after` visits away."""
    visits = itertools.count(1)

    def react(visit: Visit) -> None:
        if next(visits) == after:
            reached.set()

    return react


def hold_to_account(installation: Installation, peer: Peer, names: list[str]) -> None:
    """Nobody was missed; whoever got a letter twice got the same one, and it was on record."""
    taken = Counter(copy.recipient for copy in peer.taken)
    assert set(taken) == set(map(address, names))
    assert statuses(installation) == {"sent": len(names)}
    uncertain = Counter(recipient for recipient, _ in uncertain_tries(installation))
    for recipient, copies in taken.items():
        assert copies <= 1 + uncertain[recipient], f"{recipient}: a repeat that is not on record"
    for recipient in {whole.recipient for whole in peer.whole}:
        letters = {whole.letter for whole in peer.whole if whole.recipient == recipient}
        assert len(letters) == 1, f"{recipient} was sent two different letters"
    assert len({copy.message_id for copy in peer.taken}) == len(names)


def test_killed_before_mail_a_letter_goes_once(
    installation: Installation, peer: Peer, command: Start
) -> None:
    queue_letters(installation, "Ada", "Bob")
    sender: list[Command] = []
    peer.on("ehlo", killing(sender), times=1)
    with command("deliver", *AT) as process:
        sender.append(process)
        assert process.wait() == -signal.SIGKILL
    assert statuses(installation) == {"queued": 2}
    deliver(installation)
    hold_to_account(installation, peer, ["Ada", "Bob"])
    assert len(peer.whole) == 2
    assert uncertain_tries(installation) == []


def test_killed_in_the_body_a_letter_is_sent_again_the_same(
    installation: Installation, peer: Peer, command: Start
) -> None:
    queue_letters(installation, "Ada", "Bob")
    sender: list[Command] = []
    peer.on("body", killing(sender), recipient=address("Bob"), times=1)
    with command("deliver", *AT) as process:
        sender.append(process)
        assert process.wait() == -signal.SIGKILL
    # What is on disk when the process is gone: Ada's letter is settled, Bob's is begun.
    assert statuses(installation) == {"sent": 1, "sending": 1}
    assert by_status(installation, "sent") == [address("Ada")]
    deliver(installation)
    hold_to_account(installation, peer, ["Ada", "Bob"])
    assert [copy.recipient for copy in peer.taken] == [address("Ada"), address("Bob")]
    assert [recipient for recipient, _ in uncertain_tries(installation)] == [address("Bob")]
    assert letter(installation, "Bob").attempts == 2


@pytest.mark.parametrize("uncertain", ["resend", "hold"])
def test_killed_between_the_250_and_the_commit_a_letter_is_uncertain_first(
    open_with: OpenWith, peer: Peer, command: Start, uncertain: str
) -> None:
    installation = open_with(smtp_url=peer.url, uncertain=uncertain)
    queue_letters(installation, "Ada", "Bob")
    sender: list[Command] = []

    def answer_and_kill(visit: Visit) -> None:
        assert visit.letter is not None
        os.kill(sender[0].pid, signal.SIGSTOP)
        visit.say(b"250 2.0.0 Taken\r\n")
        peer.taken.append(visit.letter)
        sender[0].kill()
        raise Cut

    peer.on("dot", answer_and_kill, recipient=address("Ada"), times=1)
    with command("deliver", *AT, UNCERTAIN=uncertain) as process:
        sender.append(process)
        assert process.wait() == -signal.SIGKILL
    assert statuses(installation) == {"sending": 1, "queued": 1}
    deliver(installation)
    assert [recipient for recipient, _ in uncertain_tries(installation)] == [address("Ada")]
    if uncertain == "hold":
        assert by_status(installation, "uncertain") == [address("Ada")]
        assert len(peer.copies(address("Ada"))) == 1
        return
    hold_to_account(installation, peer, ["Ada", "Bob"])
    first, second = peer.copies(address("Ada"))
    assert (first.letter, first.sender) == (second.letter, second.sender)
    assert first.message_id == second.message_id


def test_killed_after_the_commit_a_letter_is_never_sent_again(
    installation: Installation, peer: Peer, command: Start
) -> None:
    queue_letters(installation, "Ada", "Bob", "Grace")
    sender: list[Command] = []
    # Grace's body comes only once her letter is begun, and with it Ada's and Bob's are settled.
    peer.on("body", killing(sender), recipient=address("Grace"), times=1)
    with command("deliver", *AT) as process:
        sender.append(process)
        process.wait()
    for _ in range(3):
        deliver(installation)
    for name in ("Ada", "Bob"):
        assert len([whole for whole in peer.whole if whole.recipient == address(name)]) == 1
        assert letter(installation, name).attempts == 1
    hold_to_account(installation, peer, ["Ada", "Bob", "Grace"])


# Four tests, so that two cores share them: 200 kills, and 1,000 where there is time.
KILLS = 250 if os.environ.get("PAPERROUND_TORTURE") else 50
SEEDS = [("sqlite", 1), ("postgres", 2), ("sqlite", 3), ("postgres", 4)]
STEPS = ("mail", "rcpt", "data", "body", "dot")


def untried(installation: Installation) -> set[str]:
    """Return the recipients of the letters of which the books know no try."""
    delivery, subscriber = tables.table(tables.Delivery), tables.table(tables.Subscriber)
    query = select(subscriber.c.email).join(delivery).where(delivery.c.attempts == 0)
    with installation.database.read() as connection:
        return set(connection.scalars(query))


@pytest.mark.long
@pytest.mark.parametrize(("database_url", "seed"), SEEDS, indirect=["database_url"])
def test_killed_again_and_again_at_any_instant_nobody_is_missed(
    open_with: OpenWith, peer: Peer, database_url: str, tmp_path: Path, seed: int
) -> None:
    chance, connections = random.Random(seed), 3
    marker = str(tmp_path / "marker")
    installation = open_with(smtp_url=peer.url, marker_file=marker)
    settings = settings_for(
        database_url, peer.url, tmp_path, SMTP_CONNECTIONS=str(connections), MARKER_FILE=marker
    )
    names = crowd(KILLS * 12)
    queue_letters(installation, *names)
    killed = 0
    for _ in range(KILLS):
        reached = threading.Event()
        peer.forgive()
        peer.on(chance.choice(STEPS), setting(reached, after=chance.randint(1, 9)))
        with Delivery(FRIDAY_NOON, settings) as process:
            if chance.random() < 0.25:
                # While it opens the database, buries its predecessor, and claims.
                process.ends_within(chance.uniform(0, 0.06))
            else:
                until(lambda: reached.is_set() or not process.running)  # noqa: B023
                process.ends_within(chance.uniform(0, 0.006))
            killed += process.running
            process.kill()
        books = statuses(installation)
        assert sum(books.values()) == len(names)
        assert books.get("sending", 0) <= connections
        assert untried(installation).isdisjoint({whole.recipient for whole in peer.whole})
    assert killed >= KILLS * 9 // 10, "the letters ran out before the kills"
    assert deliver(installation).halted is None
    hold_to_account(installation, peer, names)
    by_worker = Counter(worker for _, worker in uncertain_tries(installation))
    assert max(by_worker.values(), default=0) <= connections
    assert len(peer.whole) <= len(names) + killed * connections


@pytest.mark.long
def test_killed_while_planning_a_reader_is_planned_whole_or_not_at_all(
    installation: Installation, command: Start
) -> None:
    publish(installation, FRIDAY_NOON, "Bees that count", "Proofs by touch")
    names = crowd(2000)
    enlist(installation, *names)
    delivery = tables.table(tables.Delivery)
    clock = tables.table(tables.ReaderClock)

    def planned() -> int:
        with installation.database.read() as connection:
            return connection.scalar(select(func.count()).select_from(delivery)) or 0

    for kill in (1, 2):
        before = planned()
        with command("plan", "--now", *AT) as process:
            until(lambda: planned() > before or not process.running)  # noqa: B023
            process.kill()
            assert process.wait() == -signal.SIGKILL, f"it was done before kill {kill}"
        with installation.database.read() as connection:
            letters = set(connection.scalars(select(delivery.c.subscriber_id)))
            planned_on = select(clock.c.subscriber_id).where(clock.c.planned_on.is_not(None))
            served = set(connection.scalars(planned_on))
            watermark = select(clock.c.subscriber_id).where(clock.c.watermark > 0)
            advanced = set(connection.scalars(watermark))
        assert before < len(letters) < len(names)
        assert letters == served == advanced
        assert statuses(installation) == {"queued": len(letters)}
    for _ in range(2):
        with command("plan", "--now", *AT) as process:
            assert process.wait() == 0, process.err
        assert statuses(installation) == {"queued": len(names)}
