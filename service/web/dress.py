"""The dress of the pages: templates rendered to answers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse

from service.mail.templates import Templates


class Dress:
    """Renders pages from the templates in pages/ of `folders`; the first that has a file gives it.

    The style sheet of the pages, `style`, and the script of the sign-up page are among the files.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._templates = Templates(folders, autoescape=lambda _name: True, trim_blocks=True)
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

    def not_a_reader(self) -> HTMLResponse:
        """Return the answer to the own link of one who gets no letters, by now or for now."""
        return self.message(
            200,
            "No letters come to this address.",
            "So there is nothing to change. What you had is kept for the link in the letter that "
            "says goodbye.",
            link=("Sign up again", "/"),
        )

    def bad_link(self) -> HTMLResponse:
        """Return the one answer to every link that is not ours, whatever is wrong with it."""
        return self.message(
            404,
            "This link doesn’t work.",
            "It may be cut off; try copying it whole from the letter.",
        )
