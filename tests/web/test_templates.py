"""Every page renders from its documented context, with hostile values inert."""

import html
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, FileSystemLoader, StrictUndefined, UndefinedError

from service.domain.papers import Paper
from service.domain.previews import Preview
from service.domain.timetable import Cadence
from service.domain.topics import parse
from service.web import specimens
from service.web.mistakes import Mistake, Mistakes
from service.web.signup_form import SignupForm
from service.web.specimens import SPECIMEN as PAPER

TEMPLATES = Path(__file__).parents[2] / "templates"
ENV = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
HOSTILE = "\"'><script>alert(1)</script>{{ 7*7 }}</textarea></pre>\u202e&amp;"

LINE = {
    "number": 3,
    "sender": "Paperround <paperround@example.org>",
    "to": "ada@example.org",
    "subject": "Nine papers",
    "time": "07:00:01",
}


def contexts(text: str) -> dict[str, dict[str, Any]]:
    """The documented context of each page, with `text` wherever a stranger's words can stand."""
    return specimens.contexts(text) | {
        "inbox": {"letters": [dict.fromkeys(LINE, text)], "signup": "http://127.0.0.1:8000/"},
        "inbox_letter": {
            "letter": dict.fromkeys(LINE, text),
            "view": "source",
            "views": ["html", "source"],
            "text": text,
        },
    }


PAGES = sorted(contexts(""))


