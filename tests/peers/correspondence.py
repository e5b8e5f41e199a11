"""Letters for the tests: a house, a reader, a paper, and what has broken letters before."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from hypothesis import strategies as st

from service.domain.papers import Paper
from service.domain.selection import Picked, Selection
from service.mail.house import House
from service.mail.letter import join
from service.mail.parts import Parts
from service.mail.personal import LetterDay, Personal
from service.mail.rendering import KINDS, Kind, Letters
from service.mail.shown import Mention

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates"
HOUSE = House(
    sender="Paperround <paperround@example.org>",
    base_url="https://papers.example.org",
    reply_to="editor@example.org",
    postal_address="Example Library, 1 Reading Lane",
    feedback_id="digest:paperround:example",
)
LETTERS = Letters([TEMPLATES], HOUSE)
FRAMES: Mapping[Kind, bytes] = {kind: LETTERS.frame(kind) for kind in KINDS}
TOKEN = "0123456789abcdef" * 2
WEB = "https://papers.example.org/d/W"
STOP = "https://papers.example.org/u/AbC-dEf_1"
FRIDAY = LetterDay(date(2026, 8, 21), hour=7, schedule="daily at 07:00, Berlin time")
ADA = Personal(
    recipient="ada@example.net",
    name="Ada",
    token=TOKEN,
    planned_at=datetime(2026, 8, 21, 5, 0, tzinfo=UTC),
    day=FRIDAY,
    unsubscribe=STOP,
    web=WEB,
    links={
        "confirm": "https://papers.example.org/confirm/T?a=1&b=2",
        "undo": "https://papers.example.org/undo/T",
        "preferences": "https://papers.example.org/preferences/T",
        "account": "https://papers.example.org/account/T",
        "address": "https://papers.example.org/address/T",
    },
    asked_for=("agents", "state & space"),
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


def letter_of(
    kind: Kind,
    papers: Sequence[tuple[Paper, Sequence[str]]] = (),
    personal: Personal = ADA,
    *,
    also: Sequence[tuple[Paper, Sequence[str]]] = (),
    trending: Sequence[Paper] = (),
    topics: int = 4,
    matched: int = 5,
    frame: bytes | None = None,
    author: str | None = None,
) -> bytes:
    """Return a letter with those papers, each for the topics of those labels, the words of the
    first marked; before them comes the author, whom the reader follows.
    """
    bodies = [frame or FRAMES[kind]]

    def kept(body: bytes) -> int:
        if body not in bodies:
            bodies.append(body)
        return bodies.index(body)

    def picked(paper: Paper, labels: Sequence[str]) -> Picked:
        names = [LETTERS.because_followed(author)] if author else []
        names += [LETTERS.because(label, "agents") for label in labels]
        return kept(LETTERS.card(paper, "k1", 2026)), tuple(map(kept, names))

    selection = Selection(
        frame=0,
        cards=tuple(picked(*each) for each in papers),
        also=tuple(picked(*each) for each in also),
        trending=tuple(picked(paper, ())[0] for paper in trending),
        topics=topics,
        matched=matched,
    )
    parts = Parts(
        lambda _: dict(enumerate(bodies)), lambda _, because, __: Mention([[because.label]])
    )
    return join(parts, selection, personal)
