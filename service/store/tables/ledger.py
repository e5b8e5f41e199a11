"""Rows of the ledger: every letter, every try, and who is at work."""

from datetime import date, datetime

from sqlalchemy import JSON, BigInteger, Index, text
from sqlmodel import Field

from service.domain.policy import Status
from service.store.tables.row import NEVER_REUSED, BigId, Row, one_of, reference, row_id


class Part(Row, table=True):
    """An encoded, immutable piece of a letter, kept once a day for its content."""

    __table_args__ = (Index("uq_part_day_sha256", "day", "sha256", unique=True), NEVER_REUSED)
    id: int | None = row_id()
    day: date
    sha256: bytes
    body: bytes


class Worker(Row, table=True):
    """A process that delivers. It lives while it holds its lock, not by a promise of time.

    `connections` is its share of those that all may have, where there is a limit.
    """

    id: int | None = row_id()
    name: str
    started_at: datetime
    ended_at: datetime | None = Field(default=None, index=True)
    connections: int | None = None


class Delivery(Row, table=True):
    """The ledger: one letter to one subscriber for one local date.

    `recipient` is the subscriber's own address unless given; `slots` hold what else the letter
    says. A digest has neither: its preference tells how the reader wanted it. `lane` is the
    destination domain of a letter that waits apart, so that claims need not pass it: it was met
    in the queue while its domain was held or over its limit.
    """

    __table_args__ = (
        one_of("status", Status),
        # The key of a delivery. A text made of it would double what a million letters a day cost.
        Index("uq_delivery_key", "subscriber_id", "local_date", "kind", "nth", unique=True),
        Index(
            "ix_delivery_queue",
            "priority",
            "next_attempt_at",
            "id",
            sqlite_where=text("status = 'queued' AND worker_id IS NULL AND lane IS NULL"),
            postgresql_where=text("status = 'queued' AND worker_id IS NULL AND lane IS NULL"),
        ),
        Index(
            "ix_delivery_lane",
            "lane",
            "priority",
            "next_attempt_at",
            "id",
            sqlite_where=text("status = 'queued' AND worker_id IS NULL AND lane IS NOT NULL"),
            postgresql_where=text("status = 'queued' AND worker_id IS NULL AND lane IS NOT NULL"),
        ),
        Index(
            "ix_delivery_queued_subscriber",
            "subscriber_id",
            sqlite_where=text("status = 'queued'"),
            postgresql_where=text("status = 'queued'"),
        ),
        Index(
            "ix_delivery_worker",
            "worker_id",
            sqlite_where=text("worker_id IS NOT NULL"),
            postgresql_where=text("worker_id IS NOT NULL"),
        ),
        Index(
            "ix_delivery_uncertain",
            "id",
            sqlite_where=text("status = 'uncertain'"),
            postgresql_where=text("status = 'uncertain'"),
        ),
        Index(
            "ix_delivery_settled",
            "settled_at",
            "status",
            sqlite_where=text("status IN ('sent', 'failed')"),
            postgresql_where=text("status IN ('sent', 'failed')"),
        ),
        NEVER_REUSED,
    )
    id: int | None = row_id()
    subscriber_id: int = reference("subscriber.id")
    kind: str
    nth: int = 0
    priority: int
    token: bytes
    preference_id: int | None = Field(default=None, sa_type=BigId)
    recipient: str | None = None
    slots: dict[str, str] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    local_date: date
    seq_from: int | None = Field(default=None, sa_type=BigInteger)
    seq_to: int | None = Field(default=None, sa_type=BigInteger)
    selection: bytes
    status: str
    worker_id: int | None = Field(default=None, sa_type=BigId)
    attempts: int = 0
    planned_at: datetime
    next_attempt_at: datetime
    expires_at: datetime
    settled_at: datetime | None = None
    reply_code: int | None = None
    reply: str | None = None
    lane: str | None = None


class Attempt(Row, table=True):
    """A try that did not end in acceptance."""

    id: int | None = row_id()
    delivery_id: int = reference("delivery.id", index=True)
    number: int
    at: datetime
    result: str
    stage: str
    code: int | None = None
    reply: str | None = None
    worker_id: int | None = Field(default=None, sa_type=BigId)


class Pace(Row, table=True):
    """How fast a scope, as that of a hold, was served of late, and how often it asked for less.

    `granted` is a list of pairs: a second (Unix time) and how many letters were let go in it.
    """

    scope: str = Field(primary_key=True)
    granted: list[list[int]] = Field(sa_type=JSON)
    slowed: int
    slowed_at: datetime | None = None
    accepted: int


class Hold(Row, table=True):
    """A scope in which nothing is sent: `all`, `breaker` (all, since refusals were too many),
    `restored` (all, since the database is an old one), or `domain:` and a destination domain. One
    that was lifted keeps when, in `until`.
    """

    scope: str = Field(primary_key=True)
    reason: str
    since: datetime
    until: datetime | None = None
