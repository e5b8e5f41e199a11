"""Every page's documented context, to see that its template can be used."""

from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from service.copies import Copied, WebCopy
from service.domain.papers import Paper
from service.domain.previews import Latest, Preview, Rate, Tried
from service.domain.timetable import Cadence
from service.domain.topics import parse
from service.web.mistakes import Mistake, Mistakes
from service.web.preference_form import PreferenceForm, Row
from service.web.rates import Rates
from service.web.signup_form import SignupForm

SPECIMEN = Paper(
    title="Reading Slowly",
    abstract="A made-up abstract.",
    authors=("Ada Example", "Bo Sample"),
    arxiv_id="2401.00001",
    published=date(2026, 8, 20),
    page="https://arxiv.org/abs/2401.00001",
    pdf="https://arxiv.org/pdf/2401.00001",
    code="https://github.com/example/reading",
    project="https://example.org/reading",
    organisation="Example Library",
)


def _written(text: str) -> Paper:
    return replace(
        SPECIMEN, title=text, abstract=text, authors=(text,), organisation=text, page=None
    )


def _copied(text: str, *topics: str) -> Copied:
    paper = _written(text)
    return Copied(text, paper, topics, ((text, True), (text, False)), ((text, False),))


def _brought(text: str) -> Tried:
    latest = Latest(text, _written(text), date(2026, 8, 21), ((text, True),), (text,))
    return Tried(Rate(text, parse("world models"), 35, 22), latest)


def _vain(text: str) -> Tried:
    topic = parse("world models")
    return Tried(Rate(text, topic, 0, 22, topic, 3), None)


def _shown_at_signup(text: str) -> dict[str, Any]:
    """Return what the sign-up page shows of topics that were tried."""
    fields = ("new", "send_at", "cadence", "timezone", "email")
    mistakes = Mistakes({field: Mistake(text, text, text, text) for field in fields})
    topic = parse("world models")
    rates = (Rate(text, topic, 35, 22), Rate(text, topic, 0, 22, topic, 3))
    paper = _written(text)
    latest = Latest(text, paper, date(2026, 8, 21), ((text, True), (text, False)), (text, "maps"))
    days = ((date(2026, 8, 20), 3), (date(2026, 8, 21), 0))
    return {
        "form": SignupForm([text, text], text, text, text, text, text, mistakes),
        "preview": Preview(Cadence.DAILY, days, (3, 0), rates, (latest,)),
        "dates": [text, text],
        "suggested": [text],
        "sample": "/sample?" + urlencode({"topic": text}),
        "wait": "",
    }


def contexts(text: str) -> dict[str, dict[str, Any]]:
    """Return each page's context, with `text` wherever a stranger's words can stand."""
    return {
        "signup": {
            **_shown_at_signup(text),
            "zone": text,
            "timezones": [text, "Europe/Berlin"],
            "cadences": list(Cadence),
            "opened": text,
        },
        "sent": {"sender": text},
        "confirm": {
            "topics": [text, "world models"],
            "schedule": text,
            "first_letter": text,
        },
        "confirmed": {"schedule": text, "weekly": True},
        "unsubscribe": {
            "address": text,
            "fewer": True,
            "weekly": text,
            "month": text,
            "here": text,
        },
        "find": {"email": text, "problem": text},
        "pause": {
            "address": text,
            "paused": True,
            "resumed": False,
            "until": text,
            "ends": {"week": text, "month": text},
            "day": text,
            "problem": text,
            "here": text,
        },
        "preferences": {
            "form": PreferenceForm(
                [Row(text), Row(text, on=False)],
                text,
                text,
                text,
                "20",
                text,
                "07:00",
                text,
                "mondays",
                text,
                Mistakes({"topic-1": Mistake(text, text, text), "more": Mistake(text)}),
            ),
            "rates": Rates([_brought(text), None], [_vain(text)], text),
            "looking": True,
            "saved": True,
            "told": [text],
            "topics_on": 1,
            "look": text,
            "schedule": text,
            "address": text,
            "paused": True,
            "until": text,
            "paths": dict.fromkeys(
                ("here", "preview", "pause", "resume", "account", "unsubscribe"), text
            ),
            "hours": ["07:00", text],
            "timezones": [text],
            "cadences": list(Cadence),
            "steps": ["0", "20"],
            "most_papers": 50,
            "longest_name": 80,
        },
        "account": {
            "address": text,
            "letters": [
                {"day": text, "subject": text, "note": text, "web": text},
                {"day": text, "subject": None, "note": text, "web": None},
            ],
            "movable": True,
            "typed": text,
            "problem": text,
            "minutes": 30,
            "here": text,
        },
        "not_a_reader": {"account": text},
        "erase": {"address": text, "here": text},
        "move": {"address": text},
        "expired": {"life": text, "renew": text, "link": None},
        "goodbye": {"undo": text, "erased": False, "why": text},
        "message": {"title": text, "paragraphs": [text], "link": (text, "/")},
        "digest": {
            "copy": WebCopy(
                date(2026, 8, 21),
                True,
                text,
                (_copied(text, text, "agents", "memory", "maps"),),
                (_copied(text, text),),
                (_copied(text),),
                gone=1,
            ),
            "date": text,
            "bibtex": text,
        },
        "paper": {
            "key": text,
            "paper": _written(text),
        },
    }
