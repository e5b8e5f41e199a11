"""Whether the time of an answer tells if an address is known: a report, for people to judge.

Known and unknown addresses take turns, in an order of chance, at the sign-up form and at "Already a
reader?", against pages that are served for real, with a tick that does what was asked for beside
them. The rank test of Mann and Whitney says how likely such differences are where there is none;
`advantage` is by how much better than a coin one guesses from a single time (0: not at all).
"""

import argparse
import random
import statistics
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from math import erfc, sqrt
from pathlib import Path

import httpx
from sqlalchemy import make_url

from service import settings
from service.cli.serve import listen, serving
from service.domain.readers import Preferences
from service.domain.wishes import wishes_of
from service.installation import Installation, open_installation
from service.mail.address import parse_address
from service.readers import consent, strangers
from service.web.app import web_app
from service.web.form_age import opened


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--requests", type=int, default=2000, help="of each kind of address")
    options.add_argument("--database-url", help="an upgraded, empty PostgreSQL database")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = chosen.database_url or f"sqlite:///{Path(folder) / 'bench.db'}"
        made = settings.load(
            database_url=url,
            secret_key="k" * 32,
            digest_dir=Path(folder),
            requests_per_address=0,
            requests_per_network=0,
            requests_in_all=0,
            _env_file=None,
        )
        with open_installation(made) as installation:
            print(f"{make_url(url).get_backend_name()}, {chosen.requests} requests of each kind")
            for path in ("/", "/preferences"):
                _report(path, *_times(installation, path, chosen.requests))


def _times(installation: Installation, path: str, count: int) -> tuple[list[float], list[float]]:
    """Return the milliseconds of answers to known and to unknown addresses."""
    rng = random.Random(7)
    known = [f"known{number}-{path.strip('/')}@example.org" for number in range(count)]
    for email in known:
        consent.add(
            installation,
            parse_address(email),
            wishes_of(["coding agents"]),
            Preferences(),
            _now(),
            source="bench",
            vouched=True,
        )
    unknown = [f"other{number}-{path.strip('/')}@example.org" for number in range(count)]
    asked = [(email, True) for email in known] + [(email, False) for email in unknown]
    rng.shuffle(asked)
    times: dict[bool, list[float]] = {True: [], False: []}
    done = threading.Event()

    def tick() -> None:
        while not done.wait(0.05):
            strangers.answer(installation, _now())

    ticking = threading.Thread(target=tick)
    ticking.start()
    try:
        with (
            serving(web_app(installation, _now), listen("127.0.0.1", 0)) as address,
            httpx.Client(base_url=address, timeout=30) as client,
        ):
            form = {
                "topics": "coding agents",
                "send_at": "07:00",
                "timezone": "UTC",
                "opened": opened(installation.keys, _now() - timedelta(seconds=10)),
            }
            for place, (email, is_known) in enumerate(asked):
                began = time.perf_counter()
                answer = client.post(path, data=form | {"email": email})
                took = time.perf_counter() - began
                assert answer.status_code in (200, 303), answer.status_code
                if place >= count // 10:  # What runs for the first time is slower.
                    times[is_known].append(took * 1000)
    finally:
        done.set()
        ticking.join()
    return times[True], times[False]


def _report(path: str, known: list[float], unknown: list[float]) -> None:
    ranked = sorted([(t, True) for t in known] + [(t, False) for t in unknown])
    rank_sum = sum(rank for rank, (_, is_known) in enumerate(ranked, 1) if is_known)
    n, m = len(known), len(unknown)
    u = rank_sum - n * (n + 1) / 2
    z = (u - n * m / 2) / sqrt(n * m * (n + m + 1) / 12)
    chance = erfc(abs(z) / sqrt(2))
    medians = statistics.median(known), statistics.median(unknown)
    print(
        f"POST {path:<13} known {medians[0]:.3f} ms, unknown {medians[1]:.3f} ms (medians); "
        f"z {z:+.2f}, p {chance:.3f}, advantage {abs(u / (n * m) - 0.5):.3f}"
    )


def _now() -> datetime:
    return datetime.now(UTC)
