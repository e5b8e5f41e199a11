"""The JSON API, for a front end of somebody's own: look at a preview, ask for letters."""

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from service.domain.allowances import TooMany
from service.domain.mending import mended
from service.domain.readers import Preferences
from service.domain.timetable import Cadence, TimetableError, parse_hour, zone
from service.domain.topics import TopicError
from service.domain.wishes import Wish, WishError, wishes_of
from service.installation import Installation
from service.mail.address import AddressError, parse_address
from service.readers import strangers
from service.recent import MOST_TRIED, RecentPapers
from service.web.documents import Accepted, PreviewDocument, SubscriptionRequest
from service.web.origin import client_network
from service.web.pace import Pace
from service.web.phrases import sentence, spoken_wait
from service.web.problems import Mistake, Problem, documented, problem

_ABOUT = (
    "Look at what letters some topics would have made, and ask for such letters. Answers to "
    "requests that fail are problem details (RFC 9457)."
)
_Answers = dict[int | str, dict[str, Any]]
_WRONG: _Answers = {422: documented("The request cannot be used; `errors` says where and why.")}
_NO_JSON: _Answers = {400: documented("The body is not text in UTF-8.")}
_SAID = {400: "The body is not JSON, as text in UTF-8."}
_TOO_MUCH: _Answers = {413: documented("The request is larger than 64 KB.")}
_TOO_MANY: _Answers = {429: documented("Too many requests; `Retry-After` says when to come again.")}


class _Wrong(Exception):
    """A request that cannot be used, with its mistakes."""

    def __init__(self, errors: Sequence[Mistake]) -> None:
        super().__init__(errors)
        self.errors = errors


def api_app(
    installation: Installation, recent: RecentPapers, pace: Pace, now: Callable[[], datetime]
) -> FastAPI:
    """Return the application to stand under /api."""
    api = FastAPI(
        title="Paperround",
        version="1",
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    if installation.api_origins:
        api.add_middleware(
            CORSMiddleware,
            allow_origins=list(installation.api_origins),
            allow_methods=["GET", "POST"],
            allow_headers=["content-type"],
        )
    _answer_trouble(api)

    @api.get("/preview", response_model_exclude_none=True, responses={**_WRONG, **_TOO_MANY})
    def preview(
        request: Request,
        q: Annotated[
            list[str] | None,
            Query(
                max_length=MOST_TRIED,
                description="A topic, perhaps as `LABEL = TOPIC`; may be repeated. None stands "
                "for what trends.",
                examples=["world models"],
            ),
        ] = None,
        cadence: Annotated[Cadence, Query(description="How often letters come.")] = Cadence.DAILY,
    ) -> PreviewDocument:
        """Tell what letters topics would have made in the last 30 days."""
        wrong: list[Mistake] = []
        wishes = _wishes(q or (), "q", wrong)
        if wrong:
            raise _Wrong(wrong)
        moment = now()
        pace.spend(client_network(request), max(1, len(wishes)), moment)
        return PreviewDocument.of(recent.preview(wishes, cadence, moment))

    @api.post(
        "/subscriptions",
        status_code=202,
        responses={**_NO_JSON, **_WRONG, **_TOO_MUCH, **_TOO_MANY},
    )
    def subscribe(request: Request, wanted: SubscriptionRequest) -> Accepted:
        """Ask for letters to an address.

        Its owner is sent a letter to confirm, unless there is no need for one. The answer is the
        same for every address.
        """
        wrong: list[Mistake] = []
        wishes = _wishes(wanted.topics, "/topics/{}", wrong)
        chosen = Preferences(max_papers=wanted.cadence.usual_papers, cadence=wanted.cadence)
        try:
            zone(wanted.timezone)
            hour = parse_hour(wanted.send_at)
            chosen = Preferences(
                wanted.timezone, hour, wanted.cadence.usual_papers, cadence=wanted.cadence
            )
        except TimetableError as error:
            where = "/send_at" if "hour" in str(error) else "/timezone"
            wrong.append(Mistake(where=where, detail=sentence(error)))
        try:
            address = parse_address(wanted.email)
        except AddressError as error:
            wrong.append(Mistake(where="/email", detail=sentence(error)))
        if wrong:
            raise _Wrong(wrong)
        strangers.sign_up(
            installation,
            address,
            wishes,
            chosen,
            now(),
            source="API",
            network=client_network(request),
        )
        return Accepted(
            message="Look in your inbox. If that address can be signed up, a letter is on its way."
        )

    @api.get("/openapi.json", include_in_schema=False)
    def description(request: Request) -> dict[str, Any]:
        return described(api, request.scope.get("root_path", ""))

    return api


def described(api: FastAPI, root: str) -> dict[str, Any]:
    """Return the OpenAPI description of the API that stands under the path `root`."""
    document = get_openapi(
        title=api.title,
        version=api.version,
        description=api.description,
        routes=api.routes,
        servers=[{"url": root or "/"}],
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    told = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= told.pop("$defs", {})
    schemas["Problem"] = told
    return document


def _wishes(texts: Sequence[str], where: str, wrong: list[Mistake]) -> tuple[Wish, ...]:
    """Return the topics; what is wrong with any of them is added to `wrong`."""
    wishes: tuple[Wish, ...] = ()
    for number, text in enumerate(texts):
        try:
            wishes = wishes_of([text], wishes)
        except TopicError as error:
            wrong.append(
                Mistake(
                    where=where.format(number),
                    detail=sentence(error.message),
                    position=error.position,
                    instead=mended(error.text),
                )
            )
        except WishError as error:
            wrong.append(Mistake(where=where.format(number), detail=sentence(error)))
    return wishes


def _answer_trouble(api: FastAPI) -> None:
    @api.exception_handler(_Wrong)
    def wrong(_request: Request, error: Exception) -> Response:
        assert isinstance(error, _Wrong)
        return problem(422, "This cannot be used as it stands.", error.errors)

    @api.exception_handler(TooMany)
    def too_many(_request: Request, error: Exception) -> Response:
        assert isinstance(error, TooMany)
        answer = problem(429, f"Please try again {spoken_wait(error.wait)}. Nothing was sent.")
        answer.headers["Retry-After"] = str(math.ceil(error.wait.total_seconds()))
        return answer

    @api.exception_handler(RequestValidationError)
    def unreadable(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        mistakes = [_mistake(found) for found in error.errors()]
        return problem(422, "This is not what the description of the API asks for.", mistakes)

    @api.exception_handler(Exception)
    def failed(_request: Request, _error: Exception) -> Response:
        return problem(500, "Something went wrong here. Nothing was lost.")

    @api.exception_handler(HTTPException)
    def refused(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        answer = problem(error.status_code, _SAID.get(error.status_code))
        answer.headers.update(error.headers or {})
        return answer


def _mistake(found: Any) -> Mistake:
    if found["type"] == "json_invalid":
        # What stands for the place is a count of characters, not a pointer.
        return Mistake(where="", detail=f"This is not JSON from character {found['loc'][-1]} on.")
    return Mistake(where=_pointer(found["loc"]), detail=sentence(found["msg"]))


def _pointer(place: Sequence[str | int]) -> str:
    source, *rest = place
    if source != "body":
        return str(rest[0]) if rest else str(source)
    # Escaped as RFC 6901 has it.
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in rest)
