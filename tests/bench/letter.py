"""How long a letter takes to be ready for the wire, against templates rendered for each reader.

One column is a round that finds everything at hand, one a round in which every card has to be
marked first, one the usual way: Jinja and EmailMessage for each letter; the last is what a letter
bound and signed (RSA-2048) costs, in bare signatures.
"""

import argparse
import json
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from statistics import median
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from service import pipeline, resources, settings
from service.binding import Binder
from service.domain.deliveries import Claim
from service.domain.marking import marks
from service.domain.papers import Paper
from service.domain.selection import pack
from service.installation import Installation, open_installation
from service.mail.dkim import Signer, new_key, read_key
from service.mail.face import face, own_page
from service.mail.plain import one_line, wrapped
from service.mail.stencil import MARK
from service.store import papers, parts, workers
from service.store.ledger import Ledger
from tests.bench import _crowd


def main() -> None:
    parser = argparse.ArgumentParser(prog="letter", description=__doc__)
    parser.add_argument("--letters", type=int, default=2_000)
    parser.add_argument("--topics", type=int, default=2_000)
    parser.add_argument("--papers", type=int, default=238)
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="paperround-bench-"))
    try:
        report = run(folder, chosen)
    finally:
        shutil.rmtree(folder)
    print(
        f"{'letters':>10} {'KB':>6} {'at hand µs':>11} {'marked µs':>10} {'usual µs':>9} {'×':>6}"
        f" {'signed':>7}"
    )
    print(
        f"{report['letters']:>10,} {report['kilobytes']:>6} {report['at_hand_us']:>11} "
        f"{report['marked_us']:>10} {report['usual_us']:>9} {report['times_faster']:>6}"
        f" {report['signed_to_bare_signature']:>7}"
    )
    print(json.dumps(report))


def run(folder: Path, chosen: argparse.Namespace) -> dict[str, object]:
    rng = random.Random(7)
    with open_installation(
        settings.load(
            database_url=f"sqlite:///{folder / 'bench.db'}", digest_dir=folder, _env_file=None
        )
    ) as installation:
        vocabulary = _crowd.words(chosen.topics, rng)
        _crowd.add_papers(installation.database, vocabulary, chosen.papers, rng)
        _crowd.add_readers(installation.database, vocabulary, chosen.letters, chosen.topics, rng)
        now = datetime.now(UTC)
        pipeline.plan(installation, now, everyone=True)
        seat = workers.sit_down(installation.database, "bench", now)
        claims = Ledger(installation.database, seat.worker_id, seat.lock).claim(chosen.letters, now)
        workers.stand_up(installation.database, seat, now)
        with installation.database.read() as connection:
            ids = {part for claim in claims for part in claim.selection.part_ids()}
            bodies = parts.bodies_of(connection, ids)
            stored = papers.between(connection, 0, chosen.papers)
        usual = _usual(installation, [found.paper for found in stored])
    binder = Binder(
        installation.house,
        installation.signer,
        lambda _: installation.keys.current,
        lambda ids: {i: bodies[i] for i in ids},
    )
    began = time.perf_counter()
    size = sum(len(binder.bind(claim)) for claim in claims)
    marked = time.perf_counter() - began
    key = read_key(new_key("rsa"))
    assert isinstance(key, RSAPrivateKey)
    signer = Signer("example.org", "bench", key)
    signing = Binder(
        installation.house,
        signer,
        lambda _: installation.keys.current,
        lambda ids: {i: bodies[i] for i in ids},
    )
    # Both kinds take turns, so that a busy machine slows both.
    hand, render, signed = [], [], []
    _seconds(signing.bind, claims[:100])
    for _ in range(7):
        bare = _seconds(lambda _: key.sign(b"x", PKCS1v15(), SHA256()), claims[:100])
        signed.append(_seconds(signing.bind, claims[:100]) / bare)
        hand.append(_seconds(binder.bind, claims[:300]) / len(claims[:300]))
        render.append(_seconds(usual, claims[:10]) / len(claims[:10]))
    return {
        "benchmark": "letter",
        "letters": len(claims),
        "kilobytes": round(size / len(claims) / 1000, 1),
        "selection_bytes": round(_bytes(installation, claims), 1),
        "at_hand_us": round(median(hand) * 1e6, 1),
        "marked_us": round(marked / len(claims) * 1e6, 1),
        "signed_to_bare_signature": round(median(signed), 2),
        "usual_us": round(median(render) * 1e6, 1),
        "times_faster": round(median(r / h for r, h in zip(render, hand, strict=True)), 1),
    }


def _seconds(make: Callable[[Claim], bytes], claims: Sequence[Claim]) -> float:
    began = time.perf_counter()
    for claim in claims:
        make(claim)
    return time.perf_counter() - began


def _bytes(installation: Installation, claims: Sequence[Claim]) -> float:
    return sum(len(pack(claim.selection)) for claim in claims) / len(claims)


def _marked(text: str, phrases: Sequence[str]) -> Markup:
    written, end = Markup(), 0
    for start, stop in marks(text, phrases):
        written += Markup("{}<b>{}</b>").format(text[end:start], text[start:stop])
        end = stop
    return written + text[end:]


class _Words(Mapping[str, Any]):
    """Slots of the templates with a reader's own words in them."""

    def __init__(self, words: Mapping[str, Any]) -> None:
        self._words = words

    def __getitem__(self, name: str) -> Any:
        return self._words.get(name, name)

    def __iter__(self) -> Any:
        return iter(self._words)

    def __len__(self) -> int:
        return len(self._words)


def _usual(installation: Installation, known: Sequence[Paper]) -> Callable[[Claim], bytes]:
    """Return what makes a letter as it is made usually: everything rendered for this reader."""
    house = installation.house
    jinja = Environment(
        loader=FileSystemLoader(resources.folder("templates")),
        autoescape=lambda name: name is not None and name.endswith(".html"),
        keep_trailing_newline=True,
    )
    jinja.filters |= {"wrap": wrapped, "one_line": one_line}
    card = {suffix: jinja.get_template(f"email/parts/card.{suffix}") for suffix in ("txt", "html")}
    line = {suffix: jinja.get_template(f"email/parts/line.{suffix}") for suffix in ("txt", "html")}
    body = {suffix: jinja.get_template(f"email/digest/body.{suffix}") for suffix in ("txt", "html")}

    def make(claim: Claim) -> bytes:
        shown = claim.selection
        faces = [
            face(known[n], own_page=own_page(house.base_url, "k"), year=2026)
            for n in range(len(shown.cards) + len(shown.also) + len(shown.trending))
        ]
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"] = house.mailbox, claim.recipient
        message["Subject"] = faces[0].title
        message["Date"] = format_datetime(claim.planned_at)
        message["Message-ID"] = f"<{claim.token}@{house.host}>"
        message["List-Id"] = f"Paperround <{house.list_id}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        written = {}
        phrases = known[0].title.split()[:2]
        for suffix in ("txt", "html"):
            words = {"cards": "", "also": ""}
            for number, each in enumerate(faces):
                whole = number < len(shown.cards)
                title, lead = (_marked(text, phrases) for text in (each.title, each.lead))
                slots = _Words({"title": title, "lead": lead, "quotation": ""})
                template = (card if whole else line)[suffix]
                words["cards" if whole else "also"] += template.render(slot=slots, face=each)
            written[suffix] = body[suffix].render(slot=_Words(words), house=house, subject="x")
        message.set_content(written["txt"].replace(MARK, ""))
        message.add_alternative(written["html"].replace(MARK, ""), subtype="html")
        return message.as_bytes()

    return make
