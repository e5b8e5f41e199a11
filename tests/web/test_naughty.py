"""What strangers type stays words: on every page, and in every letter."""

import html
import shutil
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from conftest import make_settings
from peers.letter import html_of, link_of, text_of
from peers.naughty import naughty_strings
from peers.newsroom import publish, subscribe
from peers.pages import Pages
from peers.preferences import kept, preferences_path, save
from peers.reader import Clock, deliver, path_of, sign_up

from service import pipeline
from service.demo.catcher import Catcher, Caught
from service.domain.readers import MOST_PAPERS, Preferences
from service.domain.topics import TopicError
from service.domain.wishes import WishError, wishes_of
from service.installation import Installation, open_installation
from service.mail.address import parse_address
from service.readers import consent

ADA = "ada@example.org"
STRINGS = naughty_strings()
# What a template in a string would come to: 1337*1337.
COMPUTED = "1787569"
OURS = frozenset(
    "a article aside b bdi body br button datalist dd details div dl dt fieldset footer form h1 h2"
    " h3 h4 head header html i input label legend li link main meta ol option p pre script section"
    " select small span strong style summary svg table tbody td textarea title tr ul".split()
)


OWN_SCRIPT: dict[str, str | None] = {"src": "/signup.js", "defer": None}


class _Elements(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def hold_inert(page: str, typed: object, *, scripts: Sequence[dict[str, str | None]] = ()) -> None:
    """Hold a document to have no element, handler or link that is not ours."""
    for tag, attributes in _Elements(page).found:
        assert tag in OURS, (tag, typed)
        assert not [name for name in attributes if name.startswith("on")], (attributes, typed)
        if tag == "script":
            assert attributes in scripts, typed
        for name in ("href", "src", "action", "formaction"):
            link = attributes.get(name) or "/"
            assert link.startswith(("/", "#", "http://", "https://")), (link, typed)
    assert COMPUTED not in page, typed


def hold_letter_inert(letter: Caught, typed: object) -> None:
    assert letter.headers().get_all("Bcc") is None
    assert len(letter.headers().get_all("To", [])) == 1
    assert not letter.message().defects
    assert max(map(len, letter.raw.split(b"\r\n"))) <= 998
    assert not set(text_of(letter)) & set("\x00\x07\x1b\u202e\u2066"), typed
    hold_inert(html_of(letter), typed)


@pytest.fixture
def house(sqlite_template: Path, tmp_path: Path, catcher: Catcher) -> Iterator[Installation]:
    """An installation on an embedded database alone: there are many strings."""
    shutil.copy(sqlite_template, tmp_path / "naughty.db")
    chosen = make_settings(
        f"sqlite:///{tmp_path / 'naughty.db'}",
        tmp_path,
        smtp_url="smtp://{}:{}".format(*catcher.address),
    )
    with open_installation(chosen) as installation:
        yield installation


def in_batches(items: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def is_wish(typed: str) -> bool:
    try:
        return bool(wishes_of([typed]))
    except (TopicError, WishError):
        return False


def test_a_topic_being_typed_is_shown_as_it_is_and_does_nothing(pages: Pages) -> None:
    for typed in STRINGS:
        page = pages.post("/preview", data={"new": typed, "email": typed, "timezone": typed})
        part = pages.post("/preview", data={"topic": [typed, "tea"], "do": "typing", "part": "1"})
        for answer in (page, part):
            assert answer.status_code == 200, typed
            hold_inert(answer.text, typed, scripts=[OWN_SCRIPT])
        assert typed.strip()[:5] in html.unescape(page.text), typed
        answer = pages.get("/api/preview", params={"q": typed})
        assert answer.status_code in (200, 422), typed


def test_topics_and_labels_are_inert_in_letters_and_on_the_readers_own_pages(
    pages: Pages, house: Installation, clock: Clock, catcher: Catcher
) -> None:
    labels = [typed for typed in STRINGS if is_wish(f"{typed} = maps")]
    topics = [typed for typed in STRINGS if typed.strip() and is_wish(typed)]
    assert len(labels) > 50
    assert len(topics) > 40
    publish(house, clock(), *(f"Maps word{n}x" for n in range(60)))
    for number, batch in enumerate(in_batches(labels, 60)):
        email = f"ada{number}@example.org"
        wanted = [f"{label} = word{n}x" for n, label in enumerate(batch)]
        sign_up(pages, email, *wanted, *topics[number * 40 : number * 40 + 40])
        (asking,) = deliver(house, clock, catcher)
        hold_letter_inert(asking, batch)
        start = path_of(link_of(asking, "/confirm/"))
        hold_inert(pages.get(start).text, batch)
        pages.post(start)
        own = preferences_path(house, email)
        assert "Saved" in save(pages, own, max_papers=str(MOST_PAPERS)).text
        hold_inert(pages.get(own).text, batch)
        (first,) = deliver(house, clock, catcher)
        hold_letter_inert(first, batch)
        hold_inert(pages.get(path_of(link_of(first, "/d/"))).text, batch)
        assert {wish.label for wish in kept(house, email).wishes} >= {
            " ".join(label.split()) or None for label in batch
        }


def test_names_are_inert_in_letters(house: Installation, clock: Clock, catcher: Catcher) -> None:
    publish(house, clock(), "Maps of Rivers")
    for number, names in enumerate(in_batches([n for n in STRINGS if "\0" not in n], 300)):
        for nth, name in enumerate(names):
            address = parse_address(f"ada{number}-{nth}@example.org")
            wanted = Preferences(name=name)
            consent.add(house, address, (), wanted, clock(), source="test", vouched=True)
        pipeline.plan(house, clock(), everyone=True)
        letters = deliver(house, clock, catcher)
        assert len(letters) == len(names)
        for letter in letters:
            hold_letter_inert(letter, names)


def test_a_name_is_kept_as_typed_or_refused_and_never_breaks_the_page(
    pages: Pages, house: Installation, clock: Clock
) -> None:
    subscribe(house, ADA, "maps", at=clock())
    path = preferences_path(house, ADA)
    for typed in [*STRINGS[::4], "A\0da"]:
        page: httpx.Response = save(pages, path, name=typed, follows=typed, mutes=typed)
        assert page.status_code in (200, 422), typed
        hold_inert(page.text, typed)
        if page.status_code == 200:
            assert kept(house, ADA).name == (" ".join(typed.split()) or None)
