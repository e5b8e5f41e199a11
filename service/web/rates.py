"""What each topic on the page of a reader's preferences brings: those they have, and new ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from service.domain.allowances import TooMany
from service.domain.mistakes import TopicError
from service.domain.previews import Tried
from service.domain.wishes import Wish, WishError, wishes_of
from service.recent import RecentPapers
from service.web.pace import Pace
from service.web.phrases import spoken_wait
from service.web.preference_form import PreferenceForm


@dataclass(frozen=True, slots=True)
class Rates:
    """By the form's topics, `rows`, in their places, and its new ones, `more`, as far as they can
    be read. Where their network asked too much there are none, and `wait` says when to look again.
    """

    rows: Sequence[Tried | None]
    more: Sequence[Tried] = ()
    wait: str = ""


def rates_of(
    form: PreferenceForm, recent: RecentPapers, pace: Pace, network: str | None, now: datetime
) -> Rates:
    """Return what the topics of a form brought in the last days."""
    rows = [_read(row.text) for row in form.topics]
    more = [wish for line in form.more.splitlines() if (wish := _read(line))]
    wished = [wish for wish in rows if wish is not None]
    try:
        pace.spend(network, max(1, len(wished) + len(more)), now)
    except TooMany as error:
        return Rates([None] * len(rows), wait=spoken_wait(error.wait))
    tried = {wish.query: recent.tried(wish, now) for wish in (*wished, *more)}
    if not any(one.rate.dates for one in tried.values()):
        # No paper has come yet that could tell anything.
        return Rates([None] * len(rows))
    return Rates(
        [tried[wish.query] if wish else None for wish in rows],
        [recent.tried(wish, now) for wish in more],
    )


def _read(text: str) -> Wish | None:
    try:
        return next(iter(wishes_of([text])), None)
    except (TopicError, WishError):
        return None