class Elements(HTMLParser):
    """Collects the elements of a page, each with its attributes, and its visible words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def render(name: str, **context: Any) -> str:
    return ENV.get_template(f"pages/{name}.html").render(**context)


def signup(**changes: Any) -> str:
    context: dict[str, Any] = {
        "form": SignupForm(timezone="Europe/Berlin"),
        "preview": Preview(Cadence.DAILY, (), (), (), ()),
        "dates": [],
        "suggested": [],
        "sample": "/sample",
        "wait": "",
        "zone": "Berlin time",
        "timezones": ["Europe/Berlin", "UTC"],
        "cadences": list(Cadence),
        "opened": "",
    }
    return render("signup", **{**context, **changes})


def test_every_page_of_the_folder_is_tested_here() -> None:
    files = {path.stem for path in (TEMPLATES / "pages").glob("*.html")}
    assert files - {"base"} == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_hostile_value_changes_no_element(name: str) -> None:
    harmless = Elements(render(name, **contexts("words")[name]))
    hostile = Elements(render(name, **contexts(HOSTILE)[name]))
    assert [(tag, set(attrs)) for tag, attrs in hostile.found] == [
        (tag, set(attrs)) for tag, attrs in harmless.found
    ]
    assert "<script>" not in render(name, **contexts(HOSTILE)[name])
    assert "49" not in hostile.words


@given(st.text())
def test_no_text_at_all_adds_an_element(text: str) -> None:
    # An empty value may leave its element out; any other must not add one.
    for name in ("signup", "confirm", "paper"):
        harmless = Elements(render(name, **contexts("words")[name])).found
        typed = Elements(render(name, **contexts(text or "x")[name])).found
        assert [tag for tag, _ in typed] == [tag for tag, _ in harmless]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_needs_each_value_it_documents(name: str) -> None:
    context = contexts("words")[name]
    for missing in context:
        rest = {key: value for key, value in context.items() if key != missing}
        with pytest.raises(UndefinedError):
            render(name, **rest)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_keeps_to_a_strict_content_policy(name: str) -> None:
    page = Elements(render(name, **contexts("words")[name]))
    tags = {tag for tag, _ in page.found}
    assert not tags & {"style", "img", "object", "embed"}
    own = [{"src": "/signup.js", "defer": None}] if name == "signup" else []
    assert page.named("script") == own
    for _, attributes in page.found:
        assert "style" not in attributes
        assert not [key for key in attributes if key.startswith("on")]
    (style,) = page.named("link")
    assert style == {"rel": "stylesheet", "href": "/style.css"}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_language_title_and_one_heading(name: str) -> None:
    page = Elements(render(name, **contexts("words")[name]))
    assert page.named("html") == [{"lang": "en", "dir": "ltr"}]
    assert len(page.named("h1")) == 1
    assert len(page.named("title")) == 1
    assert len(page.named("main")) == 1


@pytest.mark.parametrize("name", PAGES)
def test_only_the_sign_up_page_may_be_indexed(name: str) -> None:
    metas = Elements(render(name, **contexts("words")[name])).named("meta")
    hidden = {"name": "robots", "content": "noindex"} in metas
    assert hidden == (name not in ("signup", "inbox"))


def test_pages_may_stand_under_a_path() -> None:
    page = Elements(render("sent", sender="paperround@example.org", root="/papers"))
    assert page.named("link")[0]["href"] == "/papers/style.css"
    assert page.named("a")[0]["href"] == "/papers/"


def test_the_form_keeps_everything_typed() -> None:
    typed = SignupForm(
        ["<b>", "maps"], "robots AND (", "19:00", "Asia/Tokyo", "mondays", '"a b"@example.org'
    )
    page = Elements(signup(form=typed))
    sent = [(box["name"], box["value"]) for box in page.named("input") if "value" in box]
    assert sent == [
        ("new", "robots AND ("),
        ("topic", "<b>"),
        ("topic", "maps"),
        ("timezone", "Asia/Tokyo"),
        ("email", '"a b"@example.org'),
        ("opened", ""),
    ]
    chosen = re.findall(r"<option[^>]* selected>(.+?)</option>", signup(form=typed))
    assert chosen == ["19:00", "Weekly, on Mondays"]


def test_every_hour_is_offered() -> None:
    hours = re.findall(r"<option[^>]*>(\d\d:00)</option>", signup())
    assert hours == [f"{hour:02d}:00" for hour in range(24)]


def test_a_wrong_field_is_tied_to_its_message_and_the_first_one_is_focused() -> None:
    wrong = {"new": Mistake("A bracket is not closed."), "email": Mistake("No @ in it.")}
    page = Elements(signup(form=SignupForm(mistakes=Mistakes(wrong))))
    boxes = {box["name"]: box for box in page.named("input")}
    ids = {attributes.get("id") for _, attributes in page.found}
    assert boxes["new"]["aria-describedby"] == "new-hint new-error"
    assert boxes["email"]["aria-describedby"] == "email-error"
    assert {"new-hint", "new-error", "email-error"} <= ids
    assert "autofocus" in boxes["new"]
    assert "autofocus" not in boxes["email"]
    assert boxes["email"]["aria-invalid"] == "true"
    assert "aria-invalid" not in boxes["timezone"]


def test_a_form_without_errors_shows_none() -> None:
    page = Elements(signup())
    assert not [attrs for _, attrs in page.found if "error" in (attrs.get("class") or "")]
    assert not [attrs for _, attrs in page.found if "aria-invalid" in attrs]


def test_the_caret_of_a_wrong_topic_stays_under_its_place() -> None:
    where = '("coding agents" OR rag\n^'
    mistake = Mistake("A bracket is not closed.", where, "Close it.", '("coding agents" OR rag)')
    page = signup(form=SignupForm(mistakes=Mistakes({"new": mistake})))
    assert Elements(page).words.count(where) == 1
    assert 'value="new:(&#34;coding agents&#34; OR rag)"' in page
    assert len(Elements(page).named("pre")) == 1


def test_every_example_of_a_topic_is_one() -> None:
    examples = re.findall(r"<dt>(.+?)</dt>", signup())
    assert len(examples) >= 5
    for example in examples:
        assert parse(html.unescape(example)).canonical


def test_the_trap_for_robots_is_out_of_the_way_of_people() -> None:
    (trap,) = [box for box in Elements(signup()).named("input") if box["name"] == "website"]
    assert trap["tabindex"] == "-1"
    assert trap["autocomplete"] == "off"
    assert '<div class="trap" aria-hidden="true">' in signup()


def test_a_paper_with_a_page_links_there() -> None:
    page = Elements(render("paper", key="arxiv:2401.00001", paper=PAPER))
    assert "Read it at arxiv.org" in page.words
    assert "20 August 2026" in page.words
    links = {link["href"] for link in page.named("a")}
    assert {PAPER.page, PAPER.pdf, PAPER.code, PAPER.project} <= links
    assert "Find this paper" not in page.words


def test_a_paper_known_by_title_alone_offers_a_search() -> None:
    bare = Paper(title="Fish & Chips: 100% <b>?")
    page = Elements(render("paper", key="title:x", paper=bare))
    (search,) = [link["href"] for link in page.named("a") if "arxiv" in (link["href"] or "")]
    assert search == (
        "https://arxiv.org/search/?query=Fish%20%26%20Chips%3A%20100%25%20%3Cb%3E%3F"
        "&searchtype=title"
    )
    assert "The source gives no abstract." in page.words
    assert "None" not in page.words


def test_a_reader_without_topics_confirms_trending_papers() -> None:
    page = render(
        "confirm",
        topics=[],
        schedule="on weekdays at 07:00, New York time",
        first_letter="tomorrow at 07:00",
    )
    assert "whatever is trending that day" in page
    assert "on weekdays at 07:00, New York time" in page


@pytest.mark.parametrize("name", ["confirm", "move"])
def test_the_one_button_posts_to_the_page_it_stands_on(name: str) -> None:
    page = Elements(render(name, **contexts("words")[name]))
    assert page.named("form") == [{"method": "post"}]
    assert len(page.named("button")) == 1


def test_of_the_buttons_that_lead_away_only_leaving_is_filled() -> None:
    context = contexts("words")["unsubscribe"]
    page = Elements(render("unsubscribe", **context))
    assert [button.get("class") for button in page.named("button")] == [None, "quiet", "quiet"]
    page = Elements(render("unsubscribe", **context | {"weekly": None}))
    assert len(page.named("button")) == 2
    page = Elements(render("unsubscribe", **context | {"fewer": False}))
    assert len(page.named("button")) == 1


def test_goodbye_offers_undo_only_where_there_is_one() -> None:
    left = {"erased": False, "why": "/u/x/why"}
    assert "Undo" not in render("goodbye", undo=None, **left)
    assert 'action="/undo/x"' in render("goodbye", undo="/undo/x", **left)
    assert "<form" not in render("goodbye", undo=None, erased=True, why="")
