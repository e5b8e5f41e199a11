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
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from service import pipeline, settings
from service.binding import Binder
from service.domain.deliveries import Claim
from service.domain.selection import pack
from service.installation import Installation, open_installation
from service.mail.dkim import Signer, new_key, read_key
from service.store import papers, parts, workers
from service.store.ledger import Ledger
from tests.bench import _crowd
from tests.bench._usual import usual_of


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
        usual = usual_of(installation, [found.paper for found in stored])
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
