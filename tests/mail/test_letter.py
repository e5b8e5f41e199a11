"""A whole letter: what arrives is what was written, whoever wrote it."""

import email
import email.policy
import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from peers.correspondence import (
    ADA,
    ANYTHING,
    FRAMES,
    FRIDAY,
    HOUSE,
    KINDS,
    LAMP,
    LETTERS,
    STOP,
    TEMPLATES,
    TOKEN,
    WEB,
    letter_of,
)

from service.domain.papers import Paper
from service.domain.timetable import Cadence
from service.mail.frame import Frame
from service.mail.headers import HeaderError
from service.mail.personal import Personal
from service.mail.plain import cut_at_word, one_line
from service.mail.rendering import Kind, Letters
from service.mail.templates import TemplateMistake

Read = tuple[bytes, EmailMessage, "Page", str]


class Page(HTMLParser):
    """The text of the elements of a page, the whole text, and all links."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, str]] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self._open: list[tuple[str, list[str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]
        if tag not in {"meta", "br", "img"}:
            self._open.append((tag, []))

    def handle_data(self, data: str) -> None:
        for _, text in self._open:
            text.append(data)

    def handle_endtag(self, tag: str) -> None:
        opened, text = self._open.pop()
        assert opened == tag, f"<{opened}> closed by </{tag}>"
        self.elements.append((tag, "".join(text)))

    def texts(self, tag: str) -> list[str]:
        return [text for name, text in self.elements if name == tag]


def read(raw: bytes) -> Read:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert [*message.defects, *text.defects, *html.defects] == []
    return raw, message, Page(html.get_content()), text.get_content().replace("\r\n", "\n")


def digest(
    papers: Sequence[tuple[Paper, Sequence[str]]],
    personal: Personal = ADA,
    *,
    also: Sequence[tuple[Paper, Sequence[str]]] = (),
    trending: Sequence[Paper] = (),
    topics: int = 4,
    matched: int = 5,
) -> Read:
    return read(
        letter_of(
            "digest",
            papers,
            personal,
            also=also,
            trending=trending,
            topics=topics,
            matched=matched,
        )
    )


def assert_fit_for_the_wire(raw: bytes) -> None:
    assert raw.endswith(b"--\r\n")
    header, _, body = raw.partition(b"\r\n\r\n")
    for row in raw.removesuffix(b"\r\n").split(b"\r\n"):
        assert len(row) <= 998
        assert not row.startswith(b".")
        assert b"\r" not in row
        assert b"\n" not in row
        assert row.isascii()
    assert all(len(row) <= 76 for row in body.split(b"\r\n"))
    names = [row.partition(b":")[0].lower() for row in re.split(rb"\r\n(?! )", header)]
    assert len(names) == len(set(names))


def test_a_digest_carries_every_header_of_a_bulk_letter() -> None:
    _, message, _, _ = digest([(LAMP, ["agents"])])
    assert dict(message.items()) == {
        "From": "Paperround <paperround@example.org>",
        "Reply-To": "editor@example.org",
        "To": "ada@example.net",
        "Subject": "Lamp: Small Agents <Ask> Before & After",
        "Date": "Fri, 21 Aug 2026 05:00:00 +0000",
        "Message-ID": f"<{TOKEN}@example.org>",
        "List-Id": "Paperround <paperround.example.org>",
        "List-Help": "<mailto:paperround@example.org?subject=help>",
        "List-Unsubscribe": f"<{STOP}>,"
        " <mailto:paperround@example.org?subject=unsubscribe%20AbC-dEf_1>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
        "Feedback-ID": "digest:paperround:example",
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="=_{TOKEN}"',
    }


def test_a_long_unsubscribe_link_stays_raw_and_is_folded_only_after_the_comma() -> None:
    link = "https://papers.example.org/u/" + "x" * 400
    raw, *_ = digest([(LAMP, [])], ADA._replace(unsubscribe=link))
    assert f"\r\nList-Unsubscribe: <{link}>,\r\n <mailto:".encode() in raw


@pytest.mark.parametrize("kind", ["confirm", "goodbye", "preferences"])
def test_a_letter_that_is_no_digest_is_on_no_list(kind: Kind) -> None:
    _, message, _, _ = read(letter_of(kind))
    assert not [name for name in message if name.startswith("List-")]


def test_a_digest_reads_as_the_house_style_has_it() -> None:
    bare = Paper(title="Only a Title", abstract="A thing is known.")
    _, message, page, text = digest(
        [(LAMP, ["agents", "memory"]), (bare, ["a", "b", "c", "d", "e"]), (bare, [])],
        ADA._replace(asked_on=date(2026, 5, 3), day=replace(FRIDAY, next_on=date(2026, 8, 22))),
        matched=9,
        also=[(bare, ["memory"])],
        trending=[LAMP],
    )
    assert message["Subject"] == "Lamp: Small Agents <Ask> Before & After + 2 more"
    assert text == (
        "Paperround, Friday 21 August\n"
        "Good morning, Ada. 3 new papers for 4 topics; 6 more matched.\n"
        "Change topics: https://papers.example.org/preferences/T\n"
        "Pause a week: https://papers.example.org/preferences/T/pause\n"
        "Read on the web: https://papers.example.org/d/W\n"
        "Unsubscribe: https://papers.example.org/u/AbC-dEf_1\n"
        "\n"
        "1. Lamp: Small Agents <Ask> Before & After\n"
        "   Ada Quill, Zoë O'Neil\n"
        "   Because: agents, memory\n"
        "   We present Lamp, which asks. It waits for an answer.\n"
        "   https://arxiv.org/abs/2608.00001\n"
        "   PDF: https://arxiv.org/pdf/2608.00001\n"
        "   12 upvotes, 20 Aug\n"
        "\n"
        "2. Only a Title\n"
        "   Because: a, b, c +2\n"
        "   A thing is known.\n"
        "   https://papers.example.org/paper/k1\n"
        "   Find this paper:"
        " https://arxiv.org/search/?query=Only+a+Title&searchtype=title\n"
        "\n"
        "3. Only a Title\n"
        "   Because: trending today\n"
        "   A thing is known.\n"
        "   https://papers.example.org/paper/k1\n"
        "   Find this paper:"
        " https://arxiv.org/search/?query=Only+a+Title&searchtype=title\n"
        "\n"
        "Also matched\n"
        "\n"
        "- Only a Title\n"
        "  because: memory\n"
        "  https://papers.example.org/paper/k1\n"
        "\n"
        "And 5 more on the web: https://papers.example.org/d/W\n"
        "\n"
        "Trending today, outside your topics\n"
        "\n"
        "- Lamp: Small Agents <Ask> Before & After\n"
        "  12 upvotes\n"
        "  https://arxiv.org/abs/2608.00001\n"
        "\n"
        "\n"
        "You asked for this letter on 3 May 2026: daily at 07:00, Berlin time.\n"
        "The next one comes on Saturday.\n"
        "\n"
        "Change topics: https://papers.example.org/preferences/T\n"
        "Pause a week: https://papers.example.org/preferences/T/pause\n"
        "Unsubscribe: https://papers.example.org/u/AbC-dEf_1\n"
        "\n"
        "Passing it on? Share the web copy; the links above are yours alone.\n"
        "Web copy: https://papers.example.org/d/W\n"
        "\n"
        "No pixels, no tracked links.\n"
        "Example Library, 1 Reading Lane\n"
    )
    assert page.texts("title") == [message["Subject"]]
    assert page.texts("h1") == ["Good morning, Ada."]
    lists = ["Also matched", "Trending today, outside your topics"]
    assert page.texts("h2") == [LAMP.title, bare.title, bare.title, *lists]
    assert page.texts("b") == ["Agents", "a"]
    said = page.texts("p")
    assert said[0] == "3 new papers for 4 topics; 6 more matched."
    assert [line for line in said if line.startswith("Because")] == [
        "Because: agents · memory",
        "Because: a · b · c +2",
        "Because: trending today",
    ]
    assert "PDF\xa0\xa0\xa0 12 upvotes · 20 Aug" in said
    assert {"Only a Titlebecause: memory", "And 5 more on the web"} < set(said)
    assert "Lamp: Small Agents <Ask> Before & After12\xa0upvotes" in said
    assert page.texts("div")[0].startswith("Also Only a Title and Only a Title, for agents, memory")


def test_a_followed_author_is_a_reason_but_none_of_the_topics_the_preheader_lists() -> None:
    raw = letter_of("digest", [(LAMP, ["agents"])] * 2, author="Yann LeCun")
    _, _, page, text = read(raw)
    assert "   Because: you follow Yann LeCun, agents\n" in text
    assert "Because: you follow Yann LeCun · agents" in page.texts("p")
    assert page.texts("div")[0].startswith("Also Lamp, for agents")


def test_text_and_html_lead_to_the_same_places() -> None:
    _, _, page, text = digest([(LAMP, ["agents"]), (Paper(title="Bare"), [])])
    assert set(page.links) == set(re.findall(r"https://\S+", text))
    assert page.links.count(STOP) == 2


def test_a_reader_without_topics_is_told_what_trends() -> None:
    _, message, page, _ = digest([(LAMP, [])] * 2, ADA._replace(name=None), topics=0)
    assert message["Subject"] == "Trending: Lamp: Small Agents <Ask> Before & After + 1 more"
    assert page.texts("h1") == ["Your papers for Friday"]
    assert page.texts("p")[0] == "The 2 most trending papers of the day."


def test_a_weekly_letter_tells_of_the_week_and_names_the_date_of_the_next() -> None:
    weekly = ADA._replace(
        day=replace(
            FRIDAY,
            schedule="on Fridays at 07:00, Berlin time",
            cadence=Cadence.FRIDAYS,
            next_on=date(2026, 8, 28),
        ),
    )
    _, message, page, text = digest([(LAMP, ["agents"])], weekly, trending=[LAMP])
    assert message["Subject"] == "Your week: Lamp: Small Agents <Ask> Before & After"
    assert page.texts("p")[0] == "1 paper this week for 4 topics; 4 more matched."
    assert "Trending this week, outside your topics" in page.texts("h2")
    assert "The next one comes on Friday 28 August." in " ".join(text.split())
    _, _, page, _ = read(letter_of("welcome", [], weekly))
    assert page.texts("p")[1].endswith(
        "on Fridays at 07:00, Berlin time, in weeks with papers for you."
    )
    _, _, _, text = read(letter_of("confirm", [], weekly))
    assert "asked for a weekly letter about agents" in text


def test_a_confirm_letter_asks_once_and_quotes_the_topics() -> None:
    _, message, page, text = read(letter_of("confirm"))
    assert message["Subject"] == "Confirm your Paperround letter"
    assert "Someone, we hope you, asked for a daily letter about agents and state & space" in text
    assert page.texts("i") == ["agents", "state & space"]
    assert set(page.links) == {ADA.links["confirm"]} == set(re.findall(r"https://\S+", text))
    assert "Ada" not in text, "a name typed by a stranger has no place here"


def test_a_first_letter_says_what_to_expect_and_that_it_is_the_first() -> None:
    papers = [(LAMP, ["agents"]), (Paper(title="Ferry"), ["agents"])]
    _, message, page, text = read(letter_of("first", papers, matched=9))
    assert (
        message["Subject"] == "Your first papers: Lamp: Small Agents <Ask> Before & After + 1 more"
    )
    assert page.texts("h1") == ["You’re in, Ada."]
    assert page.texts("p")[:2] == [
        "To begin with, 2 papers of the last days for 4 topics; 7 more matched.",
        "From now on a letter comes daily at 07:00, Berlin time, on days with papers for you.",
    ]
    opening = " ".join(text.partition("\nChange topics")[0].split())
    assert opening == "Paperround, Friday 21 August You’re in, Ada. " + " ".join(
        page.texts("p")[:2]
    )
    assert page.texts("h2")[:2] == [LAMP.title, "Ferry"]
    assert set(page.links) == set(re.findall(r"https://\S+", text))
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_first_letter_to_a_reader_without_topics_brings_what_trended() -> None:
    _, message, page, _ = read(letter_of("first", [(LAMP, [])], ADA._replace(name=None), topics=0))
    assert message["Subject"] == "Your first papers: Lamp: Small Agents <Ask> Before & After"
    assert page.texts("h1") == ["You’re in."]
    assert page.texts("p")[0] == "To begin with, the most trending paper of the last days."


@pytest.mark.parametrize(
    ("asked_for", "words"),
    [
        (("agents", "state & space"), "was about agents or state & space."),
        (("a", "b", "c", "d", "e"), "was about a, b, c or 2 more."),
        (("see example.net",), "was about your topic."),
    ],
)
def test_a_welcome_without_papers_says_so_and_what_to_expect(
    asked_for: tuple[str, ...], words: str
) -> None:
    personal = ADA._replace(asked_for=asked_for)
    _, message, page, text = read(letter_of("welcome", [], personal))
    assert message["Subject"] == "Your Paperround letter is set up"
    assert page.texts("h1") == ["You’re in, Ada."]
    expect = "From now on a letter comes daily at 07:00, Berlin time, on days with papers for you."
    assert page.texts("p")[:2] == [f"No paper of the last days {words}", expect]
    assert " ".join(text.split()).startswith(
        f"You’re in, Ada. No paper of the last days {words} {expect} Unsubscribe: {STOP}"
    )
    assert set(page.links) == {STOP} == set(re.findall(r"https://\S+", text))
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_welcome_when_no_paper_came_at_all_says_just_that() -> None:
    _, _, page, _ = read(letter_of("welcome", [], ADA._replace(asked_for=())))
    assert page.texts("p")[0] == "No paper came in the last days."


@settings(deadline=None)
@given(ANYTHING, ANYTHING)
def test_any_name_and_topic_are_inert_in_a_welcome(name: str, topic: str) -> None:
    personal = ADA._replace(name=name, asked_for=(topic,))
    raw, _, page, text = read(letter_of("welcome", [], personal))
    assert_fit_for_the_wire(raw)
    assert set(page.links) == {STOP} == set(re.findall(r"https://\S+", text))
    assert page.tags <= read(letter_of("welcome"))[2].tags


def test_a_goodbye_letter_offers_the_way_back() -> None:
    _, message, page, text = read(letter_of("goodbye"))
    assert message["Subject"] == "You're unsubscribed"
    assert "Until 20 September this link" in text
    assert set(page.links) == {ADA.links["undo"]} == set(re.findall(r"https://\S+", text))


def test_a_letter_that_was_asked_for_leads_to_the_preferences() -> None:
    _, message, page, text = read(letter_of("preferences"))
    assert message["Subject"] == "Your Paperround preferences"
    assert set(page.links) == {ADA.links["preferences"]} == set(re.findall(r"https://\S+", text))


@pytest.mark.parametrize("kind", ["confirm", "goodbye", "preferences"])
def test_a_letter_without_its_link_is_an_error_that_names_it(kind: Kind) -> None:
    with pytest.raises(ValueError, match=f"a {kind} letter needs links"):
        letter_of(kind, [], ADA._replace(links={}))


@pytest.mark.parametrize("kind", ["digest", "first"])
def test_a_digest_without_a_paper_is_an_error(kind: Kind) -> None:
    with pytest.raises(ValueError, match="without a paper"):
        letter_of(kind)


@pytest.mark.parametrize(
    "wrong",
    [
        ADA._replace(recipient="ada@example.net\r\nBcc: eve@example.net"),
        ADA._replace(token=TOKEN[1:]),
        ADA._replace(unsubscribe="https://papers.example.org/u/a b"),
        ADA._replace(unsubscribe=""),
    ],
)
def test_what_no_header_can_hold_is_refused(wrong: Personal) -> None:
    with pytest.raises(HeaderError):
        digest([(LAMP, ["agents"])], wrong)


@settings(deadline=None)
@given(ANYTHING, ANYTHING, ANYTHING, ANYTHING, ANYTHING)
@example(*["\r\n.\r\nMAIL FROM:<>"] * 5)
@example(*["\x00cards\x00"] * 5)
def test_any_text_arrives_as_text_and_nothing_else(
    name: str, title: str, topic: str, abstract: str, author: str
) -> None:
    paper = Paper(
        title=title or "x", abstract=abstract, authors=(author,) * 5, page=LAMP.page, pdf=LAMP.pdf
    )
    raw, message, page, text = digest(
        [(paper, [topic]), (LAMP, ["agents"])], ADA._replace(name=name)
    )
    assert_fit_for_the_wire(raw)
    assert message.keys() == digest([(LAMP, [])])[1].keys()
    plain = digest([(LAMP, ["agents"])])[2]
    assert page.tags == plain.tags
    assert set(page.links) == set(plain.links)

    shown_title, shown_name = one_line(title or "x"), cut_at_word(one_line(name), 80)
    greeting = f"Good morning, {shown_name}." if shown_name else "Your papers for Friday"
    assert page.texts("h1") == [greeting]
    opening = " ".join(text.split("\n\n")[0].split()).partition("August ")[2]
    assert opening.startswith(" ".join(greeting.rstrip(".").split()))
    if len(shown_title) <= 300:
        assert page.texts("h2")[0] == shown_title
        assert " ".join(shown_title.split()) in " ".join(text.split())
    if len(one_line(topic)) <= 40:
        assert f"Because: {one_line(topic)}" in page.texts("p")
        assert f"   Because: {one_line(topic)}\n" in text


@settings(deadline=None)
@given(ANYTHING)
def test_any_topic_is_inert_in_a_confirm_letter(topic: str) -> None:
    raw, _, page, text = read(letter_of("confirm", [], ADA._replace(asked_for=(topic,))))
    assert_fit_for_the_wire(raw)
    assert set(page.links) == {ADA.links["confirm"]} == set(re.findall(r"https://\S+", text))
    assert page.tags <= read(letter_of("confirm"))[2].tags


@settings(deadline=None)
@given(st.integers(min_value=1, max_value=40))
def test_a_letter_of_any_length_fits_the_wire(count: int) -> None:
    raw, _, page, text = digest([(LAMP, ["agents", "memory"])] * count, matched=count)
    assert_fit_for_the_wire(raw)
    assert len(page.texts("h2")) == count
    assert f"\n{count}. Lamp" in text


@settings(deadline=None, max_examples=25)
@given(
    st.lists(
        st.tuples(st.sampled_from("a.é字👩<&"), st.integers(0, 9000)), min_size=1, max_size=50
    ),
    st.integers(0, 20),
    st.integers(0, 3),
)
def test_a_letter_of_huge_papers_fits_and_says_what_it_leaves_out(
    huge: list[tuple[str, int]], also: int, trending: int
) -> None:
    papers = [
        Paper(
            title=f"Paper {number}: {sign * size}",
            abstract=f"We show {sign * size}. " * 3,
            authors=(sign * size,) * 5,
            page=f"https://arxiv.org/abs/2608.{number:05}",
            pdf=f"https://arxiv.org/pdf/2608.{number:05}",
            code=f"https://github.com/example/{'x' * min(size, 400)}{number}",
            upvotes=12,
        )
        for number, (sign, size) in enumerate(huge)
    ]
    matched = len(papers) + also + 40
    raw, message, page, text = digest(
        [(paper, ["agents", "字" * 40, "👩" * 60]) for paper in papers],
        matched=matched,
        also=[(papers[0], ["agents"])] * also,
        trending=papers[:trending],
    )
    assert_fit_for_the_wire(raw)
    html = raw.split(b"--=_" + TOKEN.encode())[2]
    assert len(html) <= 90_200, "the limit is the encoded part's, without its headers"
    assert page.links.count(STOP) == 2
    cards = text.count("\n   Because: ")
    listed = text.count("\n  because: ")
    assert (
        f"{cards} new paper{'' if cards == 1 else 's'} for 4 topics; {matched - cards} more" in text
    )
    assert f"And {matched - cards - listed} more on the web: {WEB}" in text
    assert cards == 1 or listed == min(20, also + len(papers) - cards)
    assert page.texts("p")[-3:-1] == [
        "Passing it on? Share the web copy; the links above are yours alone.",
        "No pixels, no tracked links.",
    ]
    assert message["Subject"].startswith("Paper 0")


def test_the_same_letter_is_made_of_the_same_bytes() -> None:
    again = Letters([TEMPLATES], HOUSE)
    assert again.frame("digest") == LETTERS.frame("digest")
    assert again.card(LAMP, "k1", 2026) == LETTERS.card(LAMP, "k1", 2026)
    assert digest([(LAMP, ["agents"])])[0] == digest([(LAMP, ["agents"])])[0]


def test_two_deliveries_differ_in_message_id_and_boundary() -> None:
    _, message, _, _ = digest([(LAMP, [])], ADA._replace(token="f" * 32))
    assert message["Message-ID"] == f"<{'f' * 32}@example.org>"
    assert message.get_boundary() == f"=_{'f' * 32}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_comes_back_from_storage(kind: Kind) -> None:
    part = FRAMES[kind]
    assert Frame.unpack(part).pack() == part


def test_a_letter_loads_nothing_and_its_style_sheet_is_small() -> None:
    _, message, page, _ = digest([(LAMP, ["agents"])])
    html = message.get_body(("html",))
    assert html is not None
    content = html.get_content()
    assert not page.tags & {"img", "link", "script", "iframe", "object", "form"}
    assert "url(" not in content
    assert "@import" not in content
    (style,) = page.texts("style")
    assert 500 < len(style.encode()) < 1536
    assert '<html lang="en" dir="ltr">' in content
    assert 'aria-label="PDF: Lamp"' in content


def test_a_template_may_be_replaced_and_a_mistake_in_it_names_the_slot(tmp_path: Path) -> None:
    shutil.copytree(TEMPLATES / "email", tmp_path / "email")
    (tmp_path / "email" / "digest" / "body.txt").write_text("Hello {{ slot.greting }}\r\n")
    with pytest.raises(TemplateMistake, match=r"digest/body.txt, line 1: .*greting"):
        Letters([tmp_path], HOUSE).frame("digest")
    (tmp_path / "email" / "digest" / "body.txt").write_text("{{ slot.cards }}")
    with pytest.raises(TemplateMistake, match=r"digest/body.txt: must hold slot.also$"):
        Letters([tmp_path], HOUSE).frame("digest")
    (tmp_path / "email" / "digest" / "body.txt").write_text(
        "{{ slot.greeting }}\n{{ slot.cards }}{{ slot.also }}{{ slot.trending }}"
        "{{ slot.unsubscribe }}"
    )
    frame = Letters([tmp_path], HOUSE).frame("digest")
    _, _, _, text = read(letter_of("digest", [(LAMP, [])], frame=frame))
    assert text.startswith("Good morning, Ada.\n1. Lamp")


@pytest.mark.parametrize("suffix", ["txt", "html"])
def test_a_card_without_its_because_is_an_error_that_names_the_template(
    tmp_path: Path, suffix: str
) -> None:
    shutil.copytree(TEMPLATES / "email", tmp_path / "email")
    (tmp_path / "email" / "parts" / f"card.{suffix}").write_text("{{ face.title }}")
    with pytest.raises(ValueError, match=f"card.{suffix}"):
        Letters([tmp_path], HOUSE).card(LAMP, "k1", 2026)
