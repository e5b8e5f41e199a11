"""The web pages over the mail catcher: a list of letters, and each letter as a reader sees it."""

import re
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Literal

from fastapi import FastAPI, HTTPException, Response
from fastapi.responses import FileResponse, HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from service.demo.catcher import Catcher, Caught

View = Literal["html", "text", "source"]

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
# A letter brings its own styles, and nothing else of it may run or load; sandboxed here as well,
# for one who opens its address outside the frame.
LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
HEAD = re.compile(r"<head(?:\s[^>]*)?>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    """What the pages show of a letter beside its body."""

    number: int
    sender: str
    to: str
    subject: str
    time: str


def inbox_app(catcher: Catcher, templates: Path, signup: str | None = None) -> FastAPI:
    """Return the inbox of `catcher` as an application; it only reads.

    `templates` is the folder that holds pages/; `signup` is the address of the sign-up page, to
    link to.
    """
    env = Environment(
        loader=FileSystemLoader(templates), autoescape=True, undefined=StrictUndefined
    )
    app = FastAPI(title="Paperround demo inbox", openapi_url=None)

    def page(name: str, **context: object) -> HTMLResponse:
        body = env.get_template(f"pages/{name}.html").render(**context)
        return HTMLResponse(body, headers=_safe(PAGE_POLICY))

    def letter(number: int) -> Caught:
        for caught in catcher.letters():
            if caught.number == number:
                return caught
        raise HTTPException(404, f"There is no letter {number} here, or no longer.")

    @app.get("/")
    def listing() -> Response:
        lines = [_line(caught, caught.headers()) for caught in reversed(catcher.letters())]
        return page("inbox", letters=lines, signup=signup)

    @app.get("/style.css")
    def style() -> Response:
        return FileResponse(templates / "pages" / "style.css", media_type="text/css")

    @app.get("/letters/{number}")
    def read(number: int, view: View | None = None) -> Response:
        caught = letter(number)
        message = caught.message()
        views: list[View] = ["source"]
        if message.get_body(("plain",)):
            views.insert(0, "text")
        if message.get_body(("html",)):
            views.insert(0, "html")
        shown = view if view in views else views[0]
        text = ""
        if shown == "source":
            text = caught.raw.decode("utf-8", "replace")
        elif shown == "text":
            text = _content(message, "plain")
        return page(
            "inbox_letter", letter=_line(caught, message), view=shown, views=views, text=text
        )

    @app.get("/letters/{number}/html")
    def html(number: int) -> Response:
        content = _content(letter(number).message(), "html")
        return HTMLResponse(_opening_links_outside(content), headers=_safe(LETTER_POLICY))

    @app.get("/letters/{number}/eml")
    def eml(number: int) -> Response:
        return Response(
            letter(number).raw,
            media_type="message/rfc822",
            headers={
                "Content-Disposition": f'attachment; filename="letter-{number}.eml"',
                **_safe("default-src 'none'; sandbox"),
            },
        )

    return app


def _safe(content_policy: str) -> dict[str, str]:
    return {
        "Content-Security-Policy": content_policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }


def _line(caught: Caught, headers: EmailMessage) -> Line:
    return Line(
        number=caught.number,
        sender=_value(headers, "From") or caught.mail_from,
        to=", ".join(caught.rcpt_to),
        subject=_value(headers, "Subject"),
        time=f"{caught.received_at.astimezone():%H:%M:%S}",
    )


def _value(headers: EmailMessage, name: str) -> str:
    """Return one header as text; raw UTF-8 in it (RFC 6532) included."""
    try:
        value = str(headers.get(name, ""))
    except Exception:
        # The standard parser fails on malformed headers in many ways; one
        # letter must not hide the rest.
        return "(unreadable)"
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _content(message: EmailMessage, subtype: Literal["html", "plain"]) -> str:
    part = message.get_body((subtype,))
    if part is None:
        raise HTTPException(404, f"This letter has no {subtype} part.")
    try:
        return str(part.get_content())
    except LookupError:
        # A charset Python does not know.
        body = part.get_payload(decode=True)
        return body.decode("ascii", "replace") if isinstance(body, bytes) else ""


def _opening_links_outside(html: str) -> str:
    """Return `html` with its links opening in a new tab: the frame's sandbox bars others."""
    found = HEAD.search(html)
    at = found.end() if found else 0
    return f'{html[:at]}<base target="_blank">{html[at:]}'
