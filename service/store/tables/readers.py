"""Rows of readers: who they are, what they asked for, and what they must never get."""

from datetime import date, datetime, time
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Index, text
from sqlmodel import Field

from service.store.tables.row import NEVER_REUSED, Row, one_of, reference, row_id


class Subscriber(Row, table=True):
    """An address with a consent state. An erased one keeps only the hash of its token."""

    __table_args__ = (
        one_of("status", ("pending", "active", "paused", "unsubscribed")),
        Index("ix_subscriber_status_id", "status", "id"),
        NEVER_REUSED,
    )
    id: int | None = row_id()
    email: str | None = None
    address: str | None = Field(default=None, unique=True)
    domain: str | None = None
    status: str
    created_at: datetime
    confirmed_at: datetime | None = None
    paused_until: date | None = None
    unsubscribe_token: str | None = None
    unsubscribe_hash: str = Field(unique=True)
    erased_at: datetime | None = None


class Consent(Row, table=True):
    """What happened to a reader's consent: what, when, and whence it came."""

    id: int | None = row_id()
    subscriber_id: int = reference("subscriber.id", index=True)
    at: datetime
    event: str
    source: str
    detail: str | None = None


class Topic(Row, table=True):
    """A canonical query, stored once however many readers ask for it."""

    id: int | None = row_id()
    query: str = Field(unique=True)
    created_at: datetime


class Subscription(Row, table=True):
    """One reader's use of a topic, from `valid_from` until `valid_to` (None: today's)."""

    __table_args__ = (
        Index(
            "uq_subscription_current",
            "subscriber_id",
            "topic_id",
            unique=True,
            sqlite_where=text("valid_to IS NULL"),
            postgresql_where=text("valid_to IS NULL"),
        ),
    )
    id: int | None = row_id()
    subscriber_id: int = reference("subscriber.id", index=True)
    topic_id: int = reference("topic.id", index=True)
    text: str
    label: str | None = None
    enabled: bool = True
    position: int = 0
    valid_from: datetime
    valid_to: datetime | None = None


class Preference(Row, table=True):
    """How a reader wants the letter, from `valid_from` until `valid_to` (None: today's).

    `weekday` is the day of a weekly letter, 0 for Monday.

    Nothing else of a row ever changes: a delivery that names it has frozen what its letter says
    of the reader.
    """

    __table_args__ = (
        one_of("cadence", ("daily", "weekdays", "weekly")),
        Index(
            "uq_preference_current",
            "subscriber_id",
            unique=True,
            sqlite_where=text("valid_to IS NULL"),
            postgresql_where=text("valid_to IS NULL"),
        ),
        Index(
            "ix_preference_hour",
            "timezone",
            "send_at",
            "cadence",
            "weekday",
            "subscriber_id",
            sqlite_where=text("valid_to IS NULL"),
            postgresql_where=text("valid_to IS NULL"),
        ),
        NEVER_REUSED,
    )
    id: int | None = row_id()
    subscriber_id: int = reference("subscriber.id", index=True)
    name: str | None = None
    timezone: str
    send_at: time
    cadence: str = "daily"
    weekday: int | None = None
    max_papers: int = 10
    min_upvotes: int | None = None
    mutes: list[str] = Field(sa_type=JSON)
    follows: list[str] = Field(sa_type=JSON)
    valid_from: datetime
    valid_to: datetime | None = None


class ReaderClock(Row, table=True):
    """The highest seq planned for a reader, and the local date of the last digest.

    Narrow, and without a second index, since every plan rewrites it for every reader: PostgreSQL
    keeps half of each page free, so that a new version lands beside the old one.
    """

    __tablename__ = "reader_clock"
    __table_args__: ClassVar[dict[str, Any]] = {"postgresql_with": {"fillfactor": 45}}
    subscriber_id: int = reference("subscriber.id", primary_key=True)
    watermark: int = Field(sa_type=BigInteger)
    planned_on: date | None = None


class Skip(Row, table=True):
    """Why a reader last got no letter although one was due."""

    subscriber_id: int = reference("subscriber.id", primary_key=True)
    local_date: date
    reason: str
    seq_from: int = Field(sa_type=BigInteger)
    seq_to: int = Field(sa_type=BigInteger)
    at: datetime


class Suppression(Row, table=True):
    """An address never to mail again, by its hash: the reason outlives the address.

    One that is not yet effective waits for an admin (the breaker judged it doubtful).
    """

    address_hash: str = Field(primary_key=True)
    reason: str
    detail: str | None = None
    since: datetime
    effective_at: datetime | None = None
