"""Limits as the queue keeps them: for all workers together, whatever else waits."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from peers.newsroom import ACCEPTED, DEFERRED, FRIDAY_NOON, publish, settlement, statuses
from sqlalchemy import insert, select, text, update

from service import pipeline
from service.domain.deliveries import Claim
from service.domain.limits import Limits
from service.domain.readers import Preferences
from service.installation import Installation
from service.store import counters, gate, holds, queue, subscribers, tables, wanted, workers
from service.store.gate import Gate
from service.store.ledger import Ledger
from service.store.queue import Queue
from service.store.waiting import Waiting, waiting

SECOND = timedelta(seconds=1)
DELIVERY = tables.table(tables.Delivery)
ONE, TWO = "one.example", "two.example"


def queue_to(installation: Installation, **counts: int) -> None:
    """Queue so many letters to `one`.example, `two`.example and so on, in that order."""
    publish(installation, FRIDAY_NOON, "Bees that count")
    for name, count in counts.items():
        with installation.database.write() as connection:
            for number in range(count):
                email = f"reader{number}@{name}.example"
                reader = subscribers.add(connection, email=email, address=email, now=FRIDAY_NOON)
                assert reader is not None
                wanted.set_preferences(connection, reader, Preferences(), FRIDAY_NOON)
                subscribers.activate(connection, reader, floor=0, now=FRIDAY_NOON, source="test")
    assert pipeline.plan(installation, FRIDAY_NOON, everyone=True).planned == sum(counts.values())


def hold(installation: Installation, domain: str | None) -> None:
    with installation.database.write() as connection:
        holds.place(connection, holds.scope_of(domain), "by an admin", FRIDAY_NOON)


def lift(installation: Installation, domain: str) -> None:
    with installation.database.write() as connection:
        holds.lift(connection, holds.scope_of(domain), FRIDAY_NOON)


def why(installation: Installation, limits: Limits, seconds: float = 0) -> Waiting:
    with installation.database.read() as connection:
        return waiting(connection, limits, FRIDAY_NOON + seconds * SECOND)


def ready(installation: Installation, limits: Limits, seconds: float = 0) -> bool:
    with installation.database.read() as connection:
        return Queue(Gate(limits)).ready(connection, FRIDAY_NOON + seconds * SECOND)


class Worker:
    """A worker at its ledger, under limits; it counts what it claims by domain."""

    def __init__(self, installation: Installation, **limits: int) -> None:
        self.limits = Limits(**limits)
        seat = workers.sit_down(installation.database, "test", FRIDAY_NOON)
        assert seat is not None
        self.database, self.seat, self.gate = installation.database, seat, Gate(self.limits)
        self.ledger = Ledger(self.database, seat.worker_id, seat.lock, gate=self.gate)
        self.claims: list[Claim] = []

    def claim(self, limit: int = 500, *, at: float = 0) -> Counter[str | None]:
        claims = self.ledger.claim(limit, FRIDAY_NOON + at * SECOND)
        self.claims += claims
        return Counter(claim.domain for claim in claims)

    def settle(self, claims: Sequence[Claim], outcome: object = ACCEPTED, *, at: float = 0) -> None:
        moment = FRIDAY_NOON + at * SECOND
        begun = outcome is ACCEPTED
        if begun:
            assert self.ledger.step([], claims)
        self.ledger.step([settlement(c, outcome, moment, begun=begun) for c in claims], [])  # type: ignore[arg-type]

    def stand_up(self) -> None:
        workers.stand_up(self.database, self.seat, FRIDAY_NOON)


def test_all_workers_together_claim_no_more_than_the_route_is_allowed(
    installation: Installation,
) -> None:
    queue_to(installation, one=30)
    first, second = Worker(installation, letters=50), Worker(installation, letters=50)
    assert first.claim(6).total() == 6
    assert second.claim().total() == 4
    assert (first.claim().total(), second.claim().total()) == (0, 0)
    told = why(installation, first.limits)
    assert (told.with_sender, told.limited, told.due) == (10, 20, 0)
    assert not ready(installation, first.limits)
    first.stand_up()
    # A new process goes by what the database remembers.
    again = Worker(installation, letters=50)
    assert again.claim(at=9).total() == 0
    assert ready(installation, again.limits, 11)
    assert again.claim(at=11).total() == 10
    assert statuses(installation) == {"queued": 30}, "uncharged"
    again.stand_up()
    second.stand_up()


def test_each_domain_has_its_own_limit_and_does_not_stop_the_others(
    installation: Installation,
) -> None:
    queue_to(installation, one=40, two=3, three=8)
    worker = Worker(installation, domain_letters=25)
    assert worker.claim() == {ONE: 5, TWO: 3, "three.example": 5}
    assert worker.claim() == {}
    told = why(installation, worker.limits)
    assert (told.limited, told.due, told.with_sender) == (38, 0, 13)
    assert worker.claim(at=11) == {ONE: 5, "three.example": 3}
    assert worker.claim(at=22) == {ONE: 5}
    worker.stand_up()


def test_letters_of_a_domain_keep_their_order_and_the_urgent_go_first(
    installation: Installation,
) -> None:
    queue_to(installation, one=12, two=1)
    worker = Worker(installation, domain_letters=20)
    worker.claim()
    with installation.database.write() as connection:
        last = connection.scalar(
            select(DELIVERY.c.id)
            .where(DELIVERY.c.worker_id.is_(None))
            .order_by(DELIVERY.c.id.desc())
        )
        connection.execute(update(DELIVERY).where(DELIVERY.c.id == last).values(priority=0))
    before = len(worker.claims)
    worker.claim(at=11)
    worker.claim(at=22)
    ids = [claim.delivery_id for claim in worker.claims[before:]]
    assert ids == [last, *sorted(ids[1:])]
    assert len(ids) == 8
    worker.stand_up()


def test_of_a_domain_no_more_letters_are_out_than_it_may_have_connections(
    installation: Installation,
) -> None:
    queue_to(installation, one=6, two=2)
    first = Worker(installation, domain_connections=2)
    second = Worker(installation, domain_connections=2)
    assert first.claim(3) == {ONE: 2}
    assert second.claim(1) == {TWO: 1}
    assert first.claim(3) == {TWO: 1}
    assert second.claim() == {}
    assert not ready(installation, first.limits)
    first.settle([claim for claim in first.claims if claim.domain == ONE][:1])
    assert ready(installation, first.limits)
    assert second.claim() == {ONE: 1}
    first.stand_up()
    assert second.claim() == {ONE: 1, TWO: 1}
    second.stand_up()


def test_all_workers_together_have_no_more_connections_than_the_route_may(
    installation: Installation,
) -> None:
    def sit_down(wanted: int) -> workers.Seat | None:
        return workers.sit_down(
            installation.database, "test", FRIDAY_NOON, connections=wanted, of_all=8
        )

    first, second, third = sit_down(5), sit_down(5), sit_down(5)
    assert first is not None
    assert second is not None
    assert (first.connections, second.connections, third) == (5, 3, None)
    workers.stand_up(installation.database, first, FRIDAY_NOON)
    last = sit_down(9)
    assert last is not None
    assert last.connections == 5
    for seat in (second, last):
        workers.stand_up(installation.database, seat, FRIDAY_NOON)


def test_a_domain_that_asks_for_less_gets_less_and_recovers_as_it_accepts(
    installation: Installation,
) -> None:
    queue_to(installation, one=60, two=4)
    worker = Worker(installation, domain_letters=40)
    assert worker.claim() == {ONE: 8, TWO: 4}
    of_one = [claim for claim in worker.claims if claim.domain == ONE]
    worker.settle(of_one[:2], DEFERRED)
    assert worker.gate.slowed == {ONE: 20}
    with installation.database.read() as connection:
        assert gate.slowed(connection, worker.limits) == {ONE: 20}
    worker.settle(of_one[2:])
    assert worker.claim(at=11) == {ONE: 4}
    assert worker.claim(at=22) == {ONE: 4}
    assert worker.claim(at=33) == {ONE: 4}
    worker.settle([c for c in worker.claims if c.domain == ONE][8:], at=33)
    assert worker.claim(at=60) == {}, "20 within the minute"
    assert worker.claim(at=61) == {ONE: 4}
    worker.settle(worker.claims[-4:], at=62)
    with installation.database.read() as connection:
        assert gate.slowed(connection, worker.limits) == {}
    assert worker.claim(at=105) == {ONE: 8}
    worker.stand_up()


def test_a_domain_without_a_limit_is_slowed_down_too_for_every_worker(
    installation: Installation,
) -> None:
    queue_to(installation, two=1)
    fill(installation, 500)
    worker = Worker(installation)
    worker.claim(1)
    worker.settle(worker.claims, DEFERRED)
    other = Worker(installation)
    assert other.claim() == {ONE: 192, TWO: 1}
    assert worker.claim() == {}
    assert worker.claim(at=11) == {ONE: 192}
    worker.stand_up()
    other.stand_up()


def test_what_is_known_of_a_domain_is_forgotten_once_it_is_of_no_use(
    installation: Installation,
) -> None:
    queue_to(installation, one=2, two=2)
    worker = Worker(installation, domain_letters=40)
    worker.claim()
    worker.settle([claim for claim in worker.claims if claim.domain == ONE], DEFERRED)
    worker.stand_up()

    def known(days: float) -> set[str]:
        with installation.database.write() as connection:
            gate.tidy(connection, FRIDAY_NOON + timedelta(days=days))
            return set(connection.scalars(select(tables.table(tables.Pace).c.scope)))

    assert known(0) == {f"domain:{ONE}", f"domain:{TWO}"}
    assert known(1) == {f"domain:{ONE}"}
    assert known(8) == set()


def test_a_letter_of_somebody_who_is_erased_names_no_lane(installation: Installation) -> None:
    queue_to(installation, one=1)
    hold(installation, ONE)
    worker = Worker(installation)
    assert worker.claim() == {}
    with installation.database.write() as connection:
        lane, reader = connection.execute(select(DELIVERY.c.lane, DELIVERY.c.subscriber_id)).one()
        assert lane == ONE
        subscribers.erase(connection, reader, now=FRIDAY_NOON, source="test")
        assert connection.scalar(select(DELIVERY.c.lane)) is None
    worker.stand_up()


def test_with_a_held_domain_the_queue_tells_why_letters_wait(installation: Installation) -> None:
    queue_to(installation, one=3, two=2)
    hold(installation, ONE)
    told = why(installation, Limits())
    assert (told.held_domains, told.due) == ({ONE: 3}, 2)
    worker = Worker(installation)
    assert worker.claim() == {TWO: 2}
    worker.settle(worker.claims[:1])
    worker.settle(worker.claims[1:], DEFERRED)
    told = why(installation, Limits())
    assert (told.held_domains, told.later, told.due) == ({ONE: 3}, 1, 0)
    assert told.later_from == FRIDAY_NOON + timedelta(minutes=5)
    hold(installation, None)
    assert why(installation, Limits()).held == 4
    worker.stand_up()


def test_a_domain_that_is_held_no_more_goes_on_where_it_was(installation: Installation) -> None:
    queue_to(installation, one=4, two=1)
    hold(installation, ONE)
    worker = Worker(installation)
    assert worker.claim() == {TWO: 1}
    assert not ready(installation, Limits())
    lift(installation, ONE)
    assert ready(installation, Limits())
    assert worker.claim(3) == {ONE: 3}
    assert worker.claim() == {ONE: 1}
    assert statuses(installation) == {"queued": 5}
    worker.stand_up()


def fill(installation: Installation, count: int) -> None:
    """Queue many letters to one.example before those there are, in few statements."""
    subscriber = tables.table(tables.Subscriber)
    with installation.database.write() as connection:
        row = dict(connection.execute(select(DELIVERY).limit(1)).mappings().one())
        first = 1_000_000
        connection.execute(
            insert(subscriber),
            [
                {
                    "id": first + n, "email": f"x{n}@{ONE}", "address": f"x{n}@{ONE}",
                    "domain": ONE, "status": "active", "created_at": FRIDAY_NOON,
                    "unsubscribe_hash": str(n), "unsubscribe_token": str(n),
                }
                for n in range(count)
            ],
        )  # fmt: skip
        connection.execute(
            insert(DELIVERY),
            [
                row | {
                    "id": first + n, "subscriber_id": first + n,
                    "next_attempt_at": FRIDAY_NOON - SECOND,
                }
                for n in range(count)
            ],
        )  # fmt: skip
        counters.advance(connection, counters.DELIVERIES, count)


def plan_of(installation: Installation, statement: object) -> str:
    """Return how the database goes about a statement."""
    dialect = installation.database.engine.dialect
    sql = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))  # type: ignore[attr-defined]
    with installation.database.write() as connection:
        if dialect.name == "postgresql":
            connection.execute(text("ANALYZE delivery"))
            sql = f"EXPLAIN {sql}"
        else:
            sql = f"EXPLAIN QUERY PLAN {sql}"
        return "\n".join(str(row) for row in connection.exec_driver_sql(sql))


def test_letters_that_are_held_are_passed_once_and_not_by_every_claim(
    installation: Installation,
) -> None:
    queue_to(installation, two=40)
    fill(installation, 5000)
    hold(installation, ONE)
    worker = Worker(installation)
    assert worker.claim(10) == {TWO: 10}
    with installation.database.read() as connection:
        in_lane = connection.scalar(select(DELIVERY.c.id).where(DELIVERY.c.lane.is_(None)).limit(1))
        left = connection.execute(
            select(DELIVERY.c.id).where(DELIVERY.c.lane.is_(None), DELIVERY.c.status == "queued")
        ).all()
    assert in_lane is not None
    assert len(left) == 40, "no held letter is at the head of the queue any more"
    at_noon = {"now": FRIDAY_NOON, "most": 10}
    assert "ix_delivery_queue" in plan_of(installation, queue._HEAD.params(at_noon))
    in_lane_one = queue._LANE.params(at_noon, lane=ONE)
    assert "ix_delivery_lane" in plan_of(installation, in_lane_one)
    assert "ix_delivery_lane" in plan_of(installation, queue._LANES)
    assert worker.claim() == {TWO: 30}
    assert statuses(installation) == {"queued": 5040}
    worker.stand_up()
