"""The way in: sign up, confirm.

A GET never changes anything: link scanners open every link of a letter.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated
from zoneinfo import available_timezones

import structlog
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.exc import SQLAlchemyError

from service import consent, one_reader, requests
from service.domain.allowances import network_of
from service.domain.readers import Consent, Preferences
from service.domain.timetable import (
    TimetableError,
    parse_hour,
    spoken_schedule,
    zone,
)
from service.domain.topics import TopicError
from service.domain.wishes import Wish, WishError, wishes_of
from service.installation import Installation
from service.mail.address import Address, AddressError, parse_address
from service.web import form_age
from service.web.dress import Dress
from service.web.phrases import sentence

_log = structlog.get_logger()

_ONCE_MORE = "Nothing is sent yet. Please look it over and press the button once more."
_BLANK = {"topics": "", "send_at": "07:00", "timezone": "UTC", "email": ""}


def reader_pages(
    installation: Installation, dress: Dress, now: Callable[[], datetime]
) -> APIRouter:
    """Return the routes."""
    pages = APIRouter(include_in_schema=False)
    zones = sorted(available_timezones() - {"localtime"})

    @pages.api_route("/", methods=["GET", "HEAD"])
    def form() -> Response:
        return page(_BLANK, {})

    @pages.post("/")
    def sign_up(
        request: Request,
        topics: Annotated[str, Form()] = "",
        send_at: Annotated[str, Form()] = "07:00",
        timezone: Annotated[str, Form()] = "UTC",
        email: Annotated[str, Form()] = "",
        website: Annotated[str, Form()] = "",
        opened: Annotated[str, Form()] = "",
    ) -> Response:
        moment, wanted = now(), _Request(topics, send_at, timezone, email)
        if wanted.errors or wanted.address is None:
            return page(wanted.typed, wanted.errors, 422, wanted.topics_problem)
        # A robot is quicker than people, or fills in a field that is hidden from them; but so may
        # a browser in their stead, and then they look once more.
        if website or not form_age.was_read(installation.keys, opened, moment):
            return page(wanted.typed, {"form": _ONCE_MORE}, 422)
        requests.sign_up(
            installation,
            wanted.address,
            wanted.wishes,
            wanted.preferences,
            moment,
            source="sign-up page",
            network=network_of(request.client and request.client.host),
        )
        return RedirectResponse("/sent", status_code=303)

    @pages.get("/sent")
    def sent() -> Response:
        return dress.page("sent", sender=installation.house.address)

    @pages.api_route("/confirm/{token}", methods=["GET", "HEAD"])
    def ask_to_start(token: str) -> Response:
        reader = consent.asked_by(installation, token, now())
        if reader is None or reader.email is None:
            return dress.bad_link()
        return dress.start(reader, "at once, with the best of the last days")

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

    @pages.post("/confirm/{token}/renew")
    def ask_again(token: str) -> Response:
        status = consent.ask_again(installation, token, now())
        if status is None:
            return dress.message(
                410, "That request is not kept any more.", link=("Sign up again", "/")
            )
        if status is not Consent.PENDING:
            return dress.message(200, "Your letters come already.", "There is nothing to confirm.")
        return dress.page("sent", sender=installation.house.address)

    def page(
        typed: Mapping[str, str],
        errors: Mapping[str, str],
        status: int = 200,
        topics_problem: str | None = None,
    ) -> Response:
        return dress.page(
            "signup",
            status,
            values=typed,
            errors=errors,
            topics_problem=topics_problem,
            timezones=zones,
            opened=form_age.opened(installation.keys, now()),
        )

    def write_first(subscriber_id: int, moment: datetime) -> None:
        try:
            one_reader.welcome(installation, subscriber_id, moment)
        except SQLAlchemyError as error:
            # The yes is on record: their papers come at their hour.
            _log.error("welcome_failed", exc_info=error)

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
