"""The JSON API: its answers, its errors, and what its description promises."""

import os
from typing import Any

import httpx
import pytest
import schemathesis
from conftest import OpenWith
from hypothesis import HealthCheck, given, settings
from peers.dump import dump
from peers.newsroom import publish
from peers.pages import open_pages
from peers.preferences import kept
from peers.reader import Clock, deliver
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service.demo.catcher import Catcher
from service.domain.timetable import Cadence
from service.installation import Installation
from service.web.app import MAX_BODY_BYTES, web_app

ADA = "ada@example.org"
# So many requests to each of the two operations, half of them as described and half not.
REQUESTS = 2_500 if os.environ.get("PAPERROUND_TORTURE") else 25
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


def preview(pages: httpx.Client, *topics: str, **more: str) -> Any:
    answer = pages.get("/api/preview", params={"q": topics, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def subscribe(pages: httpx.Client, **wanted: object) -> httpx.Response:
    return pages.post("/api/subscriptions", json={"email": ADA, **wanted})


def mistakes(answer: httpx.Response) -> dict[str, str]:
    """Hold an answer to be problem details; return what is wrong by where it is."""
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["type"], problem["status"]) == ("about:blank", answer.status_code)
    assert problem["title"]
    return {mistake["where"]: mistake["detail"] for mistake in problem["errors"]}


def test_a_preview_tells_in_numbers_what_the_page_shows(
    pages: httpx.Client, house: Installation, clock: Clock
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
    pages: httpx.Client, house: Installation, clock: Clock, catcher: Catcher
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
    pages: httpx.Client, house: Installation
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
    assert mistakes(pages.get("/api/preview", params={"q": ["maps"] * 51}))
    assert dump(house.database) == before


def test_what_cannot_be_done_is_a_problem_too(pages: httpx.Client) -> None:
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
    open_with: OpenWith, clock: Clock, pages: httpx.Client
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


def test_the_description_documents_every_route_and_every_answer(pages: httpx.Client) -> None:
    document = pages.get("/api/openapi.json").json()
    assert document["servers"] == [{"url": "/api"}]
    assert set(document["paths"]) == {"/preview", "/subscriptions"}
    for path in document["paths"].values():
        for operation in path.values():
            assert operation["description"]
            assert set(operation["responses"]["422"]["content"]) == {"application/problem+json"}


@pytest.mark.parametrize("operation", ["GET /preview", "POST /subscriptions"])
def test_no_request_breaks_the_promises_of_the_description(
    operation: str, house: Installation, clock: Clock
) -> None:
    publish(house, clock(), "Maps of Rivers", "Robots", "Tea")
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", web_app(house, clock))
    method, _, path = operation.partition(" ")
    described = schema[path][method]

    for mode in GenerationMode:

        @settings(max_examples=REQUESTS, suppress_health_check=list(HealthCheck), deadline=None)
        @given(case=described.as_strategy(generation_mode=mode))
        def holds(case: schemathesis.Case) -> None:
            case.call_and_validate(checks=list(CHECKS))

        holds()
