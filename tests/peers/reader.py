"""A reader with a browser and a mailbox."""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import httpx
from peers.pages import Pages

from service import pipeline
from service.demo.catcher import Catcher, Caught
from service.domain.policy import Result
from service.installation import Installation
from service.readers import strangers
from service.web.form_age import opened


@dataclass(slots=True)
class Clock:
    """A clock that stands still until the test moves it."""

    time: datetime

    def __call__(self) -> datetime:
        return self.time


def sign_up(pages: Pages, email: str, *topics: str, **fields: str) -> httpx.Response:
    """Send the sign-up form as a browser would, ten seconds after it was opened; the next tick
    takes up what was asked for.
    """
    answer = pages.post("/", data=form_of(pages, email, *topics) | fields)
    if answer.status_code == 303:
        strangers.answer(pages.house, pages.now())
    return answer


def form_of(pages: Pages, email: str, *topics: str) -> dict[str, str | list[str]]:
    """Return the sign-up form as it was filled in, ten seconds after it was opened."""
    return {
        "topic": list(topics),
        "send_at": "07:00",
        "timezone": "UTC",
        "cadence": "daily",
        "email": email,
        "website": "",
        "opened": opened(pages.house.keys, pages.now() - timedelta(seconds=10)),
    }


def path_of(link: str) -> str:
    """Return a link's path: the tests' pages stand on a port of their own."""
    return urlsplit(link).path


def deliver(house: Installation, clock: Clock, catcher: Catcher) -> list[Caught]:
    """Do what was asked for and deliver what is queued; return the letters that came."""
    strangers.answer(house, clock())
    before = {caught.number for caught in catcher.letters()}
    delivered = pipeline.deliver(house, clock, threading.Event())
    assert delivered.halted is None
    came = [caught for caught in catcher.letters() if caught.number not in before]
    assert delivered.results[Result.ACCEPTED] == len(came)
    return came
