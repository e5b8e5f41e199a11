"""The sign-up page: topics, what they would have brought, and a letter asked for.

Only the last button changes anything; the others answer with the page as it then stands.
"""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import available_timezones

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import FormData

from service import requests
from service.domain.allowances import network_of
from service.domain.readers import Preferences
from service.domain.text import fold
from service.domain.timetable import Cadence, TimetableError, spoken_zone, zone
from service.domain.topics import TopicError
from service.domain.wishes import WishError, wishes_of
from service.installation import Installation
from service.mail.wording import MONTHS
from service.recent import MOST_TRIED, RecentPapers
from service.sample import Busy, Samples
from service.web import form_age
from service.web.dress import Dress
from service.web.signup_form import Mistake, SignupForm, written

_SUGGESTED = 6
_ONCE_MORE = "Nothing is sent yet. Please look it over and press the button once more."
_CONTINENTS = (
    *("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe"),
    *("Indian", "Pacific"),
)
# A letter carries its style with it.
_LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


async def _form(request: Request) -> AsyncIterator[FormData]:
    async with request.form() as form:
        yield form


Form = Annotated[FormData, Depends(_form)]


def signup_pages(
    installation: Installation, dress: Dress, recent: RecentPapers, now: Callable[[], datetime]
) -> APIRouter:
    """Return the routes."""
    pages = APIRouter(include_in_schema=False)
    samples = Samples(installation)
    zones = [
        "UTC",
        *sorted(z for z in available_timezones() if z.partition("/")[0] in _CONTINENTS),
    ]

    @pages.api_route("/", methods=["GET", "HEAD"])
    def blank(topic: Annotated[list[str] | None, Query()] = None) -> Response:
        return page(SignupForm(topics=[text for text in topic or () if text.strip()]))

    @pages.post("/preview")
    def look(sent: Form) -> Response:
        form = SignupForm.typed(sent)
        if sent.get("part"):
            return dress.page("parts/tryout", **shown(form, typing=sent.get("do") == "typing"))
        return page(form)

    @pages.post("/")
    def sign_up(request: Request, sent: Form) -> Response:
        form = SignupForm.typed(sent)
        # Enter in a field presses the first button: in the one for a topic that adds it.
        if sent.get("do") == "enter" and form.new.strip():
            return page(form)
        wishes = form.read_topics()
        preferences = form.read_manner()
        address = form.read_address()
        if form.mistakes or address is None:
            return page(form, 422)
        moment = now()
        # A robot is quicker than people, or fills in a field that is hidden from them; but so may
        # a browser in their stead, and then they look once more.
        read = form_age.was_read(installation.keys, str(sent.get("opened", "")), moment)
        if sent.get("website") or not read:
            form.mistakes["form"] = Mistake(_ONCE_MORE)
            return page(form, 422)
        requests.sign_up(
            installation,
            address,
            wishes,
            preferences,
            moment,
            source="sign-up page",
            network=network_of(request.client and request.client.host),
        )
        return RedirectResponse("/sent", status_code=303)

    @pages.get("/sent")
    def sent() -> Response:
        return dress.page("sent", sender=installation.house.address)

    @pages.api_route("/sample", methods=["GET", "HEAD"])
    def whole_letter(
        topic: Annotated[list[str] | None, Query()] = None, cadence: str = "daily"
    ) -> Response:
        form = SignupForm(topics=topic or [], cadence=cadence)
        often = form.how_often
        chosen = Preferences(max_papers=often.usual_papers, cadence=often)
        try:
            wishes = wishes_of(form.topics)
            moment = now()
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

    def page(form: SignupForm, status: int = 200) -> Response:
        return dress.page(
            "signup",
            status,
            **shown(form),
            zone=spoken(form.timezone),
            timezones=zones,
            cadences=list(Cadence),
            opened=form_age.opened(installation.keys, now()),
        )

    def shown(form: SignupForm, *, typing: bool = False) -> dict[str, Any]:
        moment = now()
        # Once more where a sign-up has mistakes: what was moved aside then is read again.
        wishes = form.read_topics(typing=typing)
        preview = recent.preview(wishes[:MOST_TRIED], form.how_often, moment)
        chosen = {fold(topic) for topic in form.topics}
        asked = [("topic", written(wish)) for wish in wishes]
        asked.append(("cadence", form.how_often.value))
        return {
            "form": form,
            "preview": preview,
            "dates": [f"{day.day} {MONTHS[day.month - 1]}" for day, _ in preview.days],
            "suggested": [words for words in recent.suggested(moment) if fold(words) not in chosen][
                :_SUGGESTED
            ],
            "sample": "/sample?" + urlencode(asked),
        }

    return pages


def spoken(timezone: str) -> str:
    """Return a time zone in words, as far as it is one."""
    try:
        zone(timezone.strip())
    except TimetableError:
        return "Time zone:"
    return spoken_zone(timezone.strip())
