"""A card: one paper as letters show it; and the reason a reader sees it, its because."""

import json
from dataclasses import astuple, dataclass

from markupsafe import escape

from service.domain.papers import Paper
from service.mail.face import Face
from service.mail.lead import lead_sentences, lone_lead
from service.mail.mime import encode, pack, unpack
from service.mail.plain import cut_at_word, one_line
from service.mail.stencil import Stencil
from service.mail.wording import PREHEADER_LENGTH, topic_name

# What is longer is no abstract; nothing beyond is quoted.
_ABSTRACT_LENGTH = 6000


@dataclass(frozen=True, slots=True)
class Said:
    """What a letter says of a paper where it is not only printed: in subject, marks, quotation.

    `key` is the paper's public key; `sentence` stands in the preheader of a letter of one card,
    and `lone_lead` in that card.
    """

    key: str
    title: str
    name: str
    sentence: str
    lead: str
    lone_lead: str
    abstract: str
    upvotes: str


@dataclass(frozen=True, slots=True)
class Card:
    """A paper's encoded texts, whole and as a line of a list, and what is said of it besides.

    The whole ones have the slots because, title, lead and quotation (`text` needs no title); of a
    line the note stands between what is before and after.
    """

    said: Said
    text: Stencil
    html: Stencil
    text_before: bytes
    text_after: bytes
    html_before: bytes
    html_after: bytes

    @classmethod
    def build(
        cls, paper: Paper, key: str, face: Face, rendered: tuple[str, str, str, str]
    ) -> "Card":
        """Return the card of a paper; `rendered` are its texts, with markers, in their order."""
        abstract = one_line(paper.abstract)[:_ABSTRACT_LENGTH]
        chosen = lead_sentences(abstract, face.name)
        opening = chosen[0].rstrip() if chosen else ""
        said = Said(
            key=key,
            title=face.title,
            name=face.name,
            sentence=cut_at_word(opening, PREHEADER_LENGTH),
            lead=face.lead,
            lone_lead=lone_lead(chosen),
            abstract=abstract,
            upvotes=f"{paper.upvotes:,} upvotes" if paper.upvotes else "",
        )
        text, html, *lines = map(Stencil.cut, rendered)
        around = [segment for line in lines for segment in line.around("note", {})]
        return cls(said, text, html, *around)

    def pack(self) -> bytes:
        """Return the card as a part to store."""
        words = json.dumps(astuple(self.said), ensure_ascii=False)
        whole = (self.text.pack(), self.html.pack())
        lines = (self.text_before, self.text_after, self.html_before, self.html_after)
        return pack([words.encode(), *whole, *lines])

    @classmethod
    def unpack(cls, part: bytes) -> "Card":
        """Return the card that was packed. Raises MalformedPart."""
        words, text, html, *lines = unpack(part)
        said = Said(*json.loads(words))
        return cls(said, Stencil.unpack(text), Stencil.unpack(html), *lines)


@dataclass(frozen=True, slots=True)
class Because:
    """A reason as a card names it, encoded: a topic, or an author whom the reader follows.

    `query` is what a topic looks for, in canonical form; an author has none.
    """

    label: str
    query: str
    text: bytes
    html: bytes

    @property
    def is_topic(self) -> bool:
        return bool(self.query)

    @classmethod
    def build(cls, label: str, query: str) -> "Because":
        """Return the because of a topic, its label cut at 40 characters."""
        name = topic_name(one_line(label))
        return cls(name, query, encode(name), encode(f"<bdi>{escape(name)}</bdi>"))

    @classmethod
    def followed(cls, author: str) -> "Because":
        """Return the because of a followed author, the name cut at 40 characters."""
        name, words = topic_name(one_line(author)), "you follow "
        html = f"{words}<bdi>{escape(name)}</bdi>"
        return cls(words + name, "", encode(words + name), encode(html))

    def pack(self) -> bytes:
        """Return the because as a part to store."""
        return pack([self.label.encode(), self.query.encode(), self.text, self.html])

    @classmethod
    def unpack(cls, part: bytes) -> "Because":
        """Return the because that was packed. Raises MalformedPart."""
        label, query, text, html = unpack(part)
        return cls(label.decode(), query.decode(), text, html)
