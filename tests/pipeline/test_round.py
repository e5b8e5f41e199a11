"""The morning round as a whole: from digest file over real SMTP to a hundred readers."""

import re
import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

from peers import digest_file, newsroom
from sqlalchemy import select

from service import pipeline
from service.delivering import Delivered
from service.demo.catcher import Catcher
from service.domain.policy import Result
from service.domain.text import fold
from service.installation import Installation
from service.planning import Plan
from service.store import deliveries, papers, tables

# No paper of the two pages has a word of the same stem, save with a plural s: so what a word finds
# can be told by looking for it. The last four find nothing there.
WORDS = [
    "posterior", "benchmark", "bayesian", "variable", "paradigm", "baseline", "attention",
    "gaussian", "reinforcement", "github", "likelihood", "evidence", "latent", "synthetic",
    "failure", "scenario", "question", "error", "gradient", "domain", "space",
    "volcano", "trombone", "oyster", "lighthouse",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """A reader's topics, and how one looks by eye whether a paper meets them."""

    topics: tuple[str, ...]
    words: tuple[str, ...]
    all_of_them: bool = False

    def met_by(self, text: str) -> bool:
        found = [bool(re.search(rf"(?<![a-z]){word}s?(?![a-z])", text)) for word in self.words]
        return all(found) if self.all_of_them else any(found)


def asked_of(number: int) -> Asked:
    one, two = WORDS[number % 25], WORDS[(number * 7 + 3) % 25]
    match number % 4:
        case 0:
            return Asked((one,), (one,))
        case 1:
            return Asked((one, two), (one, two))
        case 2:
            return Asked((f"{one} OR {two}",), (one, two))
        case _:
            return Asked((f"{one} AND {two}",), (one, two), all_of_them=True)


def send(house: Installation, at: datetime) -> tuple[Plan, Delivered]:
    """Do what `paperround send --now --at` does."""
    reports = list(pipeline.ingest(house, [house.digest_dir], lambda: at))
    assert all(report.error is None for report in reports)
    made = pipeline.plan(house, at, everyone=True)
    return made, pipeline.deliver(house, lambda: at, threading.Event())


def letters_to(catcher: Catcher, address: str) -> list[EmailMessage]:
    return [letter.message() for letter in catcher.letters() if letter.rcpt_to == (address,)]


def text_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return " ".join(str(body.get_content()).split())


def skips(house: Installation) -> Mapping[int, str]:
    skip = tables.table(tables.Skip)
    with house.database.read() as connection:
        return dict(connection.execute(select(skip.c.subscriber_id, skip.c.reason)).all())


def test_a_hundred_readers_get_exactly_their_papers_and_nobody_else_gets_a_letter(
    house: Installation, catcher: Catcher, corpus: Path
) -> None:
    friday = datetime(2026, 8, 21, 8, tzinfo=UTC)
    for page in (corpus / "pages").glob("*.txt"):
        shutil.copy(page, house.digest_dir)
    readers = {
        newsroom.subscribe(
            house, f"reader{n}@example.org", *asked_of(n).topics, at=friday, max_papers=50
        ): (f"reader{n}@example.org", asked_of(n))
        for n in range(100)
    }
    made, delivered = send(house, friday)
    assert made.due == 100
    with house.database.read() as connection:
        known = papers.between(connection, 0, papers.last_seq(connection))
    assert len(known) == 205
    written = {s.paper.title: fold(f"{s.paper.title} {s.paper.abstract}") for s in known}
    vocabulary = {word for text in written.values() for word in re.findall("[a-z]+", text)}
    for word in WORDS:
        family = {
            other
            for other in vocabulary
            if other.startswith(word[:-2] if len(word) > 6 else word[:-1])
        }
        assert family <= {word, f"{word}s"}
    reasons = skips(house)
    expected = 0
    for reader, (address, asked) in readers.items():
        wanted = {title for title, text in written.items() if asked.met_by(text)}
        letters = letters_to(catcher, address)
        if not wanted:
            assert letters == []
            assert reasons[reader] == "no_match"
            continue
        expected += 1
        assert reader not in reasons
        (letter,) = letters
        (digest,) = newsroom.digests(house, reader)
        assert digest.status == "sent"
        assert digest.matched == len(wanted), asked
        shown = set(digest.titles)
        assert shown <= wanted
        assert len(shown) == min(len(wanted), 50)
        text = text_of(letter)
        for title in shown:
            assert " ".join(title.split()) in text
        assert letter["To"] == address
    assert 20 < expected < 100, "some readers match and some do not"
    assert (made.planned, delivered.results[Result.ACCEPTED]) == (expected, expected)
    assert len(catcher.letters()) == expected
    assert len({letter.message()["Message-ID"] for letter in catcher.letters()}) == expected

    # Again at once: nobody gets anything.
    again, redelivered = send(house, friday + timedelta(minutes=5))
    assert (again.planned, redelivered.results.total()) == (0, 0)
    assert len(catcher.letters()) == expected

    # The next day only the new papers come, to those who asked for them.
    digest_file.put(house.digest_dir, "2026-08-22.json", "An error at the lighthouse")
    tomorrow, sent = send(house, friday + timedelta(days=1))
    wanted_by = {
        address
        for address, asked in readers.values()
        if asked.met_by("an error at the lighthouse a made-up abstract.")
    }
    assert wanted_by
    assert tomorrow.due == 100
    assert (tomorrow.planned, sent.results[Result.ACCEPTED]) == (len(wanted_by), len(wanted_by))
    fresh = catcher.letters()[expected:]
    assert {letter.rcpt_to[0] for letter in fresh} == wanted_by
    for caught in fresh:
        assert "An error at the lighthouse" in text_of(caught.message())
    for reader, (address, _) in readers.items():
        if address in wanted_by:
            assert newsroom.digests(house, reader)[-1].titles == ("An error at the lighthouse",)
    with house.database.read() as connection:
        books = deliveries.books(connection)
    assert books.balanced
    assert books.by_status["sent"] == books.planned == expected + len(wanted_by)


def test_every_file_of_the_corpus_at_once_makes_one_letter_a_reader(
    house: Installation, catcher: Catcher, corpus: Path
) -> None:
    monday = datetime(2026, 8, 24, 8, tzinfo=UTC)
    for file in [*(corpus / "hf-daily").iterdir(), *(corpus / "pages").iterdir()]:
        shutil.copy(file, house.digest_dir)
    ada = newsroom.subscribe(house, "ada@example.org", "diffusion", at=monday)
    trending = newsroom.subscribe(house, "bob@example.org", at=monday)
    made, _ = send(house, monday)
    assert made.planned == 2
    for reader, address in ((ada, "ada@example.org"), (trending, "bob@example.org")):
        (letter,) = letters_to(catcher, address)
        (digest,) = newsroom.digests(house, reader)
        assert len(digest.titles) == 10
        assert digest.matched > 100
        assert all(" ".join(title.split()) in text_of(letter) for title in digest.titles)
