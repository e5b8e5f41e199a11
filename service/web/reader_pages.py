"""The reader's pages: confirm, unsubscribe, come back.

A GET never changes anything: link scanners open every link of a letter.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse
from sqlalchemy.exc import SQLAlchemyError

from service import consent, one_reader
from service.domain.readers import Consent, Preferences, Subscriber
from service.domain.timetable import (
    due_date,
    first_letter,
    local_date,
    spoken_schedule,
)
from service.installation import Installation
from service.web.dress import Dress
from service.web.phrases import masked

_log = structlog.get_logger()


async def _body(request: Request) -> bytes:
    return await request.body()


def reader_pages(
    installation: Installation, dress: Dress, now: Callable[[], datetime], *, at_once: bool
) -> APIRouter:
    """Return the routes; `at_once` says that letters do not wait for the reader's hour."""
    pages = APIRouter(include_in_schema=False)

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
