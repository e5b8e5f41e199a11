"""What readers want is kept as intervals: what changes ends one, and what stays keeps its own."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from peers.newsroom import FRIDAY_NOON, subscribe
from sqlalchemy import event, select

from service.domain.filters import Filters
from service.domain.readers import Preferences
from service.domain.wishes import Wish, wishes_of
from service.installation import Installation
from service.store import audience, subscribers, tables, wanted

SUBSCRIPTION = tables.table(tables.Subscription)
LATER = FRIDAY_NOON + timedelta(hours=1)
FILTERS = Filters(("A Survey", "games"), ("Łukasz Kaiser",), 20)


def intervals(installation: Installation) -> list[tuple[Any, ...]]:
    with installation.database.read() as connection:
        rows = connection.execute(select(SUBSCRIPTION).order_by(SUBSCRIPTION.c.id)).all()
    return [(row.text, row.label, row.enabled, row.valid_from, row.valid_to) for row in rows]


def set_wishes(installation: Installation, reader: int, *wishes: Wish) -> None:
    with installation.database.write() as connection:
        wanted.set_wishes(connection, reader, wishes, LATER)


def shown(installation: Installation, reader: int, at: datetime = LATER) -> list[str]:
    with installation.database.read() as connection:
        found = wanted.at(connection, reader, at)
    assert found is not None
    return [wish.shown for wish in found.wishes]


def test_a_topic_that_stays_keeps_its_interval_and_one_that_changes_gets_another(
    installation: Installation,
) -> None:
    ada = subscribe(installation, "ada@example.org", "maps", "tea", "robots", "rivers")
    maps, tea, robots, _ = wishes_of(["maps", "tea", "robots", "rivers"])
    set_wishes(installation, ada, replace(maps, label="Atlas"), tea, replace(robots, enabled=False))
    assert intervals(installation) == [
        ("maps", None, True, FRIDAY_NOON, LATER),
        ("tea", None, True, FRIDAY_NOON, None),
        ("robots", None, True, FRIDAY_NOON, LATER),
        ("rivers", None, True, FRIDAY_NOON, LATER),
        ("maps", "Atlas", True, LATER, None),
        ("robots", None, False, LATER, None),
    ]
    assert shown(installation, ada, FRIDAY_NOON) == ["maps", "tea", "robots", "rivers"]
    assert shown(installation, ada) == ["Atlas", "tea"]


def test_topics_keep_the_order_in_which_they_are_given(installation: Installation) -> None:
    ada = subscribe(installation, "ada@example.org", "maps", "tea", "robots")
    set_wishes(installation, ada, *wishes_of(["robots", "rivers", "maps"]))
    assert shown(installation, ada) == ["robots", "rivers", "maps"]
    assert [row[:1] + row[3:] for row in intervals(installation) if row[4] is None] == [
        ("maps", FRIDAY_NOON, None), ("robots", FRIDAY_NOON, None), ("rivers", LATER, None),
    ]  # fmt: skip


def test_filters_are_kept_with_the_preferences_and_come_back_with_past_ones(
    installation: Installation,
) -> None:
    ada = subscribe(installation, "ada@example.org", "maps", filters=FILTERS)
    with installation.database.write() as connection:
        before = subscribers.by_id(connection, ada)
        wanted.set_preferences(connection, ada, Preferences(), LATER)
        after = subscribers.by_id(connection, ada)
        assert before is not None
        assert after is not None
        assert before.preference_id is not None
        past = subscribers.as_of(connection, after, before.preference_id)
    assert before.preferences.filters == past.preferences.filters == FILTERS
    assert not after.preferences.filters


def test_a_plan_reads_filters_of_those_who_have_some(installation: Installation) -> None:
    chosen = [FILTERS, Filters(), Filters(min_upvotes=5), Filters(follows=("Ada",)), Filters()]
    ids = [
        subscribe(installation, f"reader{n}@example.org", filters=filters)
        for n, filters in enumerate(chosen)
    ]
    with installation.database.read() as connection:
        found = audience.look(connection, ids, FRIDAY_NOON.date())
    assert found.filters == {n: filters for n, filters in enumerate(chosen) if filters}


def test_whoever_has_no_filters_costs_a_plan_no_question_about_them(
    installation: Installation,
) -> None:
    ids = [subscribe(installation, f"reader{n}@example.org") for n in range(3)]
    said: list[str] = []

    def listen(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    def questions() -> int:
        said.clear()
        with installation.database.read() as connection:
            audience.look(connection, ids, FRIDAY_NOON.date())
        asked = [" ".join(statement.split()) for statement in said]
        return sum("preference.mutes, preference.follows" in statement for statement in asked)

    event.listen(installation.database.engine, "before_cursor_execute", listen)
    assert questions() == 0
    with installation.database.write() as connection:
        following = Preferences(filters=Filters(follows=("Ada Lovelace",)))
        wanted.set_preferences(connection, ids[0], following, FRIDAY_NOON)
    assert questions() == 1
