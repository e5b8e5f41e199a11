"""Whom a page of a plan is for: readers and what they want, by column."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from sqlalchemy import Connection, Text, case, cast, exists, func, or_, select
from sqlmodel import col

from service.domain.deliveries import Kind
from service.domain.filters import Filters
from service.domain.policy import Result, Status
from service.domain.readers import Consent, address_hash
from service.store import tables
from service.store.bulk import Integers, among, covering
from service.store.columns import fetch_columns

_SUBSCRIBER = tables.table(tables.Subscriber)
_PREFERENCE = tables.table(tables.Preference)
_SUBSCRIPTION = tables.table(tables.Subscription)
_DELIVERY = tables.table(tables.Delivery)
_CLOCK = tables.table(tables.ReaderClock)

# The preference's id where it has filters, else 0: most have none, and are to cost nothing.
_FILTERED = case(
    (
        or_(
            _PREFERENCE.c.min_upvotes > 0,
            cast(_PREFERENCE.c.mutes, Text) != "[]",
            cast(_PREFERENCE.c.follows, Text) != "[]",
        ),
        _PREFERENCE.c.id,
    ),
    else_=0,
)


@dataclass(frozen=True, slots=True)
class Audience:
    """Active subscribers whose letter is due for `day`, by column, in the order of their ids.

    A reader is known here by a number from 0. By number: the `watermark`, and the seq `served_to`
    up to which papers have been sent, or are on their way for good. It is lower where an older
    digest, `unsent`, waits in the queue, which a new one supersedes. Most readers have no
    `filters`. Those `suppressed` must not be mailed.

    By wish, in the order of readers and of each one's wishes: the reader's number, `wisher`, the
    topic's id, and the `words` that the reader knows it by.
    """

    day: date
    ids: Integers
    preference_ids: Integers
    max_papers: Integers
    watermark: Integers
    served_to: Integers
    wisher: Integers
    topics: Integers
    words: Sequence[str]
    unsent: Mapping[int, int]
    filters: Mapping[int, Filters]
    suppressed: Sequence[int]

    def __len__(self) -> int:
        return len(self.ids)


def look(
    connection: Connection,
    ids: Sequence[int],
    day: date,
    suppressed: Collection[str] = frozenset(),
) -> Audience:
    """Return the readers of those ids as they are now, for the local date `day`.

    `suppressed` holds hashes of addresses that must not be mailed.
    """
    asked = np.array(ids, dtype=np.int64)
    subscriber, preference, clock = _SUBSCRIBER.c, _PREFERENCE.c, _CLOCK.c
    query = (
        select(
            subscriber.id,
            preference.id.label("preference_id"),
            preference.max_papers,
            clock.watermark,
            _FILTERED.label("filtered"),
        )
        .join(_PREFERENCE, preference.subscriber_id == subscriber.id)
        .join(_CLOCK, clock.subscriber_id == subscriber.id)
        .where(
            covering(
                connection, asked, subscriber.id, preference.subscriber_id, clock.subscriber_id
            ),
            subscriber.status == Consent.ACTIVE,
            preference.valid_to.is_(None),
        )
    )
    columns = np.stack(fetch_columns(connection, query))
    columns = columns[:, np.isin(columns[0], asked)]
    found, preference_ids, max_papers, watermark, filtered = columns[:, np.argsort(columns[0])]
    wisher, topics, words = _wishes(connection, asked, found)
    unsent, served_to = _unsent(connection, asked, found, watermark)
    return Audience(
        day=day,
        ids=found,
        preference_ids=preference_ids,
        max_papers=max_papers,
        watermark=watermark,
        served_to=served_to,
        wisher=wisher,
        topics=topics,
        words=words,
        unsent=unsent,
        filters=_filters(connection, filtered),
        suppressed=_suppressed(connection, found, suppressed) if suppressed else (),
    )


def _wishes(
    connection: Connection, ids: Integers, readers: Integers
) -> tuple[Integers, Integers, list[str]]:
    shown = func.coalesce(_SUBSCRIPTION.c.label, _SUBSCRIPTION.c.text)
    query = select(
        _SUBSCRIPTION.c.subscriber_id,
        _SUBSCRIPTION.c.position,
        _SUBSCRIPTION.c.id,
        _SUBSCRIPTION.c.topic_id,
        shown.label("shown"),
    ).where(
        covering(connection, ids, _SUBSCRIPTION.c.subscriber_id),
        _SUBSCRIPTION.c.valid_to.is_(None),
        _SUBSCRIPTION.c.enabled,
    )
    subscriber, position, row, topic, words = fetch_columns(connection, query)
    number, there = _numbers(readers, subscriber)
    order = np.lexsort((row, position, number))
    order = order[there[order]]
    return number[order], topic[order], [words[place] for place in order.tolist()]


def _filters(connection: Connection, filtered: Integers) -> dict[int, Filters]:
    numbers = {int(filtered[number]): int(number) for number in np.flatnonzero(filtered)}
    if not numbers:
        return {}
    rows = connection.execute(
        select(
            _PREFERENCE.c.id,
            _PREFERENCE.c.mutes,
            _PREFERENCE.c.follows,
            _PREFERENCE.c.min_upvotes,
        ).where(among(connection, _PREFERENCE.c.id, numbers))
    )
    return {
        numbers[preference_id]: Filters(tuple(mutes), tuple(follows), least or 0)
        for preference_id, mutes, follows, least in rows
    }


def _unsent(
    connection: Connection, ids: Integers, readers: Integers, watermark: Integers
) -> tuple[dict[int, int], Integers]:
    """Return each reader's newest digest that waits in the queue, and up to which seq papers need
    not be looked at again.

    One that was ever uncertain is not among them: it may have been read, so that it is sent again
    as it was, and never with its papers in another letter.
    """
    attempt = tables.Attempt
    uncertain = exists().where(
        col(attempt.delivery_id) == _DELIVERY.c.id, col(attempt.result) == Result.UNCERTAIN
    )
    query = select(_DELIVERY.c.id, _DELIVERY.c.subscriber_id, _DELIVERY.c.seq_from).where(
        covering(connection, ids, _DELIVERY.c.subscriber_id),
        _DELIVERY.c.kind == Kind.DIGEST,
        _DELIVERY.c.status == Status.QUEUED,
        ~uncertain,
    )
    delivery, subscriber, seq_from = fetch_columns(connection, query)
    number, there = _numbers(readers, subscriber)
    unsent, served_to = {}, watermark.copy()
    for row in np.argsort(delivery):
        if there[row]:
            reader = int(number[row])
            unsent[reader] = int(delivery[row])
            served_to[reader] = min(watermark[reader], seq_from[row])
    return unsent, served_to


def _suppressed(connection: Connection, readers: Integers, hashes: Collection[str]) -> list[int]:
    query = select(_SUBSCRIBER.c.id, _SUBSCRIBER.c.address).where(
        covering(connection, readers, _SUBSCRIBER.c.id), _SUBSCRIBER.c.address.is_not(None)
    )
    subscriber, addresses = fetch_columns(connection, query)
    number, there = _numbers(readers, subscriber)
    return [
        int(number[row])
        for row, address in enumerate(addresses)
        if there[row] and address_hash(address) in hashes
    ]


def _numbers(readers: Integers, ids: Integers) -> tuple[Integers, Integers]:
    """Return the number of the reader of each id, and whether there is one."""
    number = np.minimum(np.searchsorted(readers, ids), len(readers) - 1)
    return number, readers[number] == ids if len(readers) else np.zeros(len(ids), np.bool_)
