"""The dress of the pages: templates rendered to answers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse

from service.domain.links import Purpose
from service.domain.readers import Subscriber
from service.domain.timetable import spoken_schedule
from service.mail.templates import Templates

_LIVES = {
    Purpose.CONFIRM: "Links to confirm last {confirm_life}.",
    Purpose.ADDRESS: "Links to confirm last {confirm_life}.",
    Purpose.UNDO: "Links to undo last 30 days.",
    Purpose.ACCOUNT: "Links to an account last 30 minutes.",
}
# Those that a button replaces by a letter with a new one.
RENEWED = (Purpose.CONFIRM, Purpose.ACCOUNT)


class Dress:
    """Renders pages from the templates in pages/ of `folders`; the first that has a file gives it.

    Links that confirm an address last `confirm_life`, in words. The style sheet of the pages,
    `style`, and the script of the sign-up page are among the files.
    """

    def __init__(self, folders: Sequence[Path], confirm_life: str) -> None:
        self._templates = Templates(folders, autoescape=lambda _name: True, trim_blocks=True)
        self._confirm_life = confirm_life
        self.style = self._templates.file("pages/style.css")
        self.script = self._templates.file("pages/signup.js")

    def page(self, name: str, status: int = 200, **context: Any) -> HTMLResponse:
        """Return the page of that name. Raises TemplateMistake."""
        body = self._templates.render(f"pages/{name}.html", context)
        return HTMLResponse(body, status_code=status)

    def message(
        self, status: int, title: str, *paragraphs: str, link: tuple[str, str] | None = None
    ) -> HTMLResponse:
        """Return a page with one short message."""
        return self.page("message", status, title=title, paragraphs=paragraphs, link=link)

    def start(self, reader: Subscriber, first_letter: str) -> HTMLResponse:
        """Return the page that asks whether letters shall start, the first one at that time."""
        chosen = reader.preferences
        return self.page(
            "confirm",
            topics=[wish.shown for wish in reader.wishes if wish.enabled],
            schedule=spoken_schedule(chosen.timezone, chosen.send_at, chosen.cadence),
            first_letter=first_letter,
        )

    def not_a_reader(self, account: str) -> HTMLResponse:
        """Return the answer to the own link of one who gets no letters, by now or for now.

        A POST to `account` mails them the link to what is kept of them.
        """
        return self.page("not_a_reader", account=account)

    def expired(self, purpose: Purpose, path: str) -> HTMLResponse:
        """Return the answer to a link that was good, and stood at `path`, until its time was
        over.
        """
        return self.page(
            "expired",
            410,
            life=_LIVES.get(purpose, "").format(confirm_life=self._confirm_life),
            renew=f"{path}/renew" if purpose in RENEWED else None,
            link=("Sign up again", "/") if purpose is Purpose.UNDO else None,
        )

    def bad_link(self) -> HTMLResponse:
        """Return the one answer to every link that is not ours, whatever is wrong with it."""
        return self.message(
            404,
            "This link doesn’t work.",
            "It may be cut off; try copying it whole from the letter.",
        )
