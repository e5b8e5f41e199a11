"""What topics would have brought, as the sign-up page shows it while they are typed."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from anyio import CapacityLimiter, to_thread
from fastapi import Response
from fastapi.responses import HTMLResponse

from service.domain.allowances import TooMany
from service.domain.text import fold
from service.mail.wording import MONTHS
from service.recent import MOST_TRIED, RecentPapers
from service.web.dress import Dress
from service.web.pace import Pace
from service.web.phrases import spoken_wait
from service.web.signup_form import SignupForm

_SUGGESTED = 6
# Of some 5 KB each.
_AT_HAND = 1000
# Looking is work for the processor alone: more threads at it would only take it from each other,
# and from whoever waits for what is at hand.
_LOOKING = 2


class Tryouts:
    """Shows topics and what they would have brought, each network at its pace.

    What was asked lately, of the same papers, is answered on the spot; all else by few threads, so
    that odd topics, which cost more to look up, hold nobody else up.
    """

    def __init__(
        self, dress: Dress, recent: RecentPapers, pace: Pace, now: Callable[[], datetime]
    ) -> None:
        self._dress = dress
        self._recent = recent
        self._pace = pace
        self._now = now
        self._threads = CapacityLimiter(_LOOKING)
        # Only the event loop touches these.
        self._answers: OrderedDict[Hashable, bytes] = OrderedDict()

    def shown(
        self, form: SignupForm, network: str | None, *, typing: bool = False
    ) -> dict[str, Any]:
        """Return what the templates of the sign-up page need to show the form's topics.

        Where their network asked too much, `wait` says so, and there is no preview.
        """
        moment = self._now()
        # Once more where a sign-up has mistakes: what was moved aside then is read again.
        wishes = form.read_topics(typing=typing)
        try:
            self._pace.spend(network, max(1, len(wishes)), moment)
        except TooMany as error:
            return self._context(form, wait=spoken_wait(error.wait))
        preview = self._recent.preview(wishes[:MOST_TRIED], form.how_often, moment)
        chosen = {fold(topic) for topic in form.topics}
        suggested = (w for w in self._recent.suggested(moment) if fold(w) not in chosen)
        asked = [("topic", wish.typed) for wish in wishes]
        asked.append(("cadence", form.how_often.value))
        return self._context(
            form,
            preview=preview,
            dates=[f"{day.day} {MONTHS[day.month - 1]}" for day, _ in preview.days],
            suggested=list(islice(suggested, _SUGGESTED)),
            sample="/sample?" + urlencode(asked),
        )

    async def part(self, form: SignupForm, network: str | None, *, typing: bool) -> Response:
        """Return the part of the page that changes while topics are typed."""
        asked = (self._recent.at_hand(self._now()), *form.topics, form.new, form.cadence, typing)
        body = self._answers.get(asked)
        if body is not None:
            self._answers.move_to_end(asked)
            return HTMLResponse(body)
        answer = await to_thread.run_sync(
            lambda: self._part(form, network, typing), limiter=self._threads
        )
        if answer.status_code == 200 and asked[0] is not None:
            self._answers[asked] = bytes(answer.body)
            if len(self._answers) > _AT_HAND:
                self._answers.popitem(last=False)
        return answer

    def _part(self, form: SignupForm, network: str | None, typing: bool) -> Response:
        context = self.shown(form, network, typing=typing)
        return self._dress.page("parts/tryout", 429 if context["wait"] else 200, **context)

    @staticmethod
    def _context(form: SignupForm, **said: Any) -> dict[str, Any]:
        nothing: dict[str, Any] = {
            "preview": None,
            "dates": [],
            "suggested": [],
            "sample": "",
            "wait": "",
        }
        return {"form": form, **nothing, **said}
