"""Whatever happens in whatever order: nothing is missed, nothing repeats, the books balance."""

import shutil
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import make_settings
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from peers import newsroom
from peers.newsroom import FRIDAY_NOON
from sqlalchemy import select

from service import pipeline
from service.domain.deliveries import Claim
from service.domain.links import Purpose, sign
from service.domain.policy import Outcome, Stage, Status
from service.domain.selection import unpack
from service.installation import Installation, open_installation
from service.mail.address import parse_address
from service.mail.letter import Card
from service.readers import consent, leaving
from service.store import deliveries, holds, parts, subscribers, tables, transitions, workers
from service.store.ledger import Ledger

DELIVERY = tables.table(tables.Delivery)
ATTEMPT = tables.table(tables.Attempt)
PAPER = tables.table(tables.Paper)
CLOCK = tables.table(tables.ReaderClock)

WORDS = ("robots", "maps", "music")
LOYAL = ("ada", "bob")
FICKLE = ("grace", "edsger")
BEFORE_BODY = (newsroom.REFUSED, newsroom.DEFERRED, newsroom.CLOSED)
AFTER_BODY = (
    newsroom.ACCEPTED,
    newsroom.ACCEPTED,
    newsroom.DEFERRED_AFTER_BODY,
    newsroom.REFUSED_AFTER_BODY,
    newsroom.LOST,
)
# Letters that reached their reader, may have, or still may.
STANDING = {Status.SENT, Status.QUEUED, Status.SENDING, Status.UNCERTAIN}


def fresh_database(folder: Path) -> str:
    """Return the URL of an upgraded database, copied: migrations take long."""
    template = folder.parent / "template.db"
    if not template.exists():
        open_installation(make_settings(f"sqlite:///{template}", folder)).database.close()
    shutil.copy(template, folder / "paperround.db")
    return f"sqlite:///{folder / 'paperround.db'}"


