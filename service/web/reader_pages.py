"""The way in, once somebody has asked: confirm.

A GET never changes anything: link scanners open every link of a letter.
"""

from collections.abc import Callable
from datetime import datetime

import structlog
from fastapi import APIRouter, Response
from sqlalchemy.exc import SQLAlchemyError

from service import one_reader
from service.domain.readers import Consent, Preferences
from service.domain.timetable import (
    spoken_schedule,
)
from service.installation import Installation
from service.readers import consent
from service.web.dress import Dress

_log = structlog.get_logger()


def reader_pages(
    installation: Installation, dress: Dress, now: Callable[[], datetime]
) -> APIRouter:
    """Return the routes."""
    pages = APIRouter(include_in_schema=False)

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

    def write_first(subscriber_id: int, moment: datetime) -> None:
        try:
            one_reader.welcome(installation, subscriber_id, moment)
        except SQLAlchemyError as error:
            # The yes is on record: their papers come at their hour.
            _log.error("welcome_failed", exc_info=error)

    def spoken(chosen: Preferences) -> str:
        return spoken_schedule(chosen.timezone, chosen.send_at, chosen.cadence)

    return pages
