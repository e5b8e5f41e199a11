"""The way out, and back: unsubscribe, undo.

A GET never changes anything: link scanners open every link of a letter.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse

from service import leaving
from service.domain.readers import Preferences, masked
from service.domain.timetable import due_date, first_letter, local_date
from service.installation import Installation
from service.web.dress import Dress


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
        reader = leaving.unsubscribe(installation, token, moment, source=source)
        if reader is None:
            return dress.bad_link()
        if one_click:
            return PlainTextResponse("You are unsubscribed.\n")
        return dress.page("goodbye", undo=leaving.undo_link(installation, reader, moment))

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