class Rounds(RuleBasedStateMachine):
    """The service under a clock that runs on, with a server that answers as it likes."""

    root: Path

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=self.root))
        self.house: Installation = open_installation(
            make_settings(fresh_database(self.folder), self.folder, lookback_days=60)
        )
        self.now = FRIDAY_NOON
        self.papers = 0
        # What each reader who never left asked for, and from which seq on.
        self.loyal: dict[int, str] = {}
        self.readers: dict[str, int] = {}
        self.away: set[int] = set()
        self.seat: workers.Seat | None = None
        self.claimed: list[Claim] = []
        self.begun: list[Claim] = []
        self.words_of: dict[str, str] = {}
        self.cards: dict[int, str] = {}
        for name, word in zip(LOYAL, WORDS, strict=False):
            self.somebody_signs_up(name, word)

    def teardown(self) -> None:
        if not hasattr(self, "house"):
            return
        self.end_of_story()
        self.house.database.close()
        shutil.rmtree(self.folder)

    # What may happen.

    @rule(hours=st.sampled_from((1, 6, 24)))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=4))
    def a_file_comes(self, words: list[str]) -> None:
        titles = []
        for word in words:
            self.papers += 1
            titles.append(f"{word} {self.papers}")
            self.words_of[titles[-1]] = word
        newsroom.publish(self.house, self.now, *titles)

    @rule(name=st.sampled_from(FICKLE), word=st.sampled_from(WORDS))
    def somebody_signs_up(self, name: str, word: str) -> None:
        if name not in self.readers:
            reader = newsroom.subscribe(
                self.house, f"{name}@example.org", word, at=self.now, max_papers=50
            )
            self.readers[name] = reader
            self.loyal[reader] = word

    @precondition(lambda self: self.readers.keys() & set(FICKLE))
    @rule(data=st.data())
    def somebody_leaves(self, data: st.DataObject) -> None:
        reader = self.readers[data.draw(st.sampled_from(self.fickle()))]
        newsroom.leave(self.house, reader, self.now)
        self.loyal.pop(reader, None)
        self.away.add(reader)

    @precondition(lambda self: self.away)
    @rule(data=st.data())
    def somebody_comes_back(self, data: st.DataObject) -> None:
        reader = data.draw(st.sampled_from(sorted(self.away)))
        with self.house.database.read() as connection:
            left = subscribers.by_id(connection, reader)
        assert left is not None
        assert left.preference_id is not None
        token = sign(self.house.keys.current, Purpose.UNDO, left.preference_id, self.now)
        assert leaving.undo(self.house, token, self.now) is not None
        self.away.discard(reader)

    @precondition(lambda self: self.readers.keys() & set(FICKLE))
    @rule(data=st.data())
    def somebody_is_erased(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(self.fickle()))
        reader = self.readers.pop(name)
        consent.erase(self.house, parse_address(f"{name}@example.org"), self.now, source="test")
        self.loyal.pop(reader, None)
        self.away.discard(reader)

    @rule(everyone=st.booleans())
    def a_plan_is_made(self, everyone: bool) -> None:
        made = pipeline.plan(self.house, self.now, everyone=everyone)
        assert made.due == made.planned + made.skipped.total()

    @rule(word=st.sampled_from(WORDS))
    def a_morning_comes(self, word: str) -> None:
        self.time_passes(hours=24)
        self.a_file_comes([word])
        self.a_plan_is_made(everyone=True)

    @rule()
    def letters_expire(self) -> None:
        with self.house.database.write() as connection:
            transitions.expire(connection, self.now)

    @rule(held=st.booleans())
    def an_admin_holds_the_domain_or_lifts_it(self, held: bool) -> None:
        self.hold_domain(held)

    @rule()
    def a_worker_claims(self) -> None:
        if self.seat is None:
            self.seat = workers.sit_down(self.house.database, "test", self.now)
        self.claimed += self.worker.claim(3, self.now)

    @precondition(lambda self: self.claimed)
    @rule()
    def it_begins_a_letter(self) -> None:
        claim = self.claimed.pop(0)
        if self.worker.step([], [claim]):
            assert claim.recipient, "nobody is there to get it"
            assert claim.kind != "digest" or claim.subscriber_id not in self.gone(), "they left"
            self.begun.append(claim)

    @precondition(lambda self: self.claimed)
    @rule(outcome=st.sampled_from(BEFORE_BODY))
    def the_server_answers_before_the_body(self, outcome: Outcome) -> None:
        claim = self.claimed.pop(0)
        self.worker.step([newsroom.settlement(claim, outcome, self.now, begun=False)], [])

    @precondition(lambda self: self.begun)
    @rule(outcome=st.sampled_from(AFTER_BODY))
    def the_server_answers_after_the_body(self, outcome: Outcome) -> None:
        claim = self.begun.pop(0)
        self.worker.step([newsroom.settlement(claim, outcome, self.now, begun=True)], [])

    @rule(outcome=st.sampled_from((*BEFORE_BODY, *AFTER_BODY)))
    def the_letters_at_hand_go_out(self, outcome: Outcome) -> None:
        self.a_worker_claims()
        while self.claimed:
            if outcome in AFTER_BODY:
                self.it_begins_a_letter()
            else:
                self.the_server_answers_before_the_body(outcome)
        while self.begun:
            self.the_server_answers_after_the_body(outcome)

    @precondition(lambda self: self.seat is not None)
    @rule()
    def the_worker_stops(self) -> None:
        assert self.seat is not None
        for claim in self.begun:
            done = newsroom.settlement(claim, newsroom.ACCEPTED, self.now, begun=True)
            self.worker.step([done], [])
        workers.stand_up(self.house.database, self.seat, self.now)
        self.seat, self.claimed, self.begun = None, [], []

    @precondition(lambda self: self.seat is not None)
    @rule(resend=st.booleans())
    def the_worker_dies(self, resend: bool) -> None:
        assert self.seat is not None
        self.seat.lock.release()
        assert workers.bury_dead(self.house.database, self.now) == len(self.begun)
        if resend:
            with self.house.database.write() as connection:
                transitions.resend_uncertain(connection)
        self.seat, self.claimed, self.begun = None, [], []

    # What must hold all the time.

    @property
    def worker(self) -> Ledger:
        assert self.seat is not None
        return Ledger(self.house.database, self.seat.worker_id, self.seat.lock)

    def hold_domain(self, held: bool) -> None:
        with self.house.database.write() as connection:
            if held:
                holds.place(connection, holds.scope_of("example.org"), "test", self.now)
            else:
                holds.lift(connection, holds.scope_of("example.org"), self.now)

    def fickle(self) -> list[str]:
        return sorted(self.readers.keys() & set(FICKLE))

    def gone(self) -> set[int]:
        return self.away | (set(range(100)) - set(self.readers.values()))

    def titles(self, row: Any, connection: Any) -> list[str]:
        ids = [part for part, _ in unpack(row.selection).cards]
        missing = [part for part in ids if part not in self.cards]
        for part, body in parts.bodies_of(connection, missing).items():
            self.cards[part] = Card.unpack(body).said.title
        return [self.cards[part] for part in ids]

    @invariant()
    def all_is_in_order(self) -> None:
        if not hasattr(self, "house"):
            return
        with self.house.database.read() as connection:
            books = deliveries.books(connection)
            assert books.balanced, books
            digests = connection.execute(select(DELIVERY).where(DELIVERY.c.kind == "digest")).all()
            bodies = set(
                connection.scalars(
                    select(ATTEMPT.c.delivery_id).where(ATTEMPT.c.stage == Stage.BODY)
                )
            )
            watermarks = dict(
                connection.execute(select(CLOCK.c.subscriber_id, CLOCK.c.watermark)).all()
            )
            seqs = dict(connection.execute(select(PAPER.c.title, PAPER.c.seq)).all())
            shown = {row.id: self.titles(row, connection) for row in digests}
        dates = Counter((row.subscriber_id, row.local_date) for row in digests)
        assert max(dates.values(), default=1) == 1, "two digests for one date"
        for reader, word in self.loyal.items():
            mine = [row for row in digests if row.subscriber_id == reader]
            sent = Counter(t for row in mine if row.status == Status.SENT for t in shown[row.id])
            assert all(count == 1 for count in sent.values()), f"sent twice: {sent}"
            # Those on their way must not bring again what came, or what another brings.
            coming = Counter(
                title
                for row in mine
                if row.status in STANDING or (row.status == Status.FAILED and row.id in bodies)
                for title in shown[row.id]
            )
            assert all(count == 1 for count in coming.values()), f"on its way twice: {coming}"
            settled = {
                title
                for row in mine
                if row.status in STANDING or row.id in bodies
                for title in shown[row.id]
            }
            wanted = {title for title, w in self.words_of.items() if w == word}
            assert set(coming) <= wanted
            lost = {title for title in wanted - settled if seqs[title] <= watermarks[reader]}
            assert not lost, f"neither sent nor to come: {lost}"

    def end_of_story(self) -> None:
        """When at last all goes well, every reader who stayed has every paper they asked for."""
        if self.seat is not None:
            self.the_worker_dies(resend=True)
        self.hold_domain(False)
        for _ in range(3):
            self.now += timedelta(days=1)
            pipeline.plan(self.house, self.now, everyone=True)
            with self.house.database.write() as connection:
                transitions.resend_uncertain(connection)
            # A domain that asked for less often gets no more than a letter a minute.
            while newsroom.take_out(self.house, self.now):
                self.now += timedelta(seconds=61)
        self.all_is_in_order()
        assert set(newsroom.statuses(self.house)) <= {"sent", "failed", "expired", "cancelled"}


@pytest.mark.long
def test_whatever_happens_nothing_is_missed_and_nothing_repeats(tmp_path: Path) -> None:
    Rounds.root = tmp_path
    stories = settings(max_examples=settings().max_examples // 5, stateful_step_count=40)
    run_state_machine_as_test(Rounds, settings=stories)
