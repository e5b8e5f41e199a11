"""A made-up crowd of readers, written straight into the tables."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, time
from itertools import accumulate

from sqlalchemy import insert

from service.domain.papers import Edition, Paper
from service.store import editions, tables
from service.store.dialect import insert_new
from service.store.engine import Database

_ROWS_AT_ONCE = 20_000
_SYLLABLES = [
    "ba",
    "ce",
    "di",
    "fo",
    "gu",
    "la",
    "me",
    "ni",
    "po",
    "ru",
    "sa",
    "te",
    "vi",
    "zo",
    "ha",
    "ke",
    "li",
    "mo",
    "nu",
    "pa",
    "re",
    "si",
    "to",
    "va",
    "xe",
    "yi",
    "wo",
    "da",
    "fe",
    "ga",
]


def words(count: int, rng: random.Random) -> list[str]:
    """Return that many different made-up words, the frequent ones first and short."""
    found: dict[str, None] = {}
    while len(found) < count:
        length = 2 + (len(found) > 800) + (len(found) > 20_000)
        found["".join(rng.choice(_SYLLABLES) for _ in range(length)) + "n"] = None
    return list(found)


def add_papers(database: Database, vocabulary: list[str], count: int, rng: random.Random) -> None:
    """Ingest papers whose words follow Zipf's law."""
    weights = list(accumulate(1 / (rank + 3) for rank in range(len(vocabulary))))

    def prose(length: int) -> str:
        return " ".join(rng.choices(vocabulary, cum_weights=weights, k=length))

    papers = tuple(
        Paper(
            title=prose(9),
            abstract=". ".join(prose(20) for _ in range(8)),
            authors=tuple(prose(2) for _ in range(5)),
            upvotes=int(rng.paretovariate(0.8)),
        )
        for _ in range(count)
    )
    now = datetime.now(UTC)
    sha256 = f"{rng.random()}"
    editions.store(
        database, Edition(format="bench", papers=papers), sha256=sha256, file="bench", now=now
    )


def add_readers(
    database: Database, vocabulary: list[str], readers: int, topics: int, rng: random.Random
) -> None:
    """Add active readers with 1 to 5 topics each (2.9 on average), drawn by Zipf's law.

    Popular topics are frequent words, so they match more.
    """
    now = datetime.now(UTC)
    with database.write() as connection:
        rows = [{"query": query, "created_at": now} for query in vocabulary[:topics]]
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            insert_new(connection, tables.Topic, rows[start : start + _ROWS_AT_ONCE])
    weights = list(accumulate(1 / (rank + 10) for rank in range(topics)))

    def of_table(table: type[tables.Row], made: Iterator[dict[str, object]]) -> None:
        batch: list[dict[str, object]] = []
        for row in made:
            batch.append(row)
            if len(batch) == _ROWS_AT_ONCE:
                _write(database, table, batch)
                batch = []
        if batch:
            _write(database, table, batch)

    ids = range(1, readers + 1)
    of_table(
        tables.Subscriber,
        (
            {
                "id": i,
                "email": f"reader{i}@mail{i % 500}.example.org",
                "address": f"reader{i}@mail{i % 500}.example.org",
                "name": f"Reader {i % 997}" if i % 2 else None,
                "status": "active",
                "created_at": now,
                "confirmed_at": now,
                "unsubscribe_token": f"{i:032x}",
                "unsubscribe_hash": f"{i:064x}",
            }
            for i in ids
        ),
    )
    of_table(
        tables.Preference,
        (
            {
                "subscriber_id": i,
                "timezone": "UTC",
                "send_at": time(0),
                "max_papers": 10,
                "mutes": [],
                "follows": [],
                "valid_from": now,
            }
            for i in ids
        ),
    )
    of_table(tables.ReaderClock, ({"subscriber_id": i, "watermark": 0} for i in ids))

    def subscriptions() -> Iterator[dict[str, object]]:
        for i in ids:
            count = rng.choices((1, 2, 3, 4, 5), (15, 25, 30, 15, 15))[0]
            chosen = set(rng.choices(range(topics), cum_weights=weights, k=count))
            for position, topic in enumerate(sorted(chosen)):
                yield {
                    "subscriber_id": i,
                    "topic_id": topic + 1,
                    "text": vocabulary[topic],
                    "position": position,
                    "valid_from": now,
                }

    of_table(tables.Subscription, subscriptions())


def _write(database: Database, table: type[tables.Row], rows: list[dict[str, object]]) -> None:
    with database.write() as connection:
        connection.execute(insert(table), rows)
