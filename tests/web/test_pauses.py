"""A reader takes a pause, from the letter's own link, and the letters come again."""

import re
from datetime import date, timedelta

import httpx
import pytest
from peers.dump import dump
from peers.letter import link_of, text_of
from peers.newsroom import digests, leave, publish, statuses, subscribe
from peers.preferences import kept, preferences_path, save
from peers.reader import Clock, deliver, path_of

from service import pipeline
from service.demo.catcher import Catcher
from service.installation import Installation

ADA = "ada@example.org"


@pytest.fixture
def path(pages: httpx.Client, house: Installation, clock: Clock) -> str:
    """The path to the preferences of Ada, in Auckland, where it is midnight already."""
    subscribe(house, ADA, "maps", at=clock(), timezone="Pacific/Auckland")
    return preferences_path(house, ADA)


def test_a_letter_leads_to_the_pause_and_only_the_button_begins_it(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, path: str
) -> None:
    publish(house, clock(), "Maps of Rivers")
    pipeline.plan(house, clock(), everyone=True)
    (letter,) = deliver(house, clock, catcher)
    (link,) = re.findall(r"Pause a week: (\S+)", text_of(letter).split("You asked")[0])
    (change,) = re.findall(r"Change topics: (\S+)", text_of(letter).split("You asked")[0])
    assert link == change + "/pause"
    assert "Your letter" in pages.get(path_of(change)).text
    before = dump(house.database)
    asked = pages.get(path_of(link))
    assert "Pause the letter to <bdi>a…@example.org</bdi> for a week?" in asked.text
    assert "It comes again on Saturday 29 August" in asked.text
    assert pages.head(path_of(link)).status_code == 200
    assert pages.get(path_of(link).replace("pause", "resume")).status_code == 405
    assert dump(house.database) == before
    paused = pages.post(path_of(link), data={"span": "week"})
    assert "Your letter is paused until Saturday 29 August 2026." in paused.text
    reader = kept(house, ADA)
    assert (reader.status, reader.paused_until) == ("paused", date(2026, 8, 29))


def test_letters_come_again_by_themselves_on_the_readers_own_day_with_the_last_papers(
    pages: httpx.Client, house: Installation, clock: Clock, path: str
) -> None:
    ada = kept(house, ADA).subscriber_id
    pages.post(f"{path}/pause", data={"span": "week"})
    publish(house, clock(), "Old Maps")
    clock.time += timedelta(days=6, hours=-1)
    publish(house, clock(), "New Maps")
    assert pipeline.plan(house, clock(), everyone=True).due == 0
    clock.time += timedelta(hours=1)  # In Auckland it is the 28th; the pause ends on the 29th.
    assert pipeline.plan(house, clock(), everyone=True).due == 0
    clock.time += timedelta(days=1)
    assert pipeline.plan(house, clock(), everyone=True).planned == 1
    (digest,) = digests(house, ada)
    assert (digest.titles, digest.day) == (("New Maps",), date(2026, 8, 29))
    reader = kept(house, ADA)
    assert (reader.status, reader.paused_until) == ("active", None)
    assert reader.confirmed_at == reader.created_at, "the letter was asked for on that day"


def test_a_pause_withdraws_the_letter_in_the_queue_whose_papers_come_later(
    pages: httpx.Client, house: Installation, clock: Clock, path: str
) -> None:
    publish(house, clock(), "Maps of Rivers")
    pipeline.plan(house, clock(), everyone=True)
    pages.post(f"{path}/pause", data={"span": "week"})
    assert statuses(house) == {"cancelled": 1}
    resumed = pages.post(f"{path}/resume")
    assert "Your letters come again." in resumed.text
    assert kept(house, ADA).status == "active"
    clock.time += timedelta(days=1)
    assert pipeline.plan(house, clock(), everyone=True).planned == 1


def test_a_pause_is_prolonged_and_shown_among_the_preferences(
    pages: httpx.Client, house: Installation, path: str
) -> None:
    for data, until in (
        ({"span": "week"}, "Saturday 29 August 2026"),
        ({"span": "month"}, "Tuesday 22 September 2026"),
        ({"until": "2026-12-24"}, "Thursday 24 December 2026"),
    ):
        assert f"paused until {until}" in pages.post(f"{path}/pause", data=data).text
    page = pages.get(path).text
    assert "Paused until Thursday 24 December 2026: no letters come for now." in page
    assert f'action="{path}/resume"' in page
    assert "Saved." in save(pages, path, more="tea").text
    assert kept(house, ADA).status == "paused"


@pytest.mark.parametrize("until", ["", "2026-08-22", "2029-01-01", "<b>soon</b>"])
def test_a_day_that_cannot_be_is_named_and_changes_nothing(
    pages: httpx.Client, house: Installation, path: str, until: str
) -> None:
    before = dump(house.database)
    answer = pages.post(f"{path}/pause", data={"until": until})
    assert answer.status_code == 422
    assert 'id="until-error"' in answer.text
    assert "<b>soon" not in answer.text
    assert dump(house.database) == before


def test_who_pauses_may_leave_and_undo_brings_letters_and_no_pause(
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher, path: str
) -> None:
    pages.post(f"{path}/pause", data={"span": "week"})
    left = pages.post(f"/u/{kept(house, ADA).unsubscribe_token}")
    assert 'action="/undo/' in left.text
    assert kept(house, ADA).paused_until is None
    (goodbye,) = deliver(house, clock, catcher)
    pages.post(path_of(link_of(goodbye, "/undo/")))
    assert kept(house, ADA).status == "active"


def test_who_left_cannot_pause_or_come_back_by_an_old_link(
    pages: httpx.Client, house: Installation, clock: Clock, path: str
) -> None:
    leave(house, kept(house, ADA).subscriber_id, clock())
    before = dump(house.database)
    for answer in (
        pages.get(f"{path}/pause"),
        pages.post(f"{path}/pause", data={"span": "week"}),
        pages.post(f"{path}/resume"),
    ):
        assert "No letters come to this address." in answer.text
    for bad in (f"{path}x/pause", f"{path}x/resume"):
        assert pages.post(bad, data={"span": "week"}).status_code == 404
    assert dump(house.database) == before
