"""A reader with a browser and a mailbox."""

import threading
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import httpx

from service import pipeline
from service.demo.catcher import Catcher, Caught
from service.domain.policy import Result
from service.installation import Installation


@dataclass(slots=True)
class Clock:
    """A clock that stands still until the test moves it."""

    time: datetime

    def __call__(self) -> datetime:
        return self.time


def sign_up(pages: httpx.Client, email: str, *topics: str, **fields: str) -> httpx.Response:
    """Send the sign-up form as a browser would."""
    form: dict[str, str | list[str]] = {
        "topic": list(topics),
        "send_at": "07:00",
        "timezone": "UTC",
        "cadence": "daily",
        "email": email,
        "website": "",
    }
    return pages.post("/", data=form | dict(fields))


def path_of(link: str) -> str:
    """Return a link's path: the tests' pages stand on a port of their own."""
    return urlsplit(link).path


def deliver(house: Installation, clock: Clock, catcher: Catcher) -> list[Caught]:
    """Deliver what is queued; return the letters that came."""
    before = {caught.number for caught in catcher.letters()}
    delivered = pipeline.deliver(house, clock, threading.Event())
    assert delivered.halted is None
    came = [caught for caught in catcher.letters() if caught.number not in before]
    assert delivered.results[Result.ACCEPTED] == len(came)
    return came
