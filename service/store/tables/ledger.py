"""Rows of the ledger: every letter, every try, and who is at work."""

from datetime import date, datetime

from sqlalchemy import JSON, BigInteger, Index, text
from sqlmodel import Field

from service.domain.policy import Status
from service.store.tables.row import BigId, Row, one_of, reference, row_id


class Part(Row, table=True):
    """An encoded, immutable piece of a letter, kept once a day for its content."""

    __table_args__ = (Index("uq_part_day_sha256", "day", "sha256", unique=True),)
    id: int | None = row_id()
    day: date
    sha256: bytes
    body: bytes


class Worker(Row, table=True):
    """A process that delivers. It lives while it holds its lock, not by a promise of time."""

    id: int | None = row_id()
    name: str
    started_at: datetime
    ended_at: datetime | None = Field(default=None, index=True)


class Delivery(Row, table=True):
    """The ledger: one letter to one subscriber for one local date."""

    __table_args__ = (
        one_of("status", Status),
        Index(
            "ix_delivery_queue",
            "priority",
            "next_attempt_at",
            "id",
            sqlite_where=text("status = 'queued' AND worker_id IS NULL"),
            postgresql_where=text("status = 'queued' AND worker_id IS NULL"),
        ),
        Index(
            "ix_delivery_open",
            "worker_id",
            "status",
            sqlite_where=text("status IN ('queued', 'sending', 'uncertain')"),
            postgresql_where=text("status IN ('queued', 'sending', 'uncertain')"),
        ),
        Index("ix_delivery_subscriber_id_local_date", "subscriber_id", "local_date"),
        Index("ix_delivery_local_date_status", "local_date", "status"),
    )
    id: int | None = row_id()
    subscriber_id: int = reference("subscriber.id")
    kind: str
    priority: int
    key: str = Field(unique=True)
    token: str = Field(unique=True)
    recipient: str | None
    slots: dict[str, str] = Field(sa_type=JSON)
    domain: str
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


class Hold(Row, table=True):
    """A scope in which nothing is sent: `all`, or `domain:` and a destination domain."""

    scope: str = Field(primary_key=True)
    reason: str
    since: datetime
    until: datetime | None = None
