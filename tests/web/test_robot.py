"""A robot opens every link of every letter, and all that they lead to, and changes nothing."""

import html
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from peers.account import account_path
from peers.dump import dump
from peers.letter import link_of, links_of, unsubscribe_link
from peers.newsroom import publish, subscribe
from peers.pages import Pages
from peers.reader import Clock, deliver, path_of, sign_up
from playwright.sync_api import Browser

from service import pipeline
from service.demo.catcher import Catcher, Caught
from service.domain.deliveries import Kind
from service.installation import Installation
from service.store.letters import Which, newest_first


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """An embedded database alone: the pages are the same on any."""
    shutil.copy(sqlite_template, tmp_path / "robot.db")
    return f"sqlite:///{tmp_path / 'robot.db'}"


def mail(pages: Pages, house: Installation, clock: Clock, catcher: Catcher) -> list[Caught]:
    """Return a letter of every kind, each with links that still do something."""

    def came() -> list[Caught]:
        return deliver(house, clock, catcher)

    for name in ("ada", "bob", "carol", "dora"):
        subscribe(house, f"{name}@example.org", "maps", at=clock())
    publish(house, clock(), "Maps of Rivers")
    pipeline.plan(house, clock(), everyone=True)
    found = came()
    pages.post(path_of(unsubscribe_link(found[0])))
    gone = found[0].rcpt_to[0]
    mover, asker = [caught.rcpt_to[0] for caught in found[1:3]]
    found += came()
    for email, new in ((mover, "new@example.net"), (asker, "other@example.net")):
        path = account_path(pages, house, clock, catcher, email)
        pages.post(f"{path}/address", data={"email": new})
        (asking,) = came()
        found.append(asking)
        if email == mover:
            pages.post(path_of(link_of(asking, "/address/")))
            found += came()
    pages.post(f"{preferences_of(found[2])}/account")
    pages.post("/preferences", data={"email": asker})
    sign_up(pages, "erin@example.org", "maps")
    sign_up(pages, "frank@example.org", "tea")
    found += came()
    frank = next(caught for caught in found if caught.rcpt_to == ("frank@example.org",))
    pages.post(path_of(link_of(frank, "/confirm/")))
    found += came()
    with house.database.read() as connection:
        kinds = {row.kind for row in newest_first(connection, Which(), 100)}
    assert kinds == set(Kind)
    assert gone not in (mover, asker)
    return found


def preferences_of(digest: Caught) -> str:
    return path_of(link_of(digest, "/preferences/[^/]*$"))


def ours(house: Installation, letters: list[Caught]) -> set[str]:
    """Return the paths of our own that letters link to."""
    links = {link for letter in letters for link in links_of(letter)}
    return {path_of(link) for link in links if link.startswith(house.house.base_url)}


def test_getting_every_link_and_all_they_lead_to_changes_nothing(
    pages: Pages, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    waiting, seen = ours(house, mail(pages, house, clock, catcher)), set[str]()
    before = dump(house.database)
    while waiting:
        path = waiting.pop()
        seen.add(path)
        statuses = [pages.get(path).status_code, pages.head(path).status_code]
        assert max(statuses) < 500, path
        assert pages.options(path).status_code in (405, 404), path
        page = html.unescape(pages.get(path).text)
        # Where a form would be posted to is tried as well.
        found = re.findall(r'(?:href|action|src)="(/[^"]*)"', page)
        waiting |= {urlsplit(link).path for link in found} - seen
    assert {path.split("/")[1] for path in seen} >= {
        "account", "address", "confirm", "d", "paper", "preferences", "u", "undo",
    }  # fmt: skip
    assert any(path.endswith("/erase") for path in seen)
    assert any(path.endswith("/why") for path in seen)
    assert dump(house.database) == before


@pytest.mark.browser
@pytest.mark.long
def test_a_scanner_that_runs_the_scripts_of_every_link_changes_nothing(
    pages: Pages,
    house: Installation,
    clock: Clock,
    catcher: Catcher,
    chromium: Browser,
) -> None:
    # The browser's event loop runs in this thread, and the sender's cannot run inside it.
    with ThreadPoolExecutor() as threads:
        found = threads.submit(mail, pages, house, clock, catcher).result()
    before = dump(house.database)
    page = chromium.new_page()
    asked = []
    page.on("request", lambda sent: asked.append(sent.method))
    for path in sorted(ours(house, found)):
        if not path.endswith(".bib"):
            page.goto(f"{str(pages.base_url).rstrip('/')}{path}", wait_until="load")
    page.close()
    assert "POST" not in asked
    assert dump(house.database) == before
