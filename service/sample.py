"""A sample of the letter that some topics make, for who has not signed up yet."""

import re
import threading
from collections.abc import Sequence
from datetime import date, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

import numpy as np

from service.binding import Binder
from service.domain.deliveries import Claim, Kind
from service.domain.readers import Preferences
from service.domain.selection import unpack
from service.domain.wishes import Wish
from service.installation import Installation
from service.planning import Planner
from service.store import papers
from service.store.audience import Audience
from service.store.papers import State, StoredPaper

# Papers are looked for in so many days, until some are found.
_SPANS = (1, 7, 30)
WAIT_SECONDS = 2
_AT_HAND = 64
# What stands for the token of an unsubscribe link.
_NOBODY = "sample"
_LINKS = ("preferences", "u", "d")


class Busy(Exception):
    """Others wait for their samples already."""


class Samples:
    """Makes samples, one at a time, and keeps the last ones. Any thread may ask."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._lock = threading.Lock()
        self._made: dict[object, str | None] = {}

    def letter(
        self, wishes: Sequence[Wish], chosen: Preferences, state: State, now: datetime
    ) -> str | None:
        """Return the HTML of the letter that a reader with these topics would have had last; None
        where no paper of the last days is for them.

        `state` tells the papers of one time from those of another. Its reader's own links lead to
        /sample/link, and nothing is kept in the database. Raises Busy.
        """
        if not self._lock.acquire(timeout=WAIT_SECONDS):
            raise Busy
        try:
            key = (tuple(wishes), chosen, state)
            if key not in self._made:
                if len(self._made) >= _AT_HAND:
                    self._made.clear()
                self._made[key] = _sample(self._installation, wishes, chosen, now)
            return self._made[key]
        finally:
            self._lock.release()


def _sample(
    installation: Installation, wishes: Sequence[Wish], chosen: Preferences, now: datetime
) -> str | None:
    for days in _SPANS:
        with installation.database.read() as connection:
            dates, recent = papers.by_edition_date(connection, days)
        if not recent:
            return None
        letter = _letter(installation, wishes, chosen, [s for _, s in recent], dates[-1], now)
        if letter is not None:
            return _harmless(letter, installation.house.base_url)
    return None


def _letter(
    installation: Installation,
    wishes: Sequence[Wish],
    chosen: Preferences,
    recent: Sequence[StoredPaper],
    day: date,
    now: datetime,
) -> bytes | None:
    kept: list[bytes] = []

    def keep(bodies: Sequence[bytes]) -> list[int]:
        kept.extend(bodies)
        return list(range(len(kept) - len(bodies), len(kept)))

    queries = {number: wish.query for number, wish in enumerate(wishes)}
    with Planner(
        installation.letters,
        recent,
        lambda ids: {number: queries[number] for number in ids},
        keep,
        upto=max(stored.seq for stored in recent),
        now=now,
        trending_section=installation.trending_section,
    ) as planner:
        verdicts = planner.decide(_one_reader(wishes, chosen, day))
    if verdicts.skips:
        return None
    (selection,), (token,) = verdicts.selections, verdicts.tokens
    claim = Claim(
        delivery_id=0,
        subscriber_id=0,
        kind=Kind.DIGEST,
        token=token.hex(),
        recipient=installation.house.address,
        domain=None,
        preference_id=None,
        preferences=chosen,
        asked_at=None,
        slots={},
        local_date=day,
        selection=unpack(selection),
        planned_at=now,
        attempts=0,
        unsubscribe_token=_NOBODY,
    )
    load = dict(enumerate(kept))
    binder = Binder(
        installation.house,
        None,
        lambda _planned_at: installation.keys.current,
        lambda ids: {part: load[part] for part in ids},
    )
    return binder.bind(claim)


def _one_reader(wishes: Sequence[Wish], chosen: Preferences, day: date) -> Audience:
    nothing = np.zeros(1, dtype=np.int64)
    return Audience(
        day=day,
        ids=nothing,
        preference_ids=nothing,
        max_papers=np.array([chosen.max_papers], dtype=np.int64),
        watermark=nothing,
        served_to=nothing,
        wisher=np.zeros(len(wishes), dtype=np.int64),
        topics=np.arange(len(wishes)),
        words=[wish.shown for wish in wishes],
        unsent={},
        filters={},
        suppressed=(),
    )


def _harmless(letter: bytes, base_url: str) -> str:
    message = BytesParser(EmailMessage, policy=policy.default).parsebytes(letter)
    part = message.get_body(("html",))
    assert part is not None
    html = str(part.get_content())
    own = rf'href="{re.escape(base_url)}/(?:{"|".join(_LINKS)})/[^"]*"'
    return re.sub(own, f'href="{base_url}/sample/link"', html)
