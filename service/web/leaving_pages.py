"""The way out, and back: unsubscribe, undo.

A GET never changes anything: link scanners open every link of a letter.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse

from service.domain.links import Purpose, sign
from service.domain.pauses import Span, end_of
from service.domain.readers import Consent, Preferences, Subscriber, masked
from service.domain.timetable import (
    Cadence,
    due_date,
    first_letter,
    local_date,
    spoken_schedule,
)
from service.installation import Installation
from service.mail.wording import long_date
from service.readers import leaving
from service.readers.preferences import CHANGEABLE
from service.web.dress import Dress

# What is offered to who would leave since too many letters come.
INSTEAD = Cadence.MONDAYS


async def _body(request: Request) -> bytes:
    return await request.body()


def leaving_pages(
    installation: Installation, dress: Dress, now: Callable[[], datetime], *, at_once: bool
) -> APIRouter:
    """Return the routes; `at_once` says that letters do not wait for the reader's hour."""
    pages = APIRouter(include_in_schema=False)

    @pages.api_route("/undo/{token}", methods=["GET", "HEAD"])
    def ask_to_return(token: str) -> Response:
        reader = leaving.returning(installation, token, now())
        if reader is None or reader.email is None:
            return dress.bad_link()
        return dress.start(reader, when_first(reader.preferences))

    @pages.post("/undo/{token}")
    def come_back(token: str) -> Response:
        if leaving.undo(installation, token, now()) is None:
            return dress.bad_link()
        return dress.message(
            200, "Welcome back.", "Your letters go on, with the topics and the hour you had."
        )

    @pages.api_route("/u/{token}", methods=["GET", "HEAD"])
    def ask_to_leave(token: str) -> Response:
        reader = leaving.holder(installation, token)
        if reader is None:
            return dress.bad_link()
        if reader.status is Consent.UNSUBSCRIBED:
            return goodbye(token, reader)
        chosen = reader.preferences
        today = local_date(now(), chosen.timezone)
        return dress.page(
            "unsubscribe",
            address=masked(reader.email or ""),
            weekly=None if chosen.cadence.weekly else INSTEAD.spoken,
            month=long_date(end_of(Span.MONTH, today)),
            fewer=reader.status in CHANGEABLE,
            here=f"/u/{token}",
        )

    @pages.post("/u/{token}")
    def leave(token: str, body: Annotated[bytes, Depends(_body)]) -> Response:
        # RFC 8058: the mail client posts List-Unsubscribe=One-Click, as a form of either kind,
        # and wants no page and no redirect.
        one_click = b"List-Unsubscribe" in body
        source = "one-click" if one_click else "unsubscribe page"
        moment = now()
        reader = leaving.unsubscribe(installation, token, moment, source=source)
        if reader is None:
            return dress.bad_link()
        if one_click:
            return PlainTextResponse("You are unsubscribed.\n")
        return goodbye(token, reader, leaving.undo_link(installation, reader, moment))

    @pages.post("/u/{token}/weekly")
    def make_weekly(token: str) -> Response:
        reader = leaving.make_weekly(installation, token, INSTEAD, now())
        if reader is None or reader.status not in CHANGEABLE:
            return dress.bad_link() if reader is None else goodbye(token, reader)
        chosen = reader.preferences
        schedule = spoken_schedule(chosen.timezone, chosen.send_at, chosen.cadence)
        return dress.message(
            200,
            "Your letter comes weekly now.",
            f"It comes {schedule}, with the best papers of the week.",
            link=("Another day, or other topics", own_page(reader)),
        )

    @pages.post("/u/{token}/pause")
    def pause(token: str) -> Response:
        reader = leaving.pause(installation, token, lambda today: end_of(Span.MONTH, today), now())
        if reader is None or reader.status not in CHANGEABLE:
            return dress.bad_link() if reader is None else goodbye(token, reader)
        return RedirectResponse(f"{own_page(reader)}/pause", status_code=303)

    @pages.post("/u/{token}/why")
    def say_why(token: str, why: Annotated[str, Form()] = "") -> Response:
        if not leaving.give_reason(installation, token, why, now()):
            return dress.bad_link()
        return dress.message(200, "Thank you.", "A person reads it. No more letters come.")

    def goodbye(token: str, reader: Subscriber, undo: str | None = None) -> Response:
        return dress.page("goodbye", undo=undo, erased=reader.email is None, why=f"/u/{token}/why")

    def own_page(reader: Subscriber) -> str:
        key = installation.keys.current
        return "/preferences/" + sign(key, Purpose.PREFERENCES, reader.subscriber_id, now())

    def when_first(chosen: Preferences) -> str:
        moment = now()
        when = (chosen.timezone, chosen.send_at, chosen.cadence)
        if at_once or due_date(moment, *when) is not None:
            return "within minutes if papers match"
        day = first_letter(moment, *when)
        today = local_date(moment, chosen.timezone)
        name = {today: "today", today + timedelta(days=1): "tomorrow"}.get(day, f"on {day:%A}")
        return f"{name} at {chosen.send_at:%H:%M}"

    return pages
