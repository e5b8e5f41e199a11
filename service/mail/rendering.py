"""Templates rendered to the parts that letters are joined from."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import quote

from service.domain.papers import Paper
from service.mail.card import Because, Card
from service.mail.face import Face, face, own_page
from service.mail.frame import Frame
from service.mail.headers import address_value, header_line, subject_value
from service.mail.house import House
from service.mail.plain import one_line, wrapped
from service.mail.stencil import MARK, slots
from service.mail.templates import TemplateMistake, Templates

# A first digest is one with words of its own.
Kind = Literal[
    "digest",
    "first",
    "confirm",
    "welcome",
    "goodbye",
    "preferences",
    "account",
    "address",
    "moved",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
_ON_THE_LIST = ("digest", "first", "welcome")

_DIGEST = (
    *("subject", "preheader", "date", "greeting", "summary", "opening"),
    *("change", "pause", "unsubscribe", "web", "asked", "closing", "cards", "also", "trending"),
)
# What the bodies of each kind may write as `{{ slot.name }}`.
_SLOTS: Mapping[Kind, Mapping[str, str]] = {
    "digest": slots(*_DIGEST),
    "first": slots(*_DIGEST, "expect"),
    "confirm": slots("cadence", "asked_for", "confirm"),
    "welcome": slots("greeting", "nothing", "expect", "opening", "unsubscribe"),
    "goodbye": slots("until", "undo"),
    "preferences": slots("preferences"),
    "account": slots("account"),
    "address": slots("address", "elsewhere", "asking"),
    "moved": slots("elsewhere", "moved"),
}
# What no letter of a kind may lack, in text or in HTML.
_NEEDED: Mapping[Kind, tuple[str, ...]] = {
    "digest": ("cards", "also", "trending", "unsubscribe"),
    "first": ("cards", "also", "trending", "unsubscribe"),
    "confirm": ("confirm",),
    "welcome": ("unsubscribe",),
    "goodbye": ("undo",),
    "preferences": ("preferences",),
    "account": ("account",),
    "address": ("address",),
    "moved": (),
}

# What a digest may hold or not: templates of email/parts, and what they may write.
_PIECES: Mapping[str, Mapping[str, str]] = {
    "mark.html": slots("words"),
    **dict.fromkeys(("quotation.txt", "quotation.html"), slots("quotation")),
    **dict.fromkeys(("section.txt", "section.html"), slots("heading", "lines")),
    **dict.fromkeys(("more.txt", "more.html"), slots("more", "web")),
}
_CARD_SLOTS = slots("because", "title", "lead", "quotation")


class Letters:
    """Renders the parts of letters from the templates in email/ of `folders`.

    The first folder that has a file gives it.
    """

    def __init__(self, folders: Sequence[Path], house: House) -> None:
        self._house = house
        self._templates = Templates(
            folders,
            autoescape=lambda name: name is not None and name.endswith(".html"),
            filters={"wrap": wrapped, "one_line": one_line},
        )

    def frame(self, kind: Kind) -> bytes:
        """Return the packed frame of one kind of letter. Raises TemplateMistake."""
        known = {"slot": _SLOTS[kind], "house": self._house}
        folder = f"email/{kind}"
        subject = self._render(f"{folder}/subject.txt", known).strip()
        text = self._render(f"{folder}/body.txt", known)
        html = self._render(f"{folder}/body.html", {**known, "subject": subject})
        for slot in _NEEDED[kind]:
            for suffix, body in (("txt", text), ("html", html)):
                if _SLOTS[kind][slot] not in body:
                    raise self._lacks(f"{folder}/body.{suffix}", f"slot.{slot}")
        return Frame.build(
            kind,
            header=self._header(kind, subject),
            text=text,
            html=html,
            pieces=self._pieces() if kind in ("digest", "first") else {},
        ).pack()

    def card(self, paper: Paper, key: str, year: int) -> bytes:
        """Return the packed card of `paper` for letters of `year`.

        `key` names the paper's page on our own site. Raises TemplateMistake.
        """
        shown = face(paper, own_page=own_page(self._house.base_url, key), year=year)
        return Card.build(
            paper,
            key,
            shown,
            (
                self._paper("card.txt", shown, _CARD_SLOTS, "because"),
                self._paper("card.html", shown, _CARD_SLOTS, "because"),
                self._paper("line.txt", shown, slots("note"), "note"),
                self._paper("line.html", shown, slots("note"), "note"),
            ),
        ).pack()

    def because(self, label: str, query: str) -> bytes:
        """Return the packed because of a topic: the reader's words for it, and what it seeks."""
        return Because.build(label, query).pack()

    def _paper(self, name: str, shown: Face, known: Mapping[str, str], needed: str) -> str:
        text = self._render(f"email/parts/{name}", {"slot": known, "face": shown})
        if text.count(known[needed]) != 1:
            raise self._lacks(f"email/parts/{name}", f"slot.{needed} exactly once")
        return text

    def _lacks(self, template: str, what: str) -> TemplateMistake:
        return TemplateMistake(f"{self._templates.file(template)}: must hold {what}")

    def _pieces(self) -> dict[str, str]:
        pieces = {
            name: self._render(f"email/parts/{name}", {"slot": known, "house": self._house})
            for name, known in _PIECES.items()
        }
        # More words follow the marked ones on their line, and a line of a list ends itself.
        for name in ("mark.html", "section.txt"):
            pieces[name] = pieces[name].rstrip("\n")
        return pieces

    def because_followed(self, author: str) -> bytes:
        """Return the packed because of an author whom the reader follows."""
        return Because.followed(author).pack()

    def _render(self, template: str, known: Mapping[str, object]) -> str:
        text = self._templates.render(template, known)
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
        if kind in _ON_THE_LIST:
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


def _slot(name: str) -> str:
    return f"{MARK}{name}{MARK}"
