"""Keys are changed while readers hold letters with links of the old one."""

from datetime import timedelta

import httpx
from conftest import OpenWith
from peers.letter import link_of, unsubscribe_link
from peers.newsroom import LOST, publish, subscribe, take_out
from peers.pages import open_pages
from peers.reader import Clock, deliver, path_of, sign_up
from peers.sending import binder_of

from service import pipeline
from service.demo.catcher import Catcher
from service.installation import Installation

OLD, NEW = "the-key-of-last-year-is-long-enough", "the-key-of-this-year-is-long-enough"


def rotated(open_with: OpenWith, catcher: Catcher, older: str = "") -> Installation:
    """Return the same house after a change of keys."""
    return open_with(
        smtp_url="smtp://{}:{}".format(*catcher.address), secret_key=NEW, older_secret_keys=older
    )


def test_every_link_holds_while_the_old_key_is_listed_and_unsubscribing_for_ever(
    open_with: OpenWith, clock: Clock, catcher: Catcher
) -> None:
    house = open_with(smtp_url="smtp://{}:{}".format(*catcher.address), secret_key=OLD)
    with open_pages(house, clock) as pages:
        sign_up(pages, "bob@example.org")
        (asking,) = deliver(house, clock, catcher)
        subscribe(house, "ada@example.org", "maps", at=clock())
        publish(house, clock(), "Maps of Rivers")
        pipeline.plan(house, clock(), everyone=True)
        (digest,) = deliver(house, clock, catcher)
    stop = path_of(unsubscribe_link(digest))
    signed = [
        path_of(link_of(asking, "/confirm/")),
        path_of(link_of(digest, "/d/")),
        path_of(link_of(digest, "/preferences/[^/]*$")),
    ]

    def seen(pages: httpx.Client) -> list[int]:
        return [pages.get(path).status_code for path in signed]

    with open_pages(rotated(open_with, catcher, older=OLD), clock) as pages:
        assert seen(pages) == [200, 200, 200]
    with open_pages(rotated(open_with, catcher), clock) as pages:
        assert seen(pages) == [404, 404, 404]
        assert "No more letters come" in pages.post(stop).text


def test_a_letter_tried_again_after_a_change_of_keys_is_the_same_to_the_byte(
    open_with: OpenWith, clock: Clock, catcher: Catcher
) -> None:
    house = open_with(smtp_url="smtp://{}:{}".format(*catcher.address), secret_key=OLD)
    assert deliver(house, clock, catcher) == []
    subscribe(house, "ada@example.org", "maps", at=clock())
    publish(house, clock(), "Maps of Rivers")
    pipeline.plan(house, clock(), everyone=True)
    (claim,) = take_out(house, clock(), LOST)
    first = binder_of(house).bind(claim)

    house = rotated(open_with, catcher, older=OLD)
    clock.time += timedelta(hours=1)
    subscribe(house, "bob@example.org", "maps", at=clock())
    pipeline.plan(house, clock(), everyone=True)
    again, other = sorted(deliver(house, clock, catcher), key=lambda caught: caught.rcpt_to)
    assert again.raw == first
    assert path_of(link_of(other, "/d/")).startswith(f"/d/{house.keys.current.key_id}")
