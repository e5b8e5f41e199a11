"""The page behind a reader's own link: what they want, to be changed.

A letter gets forwarded, and this link with it: it shows no whole address, and neither tells nor
changes where letters go.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi import Form as FormField
from fastapi.responses import RedirectResponse

from service.domain.filters import UPVOTE_STEPS
from service.domain.readers import MOST_PAPERS, Consent, Subscriber, masked
from service.domain.timetable import Cadence, spoken_schedule
from service.installation import Installation
from service.last_look import last_look
from service.mail.address import AddressError, parse_address
from service.readers import preferences, strangers
from service.readers.preferences import CHANGEABLE
from service.recent import RecentPapers
from service.web.differences import differences
from service.web.dress import Dress
from service.web.looks import spoken_look
from service.web.origin import client_network
from service.web.pace import Pace
from service.web.pause_pages import spoken_end
from service.web.phrases import sentence
from service.web.preference_form import MAX_NAME, PreferenceForm
from service.web.rates import rates_of
from service.web.sent import Sent
from service.web.zones import all_zones


def preference_pages(
    installation: Installation,
    dress: Dress,
    recent: RecentPapers,
    pace: Pace,
    now: Callable[[], datetime],
) -> APIRouter:
    """Return the routes."""
    pages = APIRouter(include_in_schema=False)

    @pages.api_route("/preferences", methods=["GET", "HEAD"])
    def ask_for_link() -> Response:
        return dress.page("find", email="", problem="")

    @pages.post("/preferences")
    def send_link(request: Request, email: Annotated[str, FormField()] = "") -> Response:
        try:
            address = parse_address(email)
        except AddressError as error:
            return dress.page("find", 422, email=email, problem=sentence(error))
        network = client_network(request)
        strangers.link(installation, address, now(), network=network)
        return dress.message(
            200,
            "Look in your inbox.",
            "If letters go to that address, one with your link is on its way. It is sent once a "
            "day at most.",
            f"No letter in five minutes? Look in spam for {installation.house.address}.",
        )

    @pages.api_route("/preferences/{token}", methods=["GET", "HEAD"])
    def show(request: Request, token: str) -> Response:
        reader = preferences.holder(installation, token, now())
        if reader is None or reader.status not in CHANGEABLE:
            return closed(token, reader)
        return page(request, token, reader, PreferenceForm.of(reader))

    @pages.api_route("/preferences/{token}/preview", methods=["GET", "HEAD"])
    def back(token: str) -> Response:
        # The address of what a form was answered with, opened anew.
        return RedirectResponse(f"/preferences/{token}", status_code=303)

    @pages.post("/preferences/{token}/preview")
    def look(request: Request, token: str, sent: Sent) -> Response:
        reader = preferences.holder(installation, token, now())
        if reader is None or reader.status not in CHANGEABLE:
            return closed(token, reader)
        form = PreferenceForm.typed(sent)
        form.read(reader)
        return page(request, token, reader, form, looking=True)

    @pages.post("/preferences/{token}")
    def save(request: Request, token: str, sent: Sent) -> Response:
        form = PreferenceForm.typed(sent)
        changed = preferences.change_by_link(
            installation, token, lambda reader: form.read(reader) or reader, now()
        )
        if changed is None or changed.before.status not in CHANGEABLE:
            return closed(token, changed.before if changed else None)
        if form.mistakes:
            return page(request, token, changed.before, form, status=422)
        told = differences(changed.before, changed.after)
        form = PreferenceForm.of(changed.after)
        return page(request, token, changed.after, form, saved=True, told=told)

    def closed(token: str, reader: Subscriber | None) -> Response:
        if reader is None:
            return dress.bad_link()
        return dress.not_a_reader(f"/preferences/{token}/account")

    def page(
        request: Request,
        token: str,
        reader: Subscriber,
        form: PreferenceForm,
        *,
        status: int = 200,
        looking: bool = False,
        saved: bool = False,
        told: Sequence[str] = (),
    ) -> Response:
        chosen = reader.preferences
        return dress.page(
            "preferences",
            status,
            form=form,
            rates=rates_of(form, recent, pace, client_network(request), now()),
            looking=looking,
            saved=saved,
            told=told,
            topics_on=sum(wish.enabled for wish in reader.wishes),
            paused=reader.status is Consent.PAUSED,
            until=spoken_end(reader.paused_until),
            schedule=spoken_schedule(chosen.timezone, chosen.send_at, chosen.cadence),
            address=masked(reader.email or ""),
            look=spoken_look(last_look(installation, reader), now(), chosen.timezone),
            paths={
                "here": f"/preferences/{token}",
                "preview": f"/preferences/{token}/preview",
                "pause": f"/preferences/{token}/pause",
                "resume": f"/preferences/{token}/resume",
                "account": f"/preferences/{token}/account",
                "unsubscribe": f"/u/{reader.unsubscribe_token}",
            },
            hours=sorted({f"{hour:02d}:00" for hour in range(24)} | {form.send_at}),
            timezones=all_zones(),
            cadences=list(Cadence),
            steps=[str(step) for step in UPVOTE_STEPS],
            most_papers=MOST_PAPERS,
            longest_name=MAX_NAME,
        )

    return pages
