"""The bookkeeper: requests made together are committed together, and nothing goes unrecorded."""

import asyncio
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from time import perf_counter

import pytest
import uvloop
from peers.newsroom import ACCEPTED, FRIDAY_NOON, at_work, settlement, statuses
from peers.sending import by_status, crowd, queue_letters, sender
from peers.smtp import Peer, reply

from service.domain.deliveries import Claim, Settlement
from service.installation import Installation
from service.mail.bookkeeper import Bookkeeper
from service.store.ledger import Ledger

OpenWith = Callable[..., Installation]


class Watched:
    """The real ledger, and what each step brought; its disk is full when told to be."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.groups: list[tuple[int, int]] = []
        self.full_after: int | None = None

    def claim(self, limit: int, now: datetime) -> list[Claim]:
        return self.ledger.claim(limit, now)

    def step(self, settlements: Sequence[Settlement], begins: Sequence[Claim]) -> set[int]:
        self.groups.append((len(settlements), len(begins)))
        if self.full_after is not None and len(self.groups) > self.full_after:
            raise OSError(28, "No space left on device")
        return self.ledger.step(settlements, begins)


def ids(claims: Sequence[Claim]) -> set[int]:
    return {claim.delivery_id for claim in claims}


def test_what_is_asked_about_the_same_time_is_committed_together(
    installation: Installation,
) -> None:
    queue_letters(installation, *crowd(9))

    async def ask(watched: Watched) -> None:
        books = Bookkeeper(watched)
        claims = watched.claim(9, FRIDAY_NOON)
        assert await books.begin(claims[0]) == ids(claims[:1])
        assert await asyncio.gather(*map(books.begin, claims[1:])) == [ids(claims[1:])] * 8
        for claim in claims:
            books.settle(settlement(claim, ACCEPTED, FRIDAY_NOON, begun=True))
        books.close()

    with at_work(installation, FRIDAY_NOON) as ledger:
        watched = Watched(ledger)
        asyncio.run(ask(watched))
    assert watched.groups == [(0, 1), (0, 8), (9, 0)]
    assert statuses(installation) == {"sent": 9}


def test_once_the_last_letter_that_was_out_is_back_nobody_waits_any_longer(
    installation: Installation,
) -> None:
    queue_letters(installation, *crowd(6))

    async def ask(watched: Watched) -> None:
        books = Bookkeeper(watched)
        claims = watched.claim(6, FRIDAY_NOON)
        await asyncio.gather(*map(books.begin, claims[:3]))
        before = len(watched.groups)
        taken = [settlement(claim, ACCEPTED, FRIDAY_NOON, begun=True) for claim in claims[:3]]
        first, second = map(books.begin, claims[3:5], taken[:2])
        assert not first.done()
        assert not second.done()
        assert len(watched.groups) == before
        third = books.begin(claims[5], taken[2])
        assert watched.groups[before:] == [(3, 3)]
        assert [answer.result() for answer in (first, second, third)] == [ids(claims[3:])] * 3
        books.close()

    with at_work(installation, FRIDAY_NOON) as ledger:
        asyncio.run(ask(Watched(ledger)))
    assert statuses(installation) == {"sent": 3, "uncertain": 3}


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_whose_reply_has_come_when_the_wait_for_company_ends_is_company(
    installation: Installation, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    queue_letters(installation, *crowd(6))

    async def ask(watched: Watched) -> None:
        books = Bookkeeper(watched)
        claims = watched.claim(6, FRIDAY_NOON)
        await asyncio.gather(*map(books.begin, claims[:3]))
        before = len(watched.groups)
        first, second, _ = (settlement(c, ACCEPTED, FRIDAY_NOON, begun=True) for c in claims[:3])
        server, ours = socket.socketpair()
        replies, wire = await asyncio.open_connection(sock=ours)
        with closing(server), closing(wire):
            waiting = books.begin(claims[3], first)
            server.send(b"!")
            # As where letters are bound meanwhile.
            busy_until = perf_counter() + 0.2
            while perf_counter() < busy_until:
                pass
            await replies.read(1)
            assert not waiting.done()
            assert await books.begin(claims[4], second) == ids(claims[3:5])
        assert watched.groups[before:] == [(2, 2)]
        books.close()

    with at_work(installation, FRIDAY_NOON) as ledger, asyncio.Runner(loop_factory=loop) as runner:
        runner.run(ask(Watched(ledger)))
    assert statuses(installation) == {"sent": 2, "uncertain": 3, "queued": 1}


def test_a_letter_is_begun_only_once_that_is_on_disk(installation: Installation) -> None:
    queue_letters(installation, "Ada", "Bob")

    async def ask(ledger: Ledger) -> None:
        books = Bookkeeper(ledger)
        ada, bob = ledger.claim(2, FRIDAY_NOON)
        assert await books.begin(ada)
        asking = books.begin(bob)
        assert not asking.done()
        assert statuses(installation) == {"sending": 1, "queued": 1}
        assert await asking
        assert statuses(installation) == {"sending": 2}
        books.close()

    with at_work(installation, FRIDAY_NOON) as ledger:
        asyncio.run(ask(ledger))


def test_closing_waits_until_every_outcome_is_on_disk(installation: Installation) -> None:
    queue_letters(installation, "Ada", "Bob")

    async def ask(watched: Watched) -> None:
        books = Bookkeeper(watched)
        for claim in watched.claim(2, FRIDAY_NOON):
            assert await books.begin(claim)
            books.settle(settlement(claim, ACCEPTED, FRIDAY_NOON, begun=True))
        books.close()
        assert statuses(installation) == {"sent": 2}

    with at_work(installation, FRIDAY_NOON) as ledger:
        watched = Watched(ledger)
        asyncio.run(ask(watched))


def test_a_letter_another_took_away_is_not_begun(installation: Installation) -> None:
    queue_letters(installation, "Ada", "Bob")

    async def ask(ledger: Ledger) -> None:
        books = Bookkeeper(ledger)
        ada, bob = ledger.claim(2, FRIDAY_NOON)
        assert await books.begin(ada) == ids([ada])
        both = await asyncio.gather(books.begin(ada), books.begin(bob))
        assert both == [ids([bob])] * 2
        books.close()

    with at_work(installation, FRIDAY_NOON) as ledger:
        asyncio.run(ask(ledger))


@pytest.mark.parametrize("commits", [0, 1, 4])
def test_an_error_of_the_ledger_stops_all_sending_and_is_heard(
    open_with: OpenWith, commits: int
) -> None:
    with Peer() as peer:
        installation = open_with(smtp_url=peer.url, smtp_connections=3)
        queue_letters(installation, *crowd(30))
        with at_work(installation, FRIDAY_NOON) as ledger:
            watched = Watched(ledger)
            watched.full_after = commits
            with pytest.raises(OSError, match="No space left"):
                asyncio.run(sender(installation).run(watched, threading.Event()))
        recorded = by_status(installation, "sent") + by_status(installation, "uncertain")
        assert {whole.recipient for whole in peer.whole} <= set(recorded)
        assert len(by_status(installation, "uncertain")) <= 3, "one a connection at most"
        assert len(peer.whole) <= 3 * commits
    assert sum(statuses(installation).values()) == 30


def test_after_an_error_nothing_is_begun_any_more(installation: Installation) -> None:
    queue_letters(installation, "Ada", "Bob", "Grace")

    async def ask(watched: Watched) -> None:
        books = Bookkeeper(watched)
        claims = watched.claim(3, FRIDAY_NOON)
        assert await books.begin(claims[0])
        watched.full_after = 1
        for claim in claims[1:]:
            with pytest.raises(OSError, match="No space left"):
                await books.begin(claim)
        watched.full_after = None
        with pytest.raises(OSError, match="No space left"):
            await books.begin(claims[2])
        with pytest.raises(OSError, match="No space left"):
            books.close()

    with at_work(installation, FRIDAY_NOON) as ledger:
        watched = Watched(ledger)
        asyncio.run(ask(watched))
    assert statuses(installation) == {"uncertain": 1, "queued": 2}


def test_outcomes_that_could_not_be_recorded_are_once_more_tried_at_the_end(
    installation: Installation,
) -> None:
    queue_letters(installation, "Ada", "Bob", "Grace")

    async def ask(watched: Watched) -> None:
        books = Bookkeeper(watched)
        ada, bob, grace = watched.claim(3, FRIDAY_NOON)
        assert await books.begin(ada)
        assert await books.begin(bob)
        watched.full_after = 2
        lost = books.settle(settlement(ada, ACCEPTED, FRIDAY_NOON, begun=True))
        with pytest.raises(OSError, match="No space left"):
            await books.begin(grace)
        with pytest.raises(OSError, match="No space left"):
            await lost
        # Bob's letter was in flight when the disk was full; its reply comes after.
        with pytest.raises(OSError, match="No space left"):
            await books.settle(settlement(bob, ACCEPTED, FRIDAY_NOON, begun=True))
        watched.full_after = None
        with pytest.raises(OSError, match="No space left"):
            books.close()

    with at_work(installation, FRIDAY_NOON) as ledger:
        watched = Watched(ledger)
        asyncio.run(ask(watched))
    assert statuses(installation) == {"sent": 2, "queued": 1}


def test_an_error_that_nobody_waited_for_is_heard_at_the_end(open_with: OpenWith) -> None:
    with Peer() as peer:
        installation = open_with(smtp_url=peer.url, smtp_connections=1)
        queue_letters(installation, "Ada", "Bob")
        # No letter comes as far as its body, so that nothing is ever begun.
        peer.on("rcpt", reply("550 5.1.1 Nobody here"))
        with at_work(installation, FRIDAY_NOON) as ledger:
            watched = Watched(ledger)
            watched.full_after = 0
            with pytest.raises(OSError, match="No space left"):
                asyncio.run(sender(installation).run(watched, threading.Event()))
    assert statuses(installation) == {"queued": 2}
