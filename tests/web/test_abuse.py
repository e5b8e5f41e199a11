"""Robots, other sites and the hasty: refused or asked once more, and no reader is lost."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import httpx
import pytest
from conftest import OpenWith
from peers.account import account_path
from peers.dump import dump
from peers.letter import unsubscribe_link
from peers.newsroom import leave, publish, subscribe
from peers.pages import Pages, open_pages
from peers.preferences import kept, preferences_path
from peers.reader import Clock, deliver, form_of, path_of, sign_up

from service import pipeline
from service.demo.catcher import Catcher
from service.installation import Installation
from service.readers import strangers
from service.store import subscribers
from service.web.form_age import opened

PROXY = ["127.0.0.1"]


@pytest.fixture
def machines(open_with: OpenWith, clock: Clock, catcher: Catcher) -> Iterator[list[Pages]]:
    """The pages of two machines behind a proxy, with one database."""
    smtp = "smtp://{}:{}".format(*catcher.address)
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                open_pages(
                    open_with(
                        smtp_url=smtp,
                        requests_per_address=2,
                        requests_per_network=3,
                        requests_in_all=5,
                    ),
                    clock,
                    proxies=PROXY,
                )
            )
            for _ in range(2)
        ]


def ask(pages: Pages, email: str, client: str) -> httpx.Response:
    return pages.post("/", data=form_of(pages, email, "maps"), headers={"X-Forwarded-For": client})


def test_one_address_is_written_to_so_often_a_day_whoever_asks_and_whosever_it_is(
    machines: list[Pages], clock: Clock, catcher: Catcher
) -> None:
    here, there = machines
    subscribe(here.house, "ada@example.org", "maps", at=clock())
    seen = []
    for email in ("ada@example.org", "nobody@example.org"):
        assert ask(here, email, "8.8.4.1").status_code == 303
        assert ask(there, email.upper(), "9.9.9.9").status_code == 303
        refused = ask(here, email, "1.1.1.1")
        assert refused.status_code == 429
        seen.append((refused.content, refused.headers["Retry-After"]))
    assert seen[0] == seen[1]
    assert seen[0][1] == str(12 * 60 * 60)
    assert b"Please try again in 12 hours." in seen[0][0]
    (asking,) = deliver(here.house, clock, catcher)
    assert asking.rcpt_to[0].casefold() == "nobody@example.org"
    clock.time += timedelta(hours=12)
    assert ask(here, "nobody@example.org", "1.1.1.1").status_code == 303


def test_one_network_may_ask_so_often_an_hour_and_its_neighbours_with_it(
    machines: list[Pages], clock: Clock
) -> None:
    here, there = machines
    for number, pages in enumerate((here, there, here)):
        assert ask(pages, f"ada{number}@example.org", f"8.8.4.{number}").status_code == 303
    refused = ask(there, "bob@example.org", "8.8.4.77")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1200")
    found = there.post(
        "/preferences", data={"email": "bob@example.org"}, headers={"X-Forwarded-For": "8.8.4.8"}
    )
    assert found.status_code == 429
    assert ask(there, "bob@example.org", "8.8.5.1").status_code == 303
    # Whatever a client claims itself stands further to the left than what our proxy saw.
    assert ask(there, "carol@example.org", "1.1.1.1, 8.8.4.1").status_code == 429


def test_everybody_together_may_ask_so_often_and_who_is_refused_before_uses_nothing_of_it(
    machines: list[Pages], clock: Clock
) -> None:
    here, there = machines
    for number in range(3):
        assert ask(here, f"ada{number}@example.org", "8.8.4.1").status_code == 303
    for _ in range(5):
        assert ask(here, "eve@example.org", "8.8.4.1").status_code == 429
    for number in range(2):
        assert ask(there, f"bob{number}@example.org", "9.9.9.9").status_code == 303
    before = dump(here.house.database)
    assert ask(there, "carol@example.org", "1.1.1.1").status_code == 429
    assert dump(here.house.database) == before
    clock.time += timedelta(minutes=12)
    assert ask(there, "carol@example.org", "1.1.1.1").status_code == 303


def test_a_new_address_of_a_reader_counts_as_asking_too(
    machines: list[Pages], clock: Clock, catcher: Catcher
) -> None:
    pages = machines[0]
    subscribe(pages.house, "ada@example.org", at=clock())
    path = account_path(pages, pages.house, clock, catcher, "ada@example.org")
    answers = [
        pages.post(f"{path}/address", data={"email": "victim@example.net"}) for _ in range(3)
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 429]


def test_without_proxies_that_are_trusted_nobody_is_believed_to_be_elsewhere(
    open_with: OpenWith, clock: Clock
) -> None:
    with open_pages(open_with(requests_per_network=1), clock) as pages:
        for number in range(3):
            assert ask(pages, f"ada{number}@example.org", "8.8.4.1").status_code == 303
        assert "8.8.4" not in dump(pages.house.database)


def test_who_asked_is_forgotten_with_the_allowance(machines: list[Pages], clock: Clock) -> None:
    pages = machines[0]
    ask(pages, "ada@example.org", "8.8.4.1")
    assert "8.8.4.0/24" in dump(pages.house.database)
    clock.time += timedelta(minutes=20)
    pipeline.tidy(pages.house, clock())
    assert "8.8.4.0/24" not in dump(pages.house.database)


def test_the_hasty_see_the_form_once_more_as_they_filled_it_in(
    pages: Pages, house: Installation, clock: Clock
) -> None:
    before = dump(house.database)
    form = form_of(pages, "ada@example.org", "maps", "rivers")
    just_now = opened(house.keys, clock() - timedelta(seconds=1))
    long_ago = opened(house.keys, clock() - timedelta(hours=25))
    for token in (just_now, long_ago, "", "x.y.z"):
        again = pages.post("/", data=form | {"opened": token})
        assert again.status_code == 422
        assert "Please look it over and press the button once more." in again.text
        assert all(f'value="{topic}"' in again.text for topic in ("maps", "rivers"))
        assert 'value="ada@example.org"' in again.text
    assert dump(house.database) == before
    # The page that came back is read, and its button pressed.
    token = again.text.split('name="opened" value="')[1].split('"')[0]
    clock.time += timedelta(seconds=2)
    assert pages.post("/", data=form | {"opened": token}).status_code == 303
    strangers.answer(house, clock())
    assert kept(house, "ada@example.org").status == "pending"


CROSS = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "null"},
    {"Origin": "https://evil.example"},
    {"Origin": "http://127.0.0.1.evil.example"},
]


@pytest.mark.parametrize("headers", CROSS, ids=str)
def test_a_button_on_another_site_presses_nothing(
    pages: Pages, house: Installation, clock: Clock, headers: dict[str, str]
) -> None:
    subscribe(house, "ada@example.org", "maps", at=clock())
    own = preferences_path(house, "ada@example.org")
    before = dump(house.database)
    for path, form in (
        ("/", form_of(pages, "bob@example.org")),
        ("/preferences", {"email": "ada@example.org"}),
        (f"{own}/pause", {"span": "week"}),
        (f"{own}/account", {}),
    ):
        answer = pages.post(path, data=form, headers=headers)
        assert answer.status_code == 403, path
        assert "That button stands on another site." in answer.text
    assert dump(house.database) == before


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "null"},
        {"Origin": "{own}"},
        {"Origin": "http://127.0.0.1:8000"},
    ],
    ids=str,
)
def test_our_own_buttons_work_in_every_browser(pages: Pages, headers: dict[str, str]) -> None:
    own = str(pages.base_url).rstrip("/")
    told = {name: value.format(own=own) for name, value in headers.items()}
    answer = pages.post("/", data=form_of(pages, "ada@example.org"), headers=told)
    assert answer.status_code == 303


@pytest.mark.parametrize("headers", CROSS, ids=str)
def test_a_mail_client_may_press_the_one_button_from_wherever_it_is(
    pages: Pages, house: Installation, clock: Clock, catcher: Catcher, headers: dict[str, str]
) -> None:
    subscribe(house, "ada@example.org", "maps", at=clock())
    publish(house, clock(), "Maps of Rivers")
    pipeline.plan(house, clock(), everyone=True)
    (digest,) = deliver(house, clock, catcher)
    stop = path_of(unsubscribe_link(digest))
    answer = pages.post(stop, data={"List-Unsubscribe": "One-Click"}, headers=headers)
    assert answer.status_code == 200
    assert kept(house, "ada@example.org").status == "unsubscribed"


def changes(pages: Pages, path: str, form: dict[str, str]) -> list[str]:
    """Return which tables a request adds rows to, the allowances aside."""

    def rows() -> list[str]:
        told = dump(pages.house.database, without=frozenset({"allowance"}))
        return [line.partition(":")[0] for line in told.splitlines()]

    before = rows()
    assert pages.post(path, data=form).status_code in (200, 303)
    after = rows()
    for table in before:
        after.remove(table)
    return after


def test_known_and_unknown_addresses_cost_the_same_until_the_answer(
    pages: Pages, house: Installation, clock: Clock
) -> None:
    subscribe(house, "ada@example.org", "maps", at=clock())
    leave(house, subscribe(house, "gone@example.org", at=clock()), clock())
    sign_up(pages, "pending@example.org", "maps")
    for name in ("ada", "gone", "pending", "new"):
        email = f"{name}@example.org"
        assert changes(pages, "/", form_of(pages, email, "maps")) == ["request"]
        assert changes(pages, "/preferences", {"email": email}) == ["request"]


def test_what_was_asked_for_is_done_with_the_next_tick_and_once(
    pages: Pages, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    pages.post("/", data=form_of(pages, "ada@example.org", "Maps = maps OR charts"))
    pages.post("/preferences", data={"email": "nobody@example.org"})
    with house.database.read() as connection:
        assert subscribers.by_address(connection, "ada@example.org") is None
    waiting = dump(house.database)
    assert strangers.answer(house, clock()) == 2
    assert [wish.shown for wish in kept(house, "ada@example.org").wishes] == ["Maps"]
    assert "request:" in waiting
    assert "request:" not in dump(house.database)
    assert strangers.answer(house, clock()) == 0
    assert len(deliver(house, clock, catcher)) == 1


def test_a_tick_that_died_half_way_is_done_again_and_makes_no_second_letter(
    pages: Pages, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    subscribe(house, "bob@example.org", at=clock())
    pages.post("/", data=form_of(pages, "ada@example.org", "maps"))
    pages.post("/preferences", data={"email": "bob@example.org"})
    with house.database.read() as connection:
        waiting = strangers.requests.oldest(connection, 9)
    assert strangers.answer(house, clock()) == 2
    with house.database.write() as connection:
        for row in waiting:
            strangers.requests.add(connection, row.kind, row.said, row.at)
    assert strangers.answer(house, clock()) == 2
    assert len(deliver(house, clock, catcher)) == 2
