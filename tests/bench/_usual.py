"""The usual way to make letters: templates rendered, and a message built, for each reader."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from service import resources
from service.binding import Binder
from service.domain.deliveries import Claim
from service.domain.marking import marks
from service.domain.papers import Paper
from service.installation import Installation
from service.mail.face import face, own_page
from service.mail.plain import one_line, wrapped
from service.mail.stencil import MARK
from service.store import papers, parts, workers
from service.store.ledger import Ledger
from tests.bench._delivering import Planned, opened


class Usual:
    """Makes the letters that a database has in its queue in the usual way.

    `letter` is one of them as we make it, and `octets` what they measure on average.
    """

    def __init__(self, planned: Planned) -> None:
        now = datetime.now(UTC)
        with planned.copy() as url, opened(url) as installation:
            database = installation.database
            seat = workers.sit_down(database, "bench", now)
            self._claims = Ledger(database, seat.worker_id, seat.lock).claim(500, now)
            workers.stand_up(database, seat, now)
            with database.read() as connection:
                stored = papers.between(connection, 0, 1_000)
                ids = {part for claim in self._claims for part in claim.selection.part_ids()}
                bodies = parts.bodies_of(connection, ids)
            self._make = usual_of(installation, [found.paper for found in stored])
            binder = Binder(
                installation.house, None, installation.key, lambda ids: {i: bodies[i] for i in ids}
            )
            made = [binder.bind(claim) for claim in self._claims]
        self.letter = made[0]
        self.octets = sum(map(len, made)) // len(made)

    def make(self, number: int) -> bytes:
        return self._make(self._claims[number % len(self._claims)])


def _marked(text: str, phrases: Sequence[str]) -> Markup:
    written, end = Markup(), 0
    for start, stop in marks(text, phrases):
        written += Markup("{}<b>{}</b>").format(text[end:start], text[start:stop])
        end = stop
    return written + text[end:]


class _Words(Mapping[str, Any]):
    """Slots of the templates with a reader's own words in them."""

    def __init__(self, words: Mapping[str, Any]) -> None:
        self._words = words

    def __getitem__(self, name: str) -> Any:
        return self._words.get(name, name)

    def __iter__(self) -> Any:
        return iter(self._words)

    def __len__(self) -> int:
        return len(self._words)


def usual_of(installation: Installation, known: Sequence[Paper]) -> Callable[[Claim], bytes]:
    """Return what makes a letter as it is made usually: everything rendered for this reader."""
    house = installation.house
    jinja = Environment(
        loader=FileSystemLoader(resources.folder("templates")),
        autoescape=lambda name: name is not None and name.endswith(".html"),
        keep_trailing_newline=True,
    )
    jinja.filters |= {"wrap": wrapped, "one_line": one_line}
    card = {suffix: jinja.get_template(f"email/parts/card.{suffix}") for suffix in ("txt", "html")}
    line = {suffix: jinja.get_template(f"email/parts/line.{suffix}") for suffix in ("txt", "html")}
    body = {suffix: jinja.get_template(f"email/digest/body.{suffix}") for suffix in ("txt", "html")}

    def make(claim: Claim) -> bytes:
        shown = claim.selection
        faces = [
            face(known[n], own_page=own_page(house.base_url, "k"), year=2026)
            for n in range(len(shown.cards) + len(shown.also) + len(shown.trending))
        ]
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"] = house.mailbox, claim.recipient
        message["Subject"] = faces[0].title
        message["Date"] = format_datetime(claim.planned_at)
        message["Message-ID"] = f"<{claim.token}@{house.host}>"
        message["List-Id"] = f"Paperround <{house.list_id}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        written = {}
        phrases = known[0].title.split()[:2]
        for suffix in ("txt", "html"):
            words = {"cards": "", "also": ""}
            for number, each in enumerate(faces):
                whole = number < len(shown.cards)
                title, lead = (_marked(text, phrases) for text in (each.title, each.lead))
                slots = _Words({"title": title, "lead": lead, "quotation": ""})
                template = (card if whole else line)[suffix]
                words["cards" if whole else "also"] += template.render(slot=slots, face=each)
            written[suffix] = body[suffix].render(slot=_Words(words), house=house, subject="x")
        message.set_content(written["txt"].replace(MARK, ""))
        message.add_alternative(written["html"].replace(MARK, ""), subtype="html")
        return message.as_bytes()

    return make
