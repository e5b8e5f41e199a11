"""Rows of papers and the editions that brought them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger
from sqlmodel import Field

from service.store.tables.row import Row, reference, row_id


class Counter(Row, table=True):
    """Numbers handed out under a row lock: the last paper seq, the deliveries ever planned."""

    name: str = Field(primary_key=True)
    value: int = Field(sa_type=BigInteger)


class Edition(Row, table=True):
    """One ingested digest file; its papers are seen only once it is published.

    `unlisted` counts the rejects that have no row of their own.
    """

    id: int | None = row_id()
    sha256: str = Field(unique=True)
    file: str
    format: str
    date: date
    arrived_at: datetime = Field(index=True)
    published_at: datetime | None = None
    hidden_at: datetime | None = None
    papers: int = 0
    new: int = 0
    updated: int = 0
    unlisted: int = Field(default=0, sa_column_kwargs={"server_default": "0"})


class Rejection(Row, table=True):
    """A record of an edition, or a link of a record, that could not be used."""

    id: int | None = row_id()
    edition_id: int = reference("edition.id", index=True)
    position: str
    reason: str


class Paper(Row, table=True):
    """One work. `seq` is given when its first edition is published and never changes."""

    id: int | None = row_id()
    seq: int | None = Field(default=None, sa_type=BigInteger, unique=True)
    key: str = Field(unique=True)
    title: str
    abstract: str
    authors: list[str] = Field(sa_type=JSON)
    published: date | None = None
    arxiv_id: str | None = None
    doi: str | None = None
    openreview_id: str | None = None
    links: dict[str, str] = Field(sa_type=JSON)
    upvotes: int | None = None
    comments: int | None = None
    stars: int | None = None
    keywords: list[str] = Field(sa_type=JSON)
    categories: list[str] = Field(sa_type=JSON)
    organisation: str | None = None
    content_hash: str
    original: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    arrived_at: datetime
    updated_at: datetime


class Identity(Row, table=True):
    """A name a paper answers to. Two papers may share a title; an identifier names only one."""

    name: str = Field(primary_key=True)
    paper_id: int = reference("paper.id", primary_key=True, index=True)


class EditionPaper(Row, table=True):
    """Which papers an edition brought, in its own order."""

    __tablename__ = "edition_paper"
    edition_id: int = reference("edition.id", primary_key=True)
    paper_id: int = reference("paper.id", primary_key=True, index=True)
    position: int
