"""Letters for the tests: a house, a reader, a paper, and what has broken letters before."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from hypothesis import strategies as st

from service.domain.papers import Paper
from service.mail.letter import (
    Because,
    Card,
    Contents,
    Entry,
    Frame,
    House,
    Letters,
    Personal,
    Reasons,
    join,
    show,
)
from service.mail.rendering import KINDS, Kind

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates"
HOUSE = House(
    sender="Paperround <paperround@example.org>",
    base_url="https://papers.example.org",
    reply_to="editor@example.org",
    postal_address="Example Library, 1 Reading Lane",
    feedback_id="digest:paperround:example",
)
LETTERS = Letters([TEMPLATES], HOUSE)
FRAMES = {kind: Frame.unpack(LETTERS.frame(kind)) for kind in KINDS}
TOKEN = "0123456789abcdef" * 2
WEB = "https://papers.example.org/d/W"
STOP = "https://papers.example.org/u/AbC-dEf_1"
ADA = Personal(
    recipient="ada@example.net",
    name="Ada",
    token=TOKEN,
    planned_at=datetime(2026, 8, 21, 5, 0, tzinfo=UTC),
    local_date=date(2026, 8, 21),
    local_hour=7,
    topics=4,
    matched=5,
    unsubscribe=STOP,
    web=WEB,
    schedule="daily at 07:00, Berlin time",
    links={
        "confirm": "https://papers.example.org/confirm/T?a=1&b=2",
        "undo": "https://papers.example.org/undo/T",
        "preferences": "https://papers.example.org/preferences/T",
        "account": "https://papers.example.org/account/T",
        "address": "https://papers.example.org/address/T",
    },
    asked_for=("agents", "state & space"),
    undo_until=date(2026, 9, 20),
    elsewhere="a…@example.org",
)
LAMP = Paper(
    title="Lamp: Small Agents <Ask> Before & After",
    abstract="Agents err. We present Lamp, which asks. It waits for an answer.",
    authors=("Ada Quill", "Zoë O'Neil"),
    page="https://arxiv.org/abs/2608.00001",
    pdf="https://arxiv.org/pdf/2608.00001",
    upvotes=12,
    published=date(2026, 8, 20),
)

# What has broken letters before: line ends, header and MIME syntax, markup, markers, direction.
NAUGHTY = [
    "",
    " ",
    ".",
    "..\n.\r\n.",
    "\r\n.\r\nQUIT\r\n",
    "From here",
    "--=_" + TOKEN + "--",
    "=?utf-8?q?=0ABcc:_eve@example.net?=",
    "x\r\nBcc: eve@example.net",
    "=3D=\r\n=20",
    "a" * 1200,
    "." * 160,
    "字" * 200,
    "é." * 90,
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></style></bdi></p></td>",
    "{{ slot.subject }} {% raw %}",
    "\x00because\x00",
    "\x00token\x00",
    "\u202eturned\u202c \u2066round\u2069",
    "zero\u200bwidth\ufeff",
    "a\ud800b",
    "Z\u0351\u036b\u0343alg\u0321o",
    "نص من اليمين",
    "👩‍🔬🏳️‍🌈",
    "&amp; &lt; &#39;",
    "%s %d {0} $HOME `id` ; DROP TABLE paper; --",
]
ANYTHING = st.sampled_from(NAUGHTY) | st.text(max_size=200)


def card_of(paper: Paper, key: str = "k1") -> Card:
    return Card.unpack(LETTERS.card(paper, key, 2026))


def because_of(*labels: str) -> list[Because]:
    return [Because.unpack(LETTERS.because(label, "agents")) for label in labels]


def entry(paper: Paper, labels: Sequence[str], *, alone: bool = False) -> Entry:
    """A paper's card for those topics, with the words of the first one marked."""
    card = card_of(paper)
    terms = [[words] for words in labels[:1]]
    shown = show(card, terms, FRAMES["digest"].pieces, alone=alone)
    return Entry.of(card, Reasons.of(because_of(*labels)), shown)


def letter_of(
    kind: Kind, papers: Sequence[Paper], personal: Personal = ADA, *, frame: Frame | None = None
) -> bytes:
    """Return a letter with those papers as its cards, each for one topic."""
    cards = [entry(paper, ["agents"], alone=len(papers) == 1) for paper in papers]
    return join(frame or FRAMES[kind], Contents(cards), personal)
