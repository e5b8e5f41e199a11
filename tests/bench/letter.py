"""How long a letter takes to be ready for the wire, against templates rendered for each reader.

Columns, in microseconds of processor time a letter: a round that finds everything at hand; letters
as they come, none of them bound before, the first half, in which most cards have to be marked, and
the second; the usual way, Jinja and EmailMessage for each letter. Times (×) are of the usual way,
at hand and fresh.

The second line is of letters signed with RSA-2048, at hand, in bare signatures: bound and signed
one by one; and in batches, as a sender has them, by the clock, first in as many signatures
one after the other, then in as many on two threads.
"""

import argparse
import json
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
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
from service.mail.sender import WRAP_AT_ONCE
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
        f"{'letters':>8} {'KB':>6} {'at hand':>8} {'marked':>8} {'fresh':>8} {'usual':>9}"
        f" {'×':>6} {'× fresh':>8}"
    )
    print(
        f"{report['letters']:>8,} {report['kilobytes']:>6} {report['at_hand_us']:>8}"
        f" {report['marked_us']:>8} {report['fresh_us']:>8} {report['usual_us']:>9}"
        f" {report['times_faster']:>6} {report['times_faster_fresh']:>8}"
    )
    print(
        f"signed: {report['signed_to_bare_signature']} bare signatures; in batches"
        f" {report['batch_to_bare_signatures']}, {report['batch_to_bare_in_two_threads']}"
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

    def binder_with(signer: Signer | None) -> Binder:
        return Binder(
            installation.house,
            signer,
            lambda _: installation.keys.current,
            lambda ids: {i: bodies[i] for i in ids},
        )

    binder, half = binder_with(None), len(claims) // 2
    marked = _seconds(binder.bind, claims[:half]) / half
    fresh = _seconds(binder.bind, claims[half:]) / (len(claims) - half)
    size = sum(len(binder.bind(claim)) for claim in claims)
    key = read_key(new_key("rsa"))
    assert isinstance(key, RSAPrivateKey)
    signing, some = binder_with(Signer("example.org", "bench", key)), claims[:100]

    def bare(_: object) -> bytes:
        return key.sign(b"x", PKCS1v15(), SHA256())

    def in_batches(claims: Sequence[Claim]) -> None:
        for start in range(0, len(claims), WRAP_AT_ONCE):
            signing.wrap(claims[start : start + WRAP_AT_ONCE])

    def on_two_threads(claims: Sequence[Claim]) -> None:
        others = beside.submit(_seconds, bare, claims[::2])
        _seconds(bare, claims[1::2])
        others.result()

    # All take turns, so that a busy machine slows each of them.
    hand, render, signed, batch, batch_beside = [], [], [], [], []
    _seconds(signing.bind, some)
    with ThreadPoolExecutor(1) as beside:
        for _ in range(7):
            signed.append(_seconds(signing.bind, some) / _seconds(bare, some))
            clock = _clock(in_batches, some)
            batch.append(clock / _clock(lambda claims: [*map(bare, claims)], some))
            batch_beside.append(clock / _clock(on_two_threads, some))
            hand.append(_seconds(binder.bind, claims[:300]) / len(claims[:300]))
            render.append(_seconds(usual, claims[:10]) / len(claims[:10]))
    return {
        "benchmark": "letter",
        "letters": len(claims),
        "kilobytes": round(size / len(claims) / 1000, 1),
        "selection_bytes": round(_bytes(installation, claims), 1),
        "at_hand_us": round(median(hand) * 1e6, 1),
        "marked_us": round(marked * 1e6, 1),
        "fresh_us": round(fresh * 1e6, 1),
        "usual_us": round(median(render) * 1e6, 1),
        "times_faster": round(median(r / h for r, h in zip(render, hand, strict=True)), 1),
        "times_faster_fresh": round(median(render) / fresh, 1),
        "signed_to_bare_signature": round(median(signed), 2),
        "batch_to_bare_signatures": round(median(batch), 2),
        "batch_to_bare_in_two_threads": round(median(batch_beside), 2),
    }


def _seconds(make: Callable[[Claim], object], claims: Sequence[Claim]) -> float:
    """Return the processor time of making each by itself."""
    began = time.thread_time()
    for claim in claims:
        make(claim)
    return time.thread_time() - began


def _clock(make: Callable[[Sequence[Claim]], object], claims: Sequence[Claim]) -> float:
    """Return how long it takes to make all, by the clock."""
    began = time.perf_counter()
    make(claims)
    return time.perf_counter() - began


def _bytes(installation: Installation, claims: Sequence[Claim]) -> float:
    return sum(len(pack(claim.selection)) for claim in claims) / len(claims)
