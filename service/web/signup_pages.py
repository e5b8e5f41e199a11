"""The sign-up page: topics, what they would have brought, and a letter asked for.

Only the last button changes anything; the others answer with the page as it then stands.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from service.domain.readers import Preferences
from service.domain.timetable import Cadence, TimetableError, spoken_zone, zone
from service.domain.topics import TopicError
from service.domain.wishes import WishError, wishes_of
from service.installation import Installation
from service.readers import strangers
from service.recent import RecentPapers
from service.sample import Busy, Samples
from service.web import form_age
from service.web.dress import Dress
from service.web.origin import client_network
from service.web.pace import Pace
from service.web.sent import Sent
from service.web.signup_form import SignupForm
from service.web.tryouts import Tryouts
from service.web.zones import zones_of_places

_ONCE_MORE = "Nothing is sent yet. Please look it over and press the button once more."
# A letter carries its style with it.
_LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def signup_pages(
    installation: Installation,
    dress: Dress,
    recent: RecentPapers,
    pace: Pace,
    now: Callable[[], datetime],
) -> APIRouter:
    """Return the routes."""
    pages = APIRouter(include_in_schema=False)
    samples = Samples(installation)
    tryouts = Tryouts(dress, recent, pace, now)

    @pages.api_route("/", methods=["GET", "HEAD"])
    def blank(request: Request, topic: Annotated[list[str] | None, Query()] = None) -> Response:
        form = SignupForm(topics=[text for text in topic or () if text.strip()])
        return page(form, client_network(request))

    @pages.api_route("/preview", methods=["GET", "HEAD"])
    def back() -> Response:
        # The address of what the form was answered with, opened anew.
        return RedirectResponse("/", status_code=303)

    @pages.post("/preview")
    async def look(request: Request, sent: Sent) -> Response:
        form, network = SignupForm.typed(sent), client_network(request)
        if sent.get("part"):
            return await tryouts.part(form, network, typing=sent.get("do") == "typing")
        return await run_in_threadpool(page, form, network)

    @pages.post("/")
    def sign_up(request: Request, sent: Sent) -> Response:
        form, network = SignupForm.typed(sent), client_network(request)
        # Enter in a field presses the first button: in the one for a topic that adds it.
        if sent.get("do") == "enter" and form.new.strip():
            return page(form, network)
        wishes = form.read_topics()
        preferences = form.read_manner()
        address = form.read_address()
        if form.mistakes or address is None:
            return page(form, network, 422)
        moment = now()
        # A robot is quicker than people, or fills in a field that is hidden from them; but so may
        # a browser in their stead, and then they look once more.
        read = form_age.was_read(installation.keys, str(sent.get("opened", "")), moment)
        if sent.get("website") or not read:
            form.mistakes.add("form", _ONCE_MORE)
            return page(form, network, 422)
        strangers.sign_up(
            installation,
            address,
            wishes,
            preferences,
            moment,
            source="sign-up page",
            network=network,
        )
        return RedirectResponse("/sent", status_code=303)

    @pages.get("/sent")
    def sent() -> Response:
        return dress.page("sent", sender=installation.house.address)

    @pages.api_route("/sample", methods=["GET", "HEAD"])
    def whole_letter(
        request: Request,
        topic: Annotated[list[str] | None, Query()] = None,
        cadence: str = "daily",
    ) -> Response:
        form = SignupForm(topics=topic or [], cadence=cadence)
        often = form.how_often
        chosen = Preferences(max_papers=often.usual_papers, cadence=often)
        try:
            wishes = wishes_of(form.topics)
            moment = now()
            pace.spend(client_network(request), max(1, len(wishes)), moment)
            letter = samples.letter(wishes, chosen, recent.state(moment), moment)
        except Busy:
            return dress.message(503, "Many look at samples right now.", "Please try again soon.")
        except (TopicError, WishError):
            return dress.message(404, "There is no such letter.", link=("To the front page", "/"))
        if letter is None:
            return dress.message(
                200,
                "No paper of the last days would be in it.",
                "A letter comes only when there is one for you.",
                link=("To the front page", "/"),
            )
        return HTMLResponse(letter, headers={"Content-Security-Policy": _LETTER_POLICY})

    @pages.api_route("/sample/{_rest:path}", methods=["GET", "HEAD"])
    def link_of_a_sample(_rest: str) -> Response:
        return dress.message(
            200,
            "This was a sample.",
            "In a letter of your own, that link does what it says.",
            link=("To the front page", "/"),
        )

    def page(form: SignupForm, network: str | None, status: int = 200) -> Response:
        shown = tryouts.shown(form, network)
        return dress.page(
            "signup",
            429 if shown["wait"] and status == 200 else status,
            **shown,
            zone=spoken(form.timezone),
            timezones=zones_of_places(),
            cadences=list(Cadence),
            opened=form_age.opened(installation.keys, now()),
        )

    return pages


def spoken(timezone: str) -> str:
    """Return a time zone in words, as far as it is one."""
    try:
        zone(timezone.strip())
    except TimetableError:
        return "Time zone:"
    return spoken_zone(timezone.strip())
