"""A card: what it shows of a paper, and that it is small."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.papers import Paper
from service.mail.card import Because, Card
from service.mail.face import Face, Link, face, own_page
from service.mail.lead import lead, lead_sentences, lone_lead, sentences
from service.mail.letter import Frame, House, Letters
from service.mail.shown import Mention, show

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates"
OWN = "https://papers.example.org/paper/k1"


def shown(paper: Paper) -> Face:
    return face(paper, own_page=OWN, year=2026)


@pytest.mark.parametrize(
    ("abstract", "said"),
    [
        ("", ""),
        ("One sentence without any end", "One sentence without any end"),
        (
            "Readers drown. Filters shout. We introduce Quiet, a filter. It is calm. It is small.",
            "We introduce Quiet, a filter. It is calm.",
        ),
        (
            "Background. In this work, we first propose Lamp. It glows.",
            "In this work, we first propose Lamp. It glows.",
        ),
        ("Background here. This paper studies sleep.", "This paper studies sleep."),
        (
            "Much is known. Two things are not. A third is open.",
            "Much is known. Two things are not.",
        ),
        # "we" without a deed, and a deed without "we", are background.
        (
            "Today we live in a loud world. Others propose filters. End.",
            "Today we live in a loud world. Others propose filters.",
        ),
        ("It fails, e.g. On Mondays, as J. Doe et al. Fig. 3 show. We find why.", "We find why."),
        (
            'He said "no." We show that "yes." Then all slept.',
            'We show that "yes." Then all slept.',
        ),
        ("Scores rise by 3.5 points. We report them.", "We report them."),
        ("背景です。We present 灯。終わり。", "We present 灯。終わり。"),
        # The paper's own name opens the sentence that says what it does.
        (
            "Agents err. Lamp instead asks first. It waits. It acts.",
            "Lamp instead asks first. It waits.",
        ),
        ("Agents err. Lampshade dims. Lamp asks.", "Lamp asks."),
    ],
)
def test_the_lead_begins_where_the_authors_say_what_they_did(abstract: str, said: str) -> None:
    assert lead(lead_sentences(abstract, "Lamp")) == said


def test_a_lead_of_two_long_sentences_is_cut_at_the_sentence() -> None:
    first = "We show " + "one thing after another " * 8 + "at last."
    long = f"Before. {first} {'And then more of it ' * 10}."
    assert lead(lead_sentences(long)) == first


def test_a_lead_of_one_very_long_sentence_is_cut_at_a_word() -> None:
    cut = lead(["We show " + "one thing after another " * 40])
    assert len(cut) <= 320
    assert cut.endswith(("thing…", "after…", "another…", "one…"))


@given(st.text(max_size=2000), st.text(max_size=30))
def test_a_lead_is_part_of_its_abstract_and_never_longer_than_320(text: str, name: str) -> None:
    found = lead_sentences(text, name)
    assert len(lead(found)) <= 320
    assert len(lone_lead(found)) <= 700
    for cut in (lead(found), lone_lead(found)):
        assert cut in text or cut.removesuffix("…") in text


def test_the_lead_of_a_letters_only_card_goes_on_while_sentences_fit() -> None:
    more = "It helps people who read a lot. " * 40
    found = lone_lead(lead_sentences(f"Before. We show a lamp. {more}"))
    assert found == ("We show a lamp. " + more[: 32 * 21]).rstrip()


@given(st.text())
def test_the_sentences_of_a_text_are_the_whole_text(text: str) -> None:
    assert "".join(sentences(text)) == text


def test_a_full_record_shows_all_its_facts() -> None:
    paper = Paper(
        title="Lamp: A\n Light",
        abstract="We build a lamp.",
        authors=("Ada A", "Ben B", "Cid C", "Dan D"),
        published=date(2025, 12, 30),
        page="https://arxiv.org/abs/2512.00001",
        pdf="https://arxiv.org/pdf/2512.00001",
        code="https://github.com/example/lamp",
        project="https://lamp.example.org",
        upvotes=163,
        stars=76,
        organisation="Example Institute",
    )
    assert shown(paper) == Face(
        title="Lamp: A Light",
        name="Lamp",
        url="https://arxiv.org/abs/2512.00001",
        authors="Ada A, Ben B, … Dan D (4 authors)",
        organisation="Example Institute",
        lead="We build a lamp.",
        links=(
            Link("PDF", "https://arxiv.org/pdf/2512.00001"),
            Link("Code", "https://github.com/example/lamp", "76 stars"),
            Link("Project", "https://lamp.example.org"),
        ),
        tally=("163 upvotes", "30 Dec 2025"),
    )


def test_a_bare_record_leads_to_its_own_page_and_a_search() -> None:
    bare = shown(Paper(title="Only & a Title"))
    assert bare.url == OWN
    assert bare.links == (
        Link(
            "Find this paper",
            "https://arxiv.org/search/?query=Only+%26+a+Title&searchtype=title",
        ),
    )
    assert (bare.authors, bare.organisation, bare.lead, bare.tally) == ("", "", "", ())


def test_small_numbers_and_repeated_facts_are_left_out() -> None:
    page = "https://example.org/lamp"
    paper = Paper(
        title="Lamp by Example Institute",
        page=page,
        code=page,
        project=page,
        upvotes=4,
        stars=9,
        organisation="example institute",
    )
    assert shown(paper).links == (Link("Code", page),)
    assert shown(paper).tally == ()
    assert shown(paper).organisation == ""


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "https://a.example/ b",
        'https://a.example/"x',
        "https://a.example/\0because\0",
    ],
)
def test_a_link_that_is_no_web_address_is_not_printed(link: str) -> None:
    paper = Paper(title="Lamp", page=link, pdf=link, code=link, project=link)
    assert shown(paper).url == OWN
    assert [item.word for item in shown(paper).links] == ["Find this paper"]


def test_a_key_is_escaped_in_the_address_of_a_page() -> None:
    assert own_page("https://p.example", "a/b c") == "https://p.example/paper/a%2Fb%20c"


def test_parts_come_back_from_storage() -> None:
    letters = Letters([TEMPLATES], House(sender="p@example.org", base_url="https://p.example"))
    part = letters.card(Paper(title="Lämp: A Light", abstract="We glow. Always."), "k1", 2026)
    card = Card.unpack(part)
    said = card.said
    assert (said.title, said.name, said.sentence) == ("Lämp: A Light", "Lämp", "We glow.")
    assert card.pack() == part
    because = letters.because("agents AND (memory OR planning OR recollection)", "agents")
    assert Because.unpack(because).label == "agents AND (memory OR planning OR…"
    assert Because.unpack(because).query == "agents"
    assert Because.unpack(because).pack() == because


def test_a_followed_author_is_named_by_a_because_that_is_no_topic() -> None:
    letters = Letters([TEMPLATES], House(sender="p@example.org", base_url="https://p.example"))
    because = letters.because_followed("Ada <Byron>,\nCountess of Lovelace and of many more")
    unpacked = Because.unpack(because)
    assert (unpacked.is_topic, unpacked.pack()) == (False, because)
    assert unpacked.label == "you follow Ada <Byron>, Countess of Lovelace and…"
    assert unpacked.text == b"you follow Ada <Byron>, Countess of Lovelace and=E2=80=A6=\r\n"
    assert b"you follow <bdi>Ada &lt;Byron&gt;, Countess" in unpacked.html
    assert Because.unpack(letters.because("agents", "agents")).is_topic


def test_a_card_of_usual_size_stays_below_2400_octets() -> None:
    letters = Letters([TEMPLATES], House(sender="p@example.org", base_url="https://p.example"))
    paper = Paper(
        title="Lamplighter: Teaching Small Agents to Ask a Question Before They Act on It",
        abstract="We " + "introduce a lamp that glows " * 11 + "quietly.",
        authors=("Ada Quill", "Ben Okafor", "Chiara Rossi", "Dmitri Volkov"),
        published=date(2026, 8, 20),
        page="https://arxiv.org/abs/2608.19880",
        pdf="https://arxiv.org/pdf/2608.19880",
        code="https://github.com/example-institute/lamplighter",
        project="https://lamplighter.example.org/",
        upvotes=163,
        stars=76,
        organisation="University of Somewhere",
    )
    card = Card.unpack(letters.card(paper, "k1", 2026))
    pieces = Frame.unpack(letters.frame("digest")).pieces
    for terms in ((), (["lamplighter"], ["agents"], ["glows"]), (["nowhere"],)):
        shown = show(card, "lamps", Mention(terms), pieces, alone=False)
        assert 1000 < len(b"".join((shown.html_head, *shown.html_tail))) <= 2400


def test_a_record_of_absurd_size_makes_a_card_that_still_fits() -> None:
    letters = Letters([TEMPLATES], House(sender="p@example.org", base_url="https://p.example"))
    long = "long words " * 5000
    paper = Paper(title=long, abstract=long, authors=(long,) * 700, organisation="O" * 9000)
    card = Card.unpack(letters.card(paper, "k1", 2026))
    pieces = Frame.unpack(letters.frame("digest")).pieces
    shown = show(card, "", Mention(), pieces, alone=True)
    assert len(b"".join((shown.html_head, *shown.html_tail))) < 4000
    assert len(card.pack()) < 20_000
