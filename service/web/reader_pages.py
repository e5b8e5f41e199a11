"""The reader's pages: sign up, confirm, unsubscribe, come back.

A GET never changes anything: link scanners open every link of a letter.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import available_timezones

import structlog
from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse
from sqlalchemy.exc import SQLAlchemyError

from service import consent, one_reader
from service.domain.readers import Consent, Preferences, Subscriber
from service.domain.timetable import (
    TimetableError,
    due_date,
    first_letter,
    local_date,
    parse_hour,
    spoken_schedule,
    zone,
)
from service.domain.topics import TopicError
from service.domain.wishes import Wish, WishError, wishes_of
from service.installation import Installation
from service.mail.address import Address, AddressError, parse_address
from service.web.dress import Dress
from service.web.phrases import masked, sentence

_log = structlog.get_logger()

_BLANK = {"topics": "", "send_at": "07:00", "timezone": "UTC", "email": ""}


async def _body(request: Request) -> bytes:
    return await request.body()


def reader_pages(
    installation: Installation, dress: Dress, now: Callable[[], datetime], *, at_once: bool
) -> APIRouter:
    """Return the routes; `at_once` says that letters do not wait for the reader's hour."""
    pages = APIRouter(include_in_schema=False)
    zones = sorted(available_timezones() - {"localtime"})

    @pages.api_route("/", methods=["GET", "HEAD"])
    def form() -> Response:
        return dress.page("signup", values=_BLANK, errors={}, topics_problem=None, timezones=zones)

    @pages.post("/")
    def sign_up(
        topics: Annotated[str, Form()] = "",
        send_at: Annotated[str, Form()] = "07:00",
        timezone: Annotated[str, Form()] = "UTC",
        email: Annotated[str, Form()] = "",
        website: Annotated[str, Form()] = "",
    ) -> Response:
        wanted = _Request(topics, send_at, timezone, email)
        if wanted.errors:
            return dress.page(
                "signup",
                422,
                values=wanted.typed,
                errors=wanted.errors,
                topics_problem=wanted.topics_problem,
                timezones=zones,
            )
        # The field is hidden from people; who fills it in is a robot, and is told nothing.
        if not website and wanted.address is not None:
            consent.sign_up(
                installation,
                wanted.address,
                wanted.wishes,
                wanted.preferences,
                now(),
                source="sign-up page",
            )
        return RedirectResponse("/sent", status_code=303)

    @pages.get("/sent")
    def sent() -> Response:
        return dress.page("sent", sender=installation.house.address)

    @pages.api_route("/confirm/{token}", methods=["GET", "HEAD"])
    def ask_to_start(token: str) -> Response:
        reader = consent.asked_by(installation, token, now())
        return start_page(reader, "at once, with the best of the last days")

    @pages.post("/confirm/{token}")
    def start(token: str) -> Response:
        moment = now()
        reader = consent.confirm(installation, token, moment)
        if reader is None:
            return dress.bad_link()
        if reader.status is Consent.PENDING:
            write_first(reader.subscriber_id, moment)
        chosen = reader.preferences
        return dress.page("confirmed", schedule=spoken(chosen), weekly=chosen.cadence.weekly)

    @pages.api_route("/undo/{token}", methods=["GET", "HEAD"])
    def ask_to_return(token: str) -> Response:
        reader = consent.returning(installation, token, now())
        return start_page(reader, when_first(reader.preferences) if reader else "")

    @pages.post("/undo/{token}")
    def come_back(token: str) -> Response:
        if consent.undo(installation, token, now()) is None:
            return dress.bad_link()
        return dress.message(
            200, "Welcome back.", "Your letters go on, with the topics and the hour you had."
        )

    @pages.api_route("/u/{token}", methods=["GET", "HEAD"])
    def ask_to_leave(token: str) -> Response:
        reader = consent.leaving(installation, token)
        if reader is None:
            return dress.bad_link()
        if reader.email is None:
            return dress.page("goodbye", undo=None)
        return dress.page("unsubscribe", address=masked(reader.email))

    @pages.post("/u/{token}")
    def leave(token: str, body: Annotated[bytes, Depends(_body)]) -> Response:
        # RFC 8058: the mail client posts List-Unsubscribe=One-Click, as a form of either kind,
        # and wants no page and no redirect.
        one_click = b"List-Unsubscribe" in body
        source = "one-click" if one_click else "unsubscribe page"
        moment = now()
        reader = consent.unsubscribe(installation, token, moment, source=source)
        if reader is None:
            return dress.bad_link()
        if one_click:
            return PlainTextResponse("You are unsubscribed.\n")
        return dress.page("goodbye", undo=consent.undo_link(installation, reader, moment))

    def write_first(subscriber_id: int, moment: datetime) -> None:
        try:
            one_reader.welcome(installation, subscriber_id, moment)
        except SQLAlchemyError as error:
            # The yes is on record: their papers come at their hour.
            _log.error("welcome_failed", exc_info=error)

    def start_page(reader: Subscriber | None, first_letter: str) -> Response:
        if reader is None or reader.email is None:
            return dress.bad_link()
        return dress.page(
            "confirm",
            topics=[wish.shown for wish in reader.wishes if wish.enabled],
            schedule=spoken(reader.preferences),
            first_letter=first_letter,
        )

    def when_first(chosen: Preferences) -> str:
        moment = now()
        when = (chosen.timezone, chosen.send_at, chosen.cadence)
        if at_once or due_date(moment, *when) is not None:
            return "within minutes if papers match"
        day = first_letter(moment, *when)
        today = local_date(moment, chosen.timezone)
        name = {today: "today", today + timedelta(days=1): "tomorrow"}.get(day, f"on {day:%A}")
        return f"{name} at {chosen.send_at:%H:%M}"

    def spoken(chosen: Preferences) -> str:
        return spoken_schedule(chosen.timezone, chosen.send_at, chosen.cadence)

    return pages


class _Request:
    """What was typed into the form: values that can be used, and errors by field."""

    def __init__(self, topics: str, send_at: str, timezone: str, email: str) -> None:
        self.typed = {"topics": topics, "send_at": send_at, "timezone": timezone, "email": email}
        self.errors: dict[str, str] = {}
        self.topics_problem: str | None = None
        self.wishes: tuple[Wish, ...] = ()
        self.preferences = Preferences()
        self.address: Address | None = None
        try:
            self.wishes = wishes_of(topics.splitlines())
        except WishError as error:
            self.errors["topics"] = sentence(error)
        except TopicError as error:
            self.errors["topics"] = error.message
            self.topics_problem = error.explain()
        try:
            hour = parse_hour(send_at)
        except TimetableError as error:
            self.errors["send_at"] = sentence(error)
        try:
            zone(timezone.strip())
        except TimetableError as error:
            self.errors["timezone"] = sentence(error)
        if not self.errors.keys() & {"send_at", "timezone"}:
            self.preferences = Preferences(timezone.strip(), hour)
        try:
            self.address = parse_address(email)
        except AddressError as error:
            self.errors["email"] = sentence(error)
