"""One worker's part in delivering: it takes a seat, sends what may go, and stands up."""

import asyncio
import os
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from datetime import datetime

import uvloop
from sqlalchemy import Connection

from service.binding import Binder
from service.domain.policy import Result
from service.installation import Installation
from service.mail.sender import Sender
from service.store import holds, keys, parts, transitions, workers
from service.store.engine import Database
from service.store.gate import Gate
from service.store.ledger import Ledger
from service.store.marker import Marker
from service.store.queue import Queue
from service.store.refusals import Watch
from service.store.turns import Turn


@dataclass(slots=True)
class Delivered:
    """What one run of the sender came to, and why it stopped before the end, if it did.

    `paused` says why all letters are held by an admin's wish. `suppressed` counts addresses that
    do not exist, `policy` letters refused for what we are, of which `policy_reply` is the last.
    `slowed` names the domains that asked for less, and how many letters a minute they now get.
    """

    results: Counter[Result] = field(default_factory=Counter)
    withdrawn: int = 0
    expired: int = 0
    suppressed: int = 0
    policy: int = 0
    policy_reply: str = ""
    slowed: dict[str, int] = field(default_factory=dict)
    paused: str | None = None
    halted: str | None = None


def send_what_may_go(
    installation: Installation,
    delivered: Delivered,
    now: Callable[[], datetime],
    stop: threading.Event,
    told: Callable[[int], None],
) -> None:
    """Send what is due, not held and within the limits now, and add what it came to.

    First come the letters of workers that died: begun ones are on record as uncertain before any
    is sent again.
    """
    database = installation.database
    delivered.results[Result.UNCERTAIN] += workers.bury_dead(database, now())
    watch, gate = Watch(installation.breaker), Gate(installation.limits)
    queue = Queue(gate)
    marker = installation.marker
    with database.write(Turn.LEDGER) as connection:
        if marker is not None:
            _hold_if_restored(connection, marker, now())
        if installation.resend_uncertain:
            transitions.resend_uncertain(connection)
        delivered.expired += transitions.expire(connection, now())
        held = holds.in_force(connection).everything
        if held is not None and held.halts:
            delivered.halted = held.reason
        elif held is not None:
            delivered.paused = held.reason
        key_uses = keys.note_use(connection, installation.keys.current, now())
        if not queue.ready(connection, now()):
            return
    name = f"{socket.gethostname()}:{os.getpid()}"
    seat = workers.sit_down(
        database,
        name,
        now(),
        connections=installation.connections,
        of_all=installation.limits.connections,
    )
    if seat is None:
        return
    before = delivered.results.total()
    try:
        pen = marker.pen(seat.worker_id) if marker is not None else nullcontext()
        sender = Sender(
            installation.route,
            Binder(
                installation.house,
                installation.signer,
                lambda planned_at: installation.keys.at(planned_at, key_uses),
                _loader(database),
            ).wrap,
            connections=seat.connections,
            now=now,
            chance=installation.chance,
            timeouts=installation.timeouts,
            span=installation.span,
            tried=lambda count: told(before + count),
        )
        with pen as noted, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            note = noted.note if noted is not None else lambda claim: None
            books = Ledger(database, seat.worker_id, seat.lock, watch.see, gate, note)
            with closing(books):
                tally = runner.run(sender.run(books, stop, watch))
    finally:
        workers.stand_up(database, seat, now())
    delivered.results += tally.by_result
    delivered.withdrawn += tally.withdrawn
    delivered.halted = watch.tripped or tally.halted
    delivered.suppressed += watch.suppressed
    delivered.policy += watch.policy
    delivered.policy_reply = watch.policy_reply or delivered.policy_reply
    delivered.slowed |= gate.slowed


def _hold_if_restored(connection: Connection, marker: Marker, now: datetime) -> None:
    """Hold all letters where a letter was begun that the database does not know of."""
    if any(row.scope == holds.RESTORED for row in holds.in_force(connection).rows):
        return
    unknown = marker.unknown_to(connection)
    if unknown is not None:
        words = (
            f"the database is older than the letters last sent from it (it does not know that "
            f"letter {unknown.delivery_id} was begun), as when a backup was restored. What went "
            "out since would go twice, also to those who have left since. The README tells under "
            '"Restored backup" what to do; `paperround resume --restored` then goes on'
        )
        holds.place(connection, holds.RESTORED, words, now)


def _loader(database: Database) -> Callable[[Iterable[int]], dict[int, bytes]]:
    def load(part_ids: Iterable[int]) -> dict[int, bytes]:
        with database.read() as connection:
            return parts.bodies_of(connection, part_ids)

    return load
