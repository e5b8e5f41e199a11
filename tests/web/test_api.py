"""The JSON API: its answers, its errors, and what its description promises."""

from typing import Any

import httpx
from conftest import OpenWith
from peers.dump import dump
from peers.newsroom import publish
from peers.pages import Pages, open_pages
from peers.preferences import kept
from peers.reader import Clock, deliver

from service.demo.catcher import Catcher
from service.domain.timetable import Cadence
from service.installation import Installation
from service.readers import strangers
from service.web.guard import MAX_BODY_BYTES

ADA = "ada@example.org"


def preview(pages: Pages, *topics: str, **more: str) -> Any:
    answer = pages.get("/api/preview", params={"q": topics, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def subscribe(pages: Pages, **wanted: object) -> httpx.Response:
    """Ask for letters; the next tick takes that up."""
    answer = pages.post("/api/subscriptions", json={"email": ADA, **wanted})
    strangers.answer(pages.house, pages.now())
    return answer


def mistakes(answer: httpx.Response) -> dict[str, str]:
    """Hold an answer to be problem details; return what is wrong by where it is."""
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["type"], problem["status"]) == ("about:blank", answer.status_code)
    assert problem["title"]
    return {mistake["where"]: mistake["detail"] for mistake in problem["errors"]}


def test_a_preview_tells_in_numbers_what_the_page_shows(
    pages: Pages, house: Installation, clock: Clock
) -> None:
    publish(house, clock(), "Maps of Rivers", "Robots", "Tea")
    told = preview(pages, "Atlas = maps", '"rivers of maps"', cadence="fridays")
    assert told["sentence"] == "You would have had a letter in the last week, with 1 paper."
    assert told["cadence"] == "fridays"
    assert told["days"] == [{"date": "2026-08-21", "papers": 1}]
    assert told["letters"] == {"came": 1, "of": 1, "papers_on_average": 1.0}
    assert told["topics"] == [
        {"topic": "Atlas", "query": "maps", "found": 1, "a_day": 1.0},
        {
            "topic": '"rivers of maps"', "query": '"rivers of maps"', "found": 0, "a_day": 0.0,
            "instead": {"query": "rivers of maps", "found": 1},
        },
    ]  # fmt: skip
    (latest,) = told["latest"]
    assert (latest["title"], latest["topics"]) == ("Maps of Rivers", ["Atlas"])
    assert len(preview(pages)["latest"]) == 3


def test_whoever_asks_for_letters_gets_one_to_confirm_and_every_address_the_same_answer(
    pages: Pages, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    first = subscribe(pages, topics=["maps", "Brains = neural"], cadence="sundays")
    (asking,) = deliver(house, clock, catcher)
    assert asking.rcpt_to == (ADA,)
    ada = kept(house, ADA)
    assert [wish.shown for wish in ada.wishes] == ["maps", "Brains"]
    assert (ada.preferences.cadence, ada.preferences.max_papers) == (Cadence.SUNDAYS, 25)
    again, other = subscribe(pages, topics=["tea"]), subscribe(pages, email="bob@example.org")
    for answer in (first, again, other):
        assert (answer.status_code, answer.content) == (202, first.content)
    assert [wish.shown for wish in kept(house, ADA).wishes] == ["maps", "Brains"]


def test_every_mistake_is_named_by_its_place_and_nothing_is_kept(
    pages: Pages, house: Installation
) -> None:
    before = dump(house.database)
    wrong = subscribe(
        pages,
        email="ada@",
        topics=["maps", "robots AND (tea", "x" * 41 + " = maps"],
        timezone="Mars",
    )
    assert wrong.status_code == 422
    told = mistakes(wrong)
    assert set(told) == {"/email", "/topics/1", "/topics/2", "/timezone"}
    assert wrong.json()["errors"][0] == {
        "where": "/topics/1",
        "detail": "This parenthesis is never closed.",
        "position": 12,
        "instead": "robots AND (tea)",
    }
    assert set(mistakes(subscribe(pages, send_at="7am"))) == {"/send_at"}
    assert set(mistakes(subscribe(pages, cadence="hourly", hour=7))) == {"/cadence", "/hour"}
    torn = pages.post(
        "/api/subscriptions", content=b"{", headers={"content-type": "application/json"}
    )
    assert mistakes(torn) == {"": "This is not JSON from character 1 on."}
    as_form = pages.post("/api/subscriptions", data={"email": ADA})
    assert as_form.status_code == 422, "a form of somebody else's page signs nobody up"
    assert mistakes(pages.get("/api/preview", params={"q": "("})) == {
        "q": "This parenthesis is never closed."
    }
    assert mistakes(pages.get("/api/preview", params={"q": ["maps"] * 21}))
    assert dump(house.database) == before


def test_what_cannot_be_done_is_a_problem_too(pages: Pages) -> None:
    for answer, status in (
        (pages.get("/api/nothing"), 404),
        (pages.delete("/api/preview"), 405),
        (subscribe(pages, topics=["x" * MAX_BODY_BYTES]), 413),
        (pages.post("/api/subscriptions", content=iter([b"{}"])), 411),
    ):
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status


def test_only_pages_of_configured_origins_may_call_from_a_browser(
    open_with: OpenWith, clock: Clock, pages: Pages
) -> None:
    known, other = "https://www.example.org", "https://other.example"
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    named = "access-control-allow-origin"
    with open_pages(open_with(api_origins=known), clock) as open_to_one:
        for origin, allowed in ((known, known), (other, None)):
            asks = {"Origin": origin}
            assert open_to_one.get("/api/preview", headers=asks).headers.get(named) == allowed
            before = open_to_one.options("/api/subscriptions", headers=asks | asked)
            assert before.headers.get(named) == allowed
        assert named not in open_to_one.get("/", headers={"Origin": known}).headers
    assert named not in pages.get("/api/preview", headers={"Origin": known}).headers


def test_who_asks_too_often_is_told_when_to_come_again(
    open_with: OpenWith, clock: Clock, catcher: Catcher
) -> None:
    few = open_with(requests_per_address=1, smtp_url="smtp://{}:{}".format(*catcher.address))
    with open_pages(few, clock) as pages:
        assert subscribe(pages).status_code == 202
        refused = subscribe(pages)
        assert refused.status_code == 429
        assert mistakes(refused) == {}
        assert int(refused.headers["retry-after"]) > 0


def test_a_page_of_another_site_signs_nobody_up(
    open_with: OpenWith, clock: Clock, house: Installation
) -> None:
    known = "https://www.example.org"
    before = dump(house.database)
    with open_pages(open_with(api_origins=known), clock) as pages:
        for headers in (
            {"Origin": "https://other.example"},
            {"Origin": "https://other.example", "Sec-Fetch-Site": "cross-site"},
        ):
            refused = pages.post("/api/subscriptions", json={"email": ADA}, headers=headers)
            assert refused.status_code == 403
            assert mistakes(refused) == {}
        assert dump(house.database) == before
        asks = {"Origin": known, "Sec-Fetch-Site": "cross-site"}
        answer = pages.post("/api/subscriptions", json={"email": ADA}, headers=asks)
        assert answer.status_code == 202


def test_the_description_documents_every_route_and_every_answer(pages: Pages) -> None:
    document = pages.get("/api/openapi.json").json()
    assert document["servers"] == [{"url": "/api"}]
    assert set(document["paths"]) == {"/preview", "/subscriptions"}
    for path in document["paths"].values():
        for operation in path.values():
            assert operation["description"]
            assert set(operation["responses"]["422"]["content"]) == {"application/problem+json"}
