"""The pages behind a reader's own link that stop their letters for a while, and start them again.

As with all links of a letter, only the button changes anything.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Form, Response
from sqlalchemy import Connection

from service.domain.pauses import PauseError, Span, end_of, parse_end
from service.domain.readers import Consent, Subscriber, masked
from service.domain.timetable import local_date
from service.installation import Installation
from service.mail.wording import long_date
from service.readers import pausing, preferences
from service.web.dress import Dress
from service.web.phrases import sentence


def pause_pages(installation: Installation, dress: Dress, now: Callable[[], datetime]) -> APIRouter:
    """Return the routes."""
    pages = APIRouter(include_in_schema=False)

    @pages.api_route("/preferences/{token}/pause", methods=["GET", "HEAD"])
    def ask_to_pause(token: str) -> Response:
        return page(token, preferences.holder(installation, token, now()))

    @pages.post("/preferences/{token}/pause")
    def pause(
        token: str, span: Annotated[str, Form()] = "", until: Annotated[str, Form()] = ""
    ) -> Response:
        def end(today: date) -> date:
            return end_of(Span(span), today) if span in set(Span) else parse_end(until, today)

        moment = now()
        try:
            reader = pausing.pause(
                installation, held(token, moment), end, moment, source="pause page"
            )
        except PauseError as error:
            reader = preferences.holder(installation, token, moment)
            return page(token, reader, 422, typed=until, problem=sentence(error))
        return page(token, reader)

    @pages.post("/preferences/{token}/resume")
    def resume(token: str) -> Response:
        moment = now()
        reader = pausing.resume(installation, held(token, moment), moment, source="pause page")
        return page(token, reader, resumed=True)

    def held(token: str, moment: datetime) -> Callable[[Connection], Subscriber | None]:
        return lambda connection: preferences.held_by(
            connection, installation.keys, token, moment, hold=True
        )

    def page(
        token: str,
        reader: Subscriber | None,
        status: int = 200,
        *,
        resumed: bool = False,
        typed: str = "",
        problem: str = "",
    ) -> Response:
        if reader is None:
            return dress.bad_link()
        if reader.status not in preferences.CHANGEABLE:
            return dress.not_a_reader(f"/preferences/{token}/account")
        today = local_date(now(), reader.preferences.timezone)
        return dress.page(
            "pause",
            status,
            address=masked(reader.email or ""),
            paused=reader.status is Consent.PAUSED,
            resumed=resumed,
            until=spoken_end(reader.paused_until),
            ends={span.value: long_date(end_of(span, today)) for span in Span},
            day=typed or end_of(Span.WEEK, today).isoformat(),
            problem=problem,
            here=f"/preferences/{token}",
        )

    return pages


def spoken_end(until: date | None) -> str:
    """Return the day on which a pause ends in words; none where it ends when the reader says."""
    return f"{long_date(until)} {until.year}" if until else ""
