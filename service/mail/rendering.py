"""Templates rendered to the parts that letters are joined from."""

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from service.domain.papers import Paper
from service.mail.card import Because, Card, face, own_page
from service.mail.frame import MARK, Frame, slots
from service.mail.headers import address_value, header_line, subject_value
from service.mail.house import House
from service.mail.plain import one_line

Kind = Literal["digest", "confirm", "goodbye"]

# What the bodies of each kind may write as `{{ slot.name }}`.
_SLOTS: Mapping[Kind, Mapping[str, str]] = {
    "digest": slots(
        *("subject", "preheader", "date", "greeting", "summary", "opening"),
        *("unsubscribe", "asked", "cards"),
    ),
    "confirm": slots("asked_for", "confirm"),
    "goodbye": slots("until", "undo"),
}


class Letters:
    """Renders the parts of letters from the templates in the folder `templates`/email."""

    def __init__(self, templates: Path, house: House) -> None:
        self._house = house
        self._jinja = Environment(
            loader=FileSystemLoader(templates),
            autoescape=lambda name: name is not None and name.endswith(".html"),
            undefined=StrictUndefined,
            keep_trailing_newline=True,
        )
        self._jinja.filters["wrap"] = _wrap
        self._jinja.filters["one_line"] = one_line

    def frame(self, kind: Kind) -> bytes:
        """Return the packed frame of one kind of letter. Raises jinja2.TemplateError."""
        known = {"slot": _SLOTS[kind], "house": self._house}
        folder = f"email/{kind}"
        subject = self._render(f"{folder}/subject.txt", known).strip()
        return Frame.build(
            kind,
            header=self._header(kind, subject),
            text=self._render(f"{folder}/body.txt", known),
            html=self._render(f"{folder}/body.html", {**known, "subject": subject}),
        ).pack()

    def card(self, paper: Paper, key: str, year: int) -> bytes:
        """Return the packed card of `paper` for letters of `year`.

        `key` names the paper's page on our own site. Raises jinja2.TemplateError.
        """
        shown = face(paper, own_page=own_page(self._house.base_url, key), year=year)
        known = {"slot": slots("because"), "face": shown}
        halves = [
            self._render(f"email/parts/card.{suffix}", known).split(f"{MARK}because{MARK}")
            for suffix in ("txt", "html")
        ]
        for half, suffix in zip(halves, ("txt", "html"), strict=True):
            if len(half) != 2:
                raise ValueError(f"email/parts/card.{suffix} must hold slot.because exactly once")
        return Card.build(paper, shown, *halves).pack()

    def because(self, label: str) -> bytes:
        """Return the packed because of a topic, by the reader's label or its words."""
        return Because.build(label).pack()

    def because_followed(self, author: str) -> bytes:
        """Return the packed because of an author whom the reader follows."""
        return Because.followed(author).pack()

    def _render(self, template: str, known: Mapping[str, object]) -> str:
        text = self._jinja.get_template(template).render(known)
        return text if text.endswith("\n") else text + "\n"

    def _header(self, kind: Kind, subject: str) -> str:
        house = self._house
        lines = [
            f"From: {house.mailbox}",
            *([f"Reply-To: {address_value(house.reply_to)}"] if house.reply_to else []),
            f"To: {_slot('to')}",
            f"Subject: {_slot('subject') if MARK in subject else subject_value(subject)}",
            f"Date: {_slot('date')}",
            f"Message-ID: <{_slot('token')}@{house.host}>",
        ]
        if kind == "digest":
            mailto = f"mailto:{quote(house.address, safe='@')}"
            lines += [
                f"List-Id: Paperround <{house.list_id}>",
                f"List-Help: <{mailto}?subject=help>",
                f"List-Unsubscribe: <{_slot('unsubscribe')}>,\r\n"
                f" <{mailto}?subject=unsubscribe%20{_slot('stop')}>",
                "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
            ]
        lines.append("Auto-Submitted: auto-generated")
        if house.feedback_id:
            lines.append(f"Feedback-ID: {header_line(house.feedback_id)}")
        return "\r\n".join(lines) + "\r\n"


def _wrap(text: str, indent: int, width: int = 72) -> str:
    """Wrap at `width` columns and indent every line but the first, which the template places.

    Addresses and words without a break stay whole.
    """
    margin = " " * indent
    return textwrap.fill(
        text,
        width=width,
        initial_indent=margin,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )[indent:]


def _slot(name: str) -> str:
    return f"{MARK}{name}{MARK}"
