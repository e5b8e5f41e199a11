"""How fast planned letters are delivered and their outcomes recorded, against other programs.

Every run is from a database with letters in the queue to a database with all of them settled, as
durable as it is in service. What is compared takes turns with it, over as many connections to the
same server, with letters of the same size; told are medians, and medians of the ratios.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from statistics import median

from tests.bench import _delivering, _rivals
from tests.bench._delivering import Delivered, Planned
from tests.bench._usual import Usual

FSYNC_MS = (0, 1, 5)
LATE_MS = (5, 20)
LATE_SESSIONS = 50

_SLOW_FSYNC = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>
static int late(const char *name, int file) {
    usleep(atoi(getenv("FSYNC_MICROSECONDS")));
    return ((int (*)(int))dlsym(RTLD_NEXT, name))(file);
}
int fsync(int file) { return late("fsync", file); }
int fdatasync(int file) { return late("fdatasync", file); }
"""


class Bench:
    def __init__(self, chosen: argparse.Namespace) -> None:
        self._runs: int = chosen.runs
        self._letters: int = chosen.letters
        self._topics: int = chosen.topics
        self.rows: list[dict[str, object]] = []

    def against(
        self,
        name: str,
        ours: Callable[[], Delivered],
        *rivals: tuple[str, Callable[[], float], float],
    ) -> None:
        """Run all in turn; each rival has a name, returns letters a second, and has an aim."""
        found: list[Delivered] = []
        theirs: dict[str, list[float]] = {rival: [] for rival, _, _ in rivals}
        for _ in range(self._runs):
            found.append(ours())
            for rival, run, _ in rivals:
                theirs[rival].append(run())
        rates = [each.letters / each.seconds for each in found]
        row: dict[str, object] = {
            "what": name,
            "letters": found[0].letters,
            "a_second": round(median(rates)),
            "cpu_us": round(median(each.cpu_us for each in found)),
            "peak_mb": max(each.peak_mb for each in found),
        }
        for rival, _, aim in rivals:
            ratios = sorted(r / t for r, t in zip(rates, theirs[rival], strict=True))
            row[rival] = {
                "a_second": round(median(theirs[rival]), 1),
                "ratio": round(median(ratios), 2),
                "least": round(ratios[0], 2),
                "most": round(ratios[-1], 2),
                "aim": aim,
            }
        self._tell(row)

    def _tell(self, row: dict[str, object]) -> None:
        self.rows.append(row)
        print(
            f"{row['what']:<28} {row['a_second']:>7,}/s {row['cpu_us']:>6} µs CPU "
            f"{row['peak_mb']:>5} MB",
            flush=True,
        )
        for rival, told in row.items():
            if isinstance(told, dict):
                print(
                    f"    × {rival:<22} {told['a_second']:>9,}/s  {told['ratio']:>6} "
                    f"({told['least']} to {told['most']}; aim {told['aim']})",
                    flush=True,
                )

    def sqlite(self, letters: Planned, port: int, usual: Usual, nodemailer: bool) -> None:
        source = self._source(port, usual.octets)
        rivals = [("smtp-source", source, 0.8), ("usual loop", self._usual(port, usual), 40)]
        with ExitStack() as stack:
            if nodemailer:
                rivals += self._nodemailer(port, usual, stack)
            self.against("SQLite", lambda: _delivering.deliver(letters, port), *rivals)

    def signed(self, letters: Planned, port: int, octets: int) -> None:
        self.against(
            "DKIM, two processes",
            lambda: _delivering.deliver(letters, port, processes=2, signed=True),
            ("smtp-source", self._source(port, octets), 0.45),
        )
        self.against("DKIM, one process", lambda: _delivering.deliver(letters, port, signed=True))

    def postgresql(self, port: int, octets: int) -> None:
        with _delivering.planned(self._letters, self._topics, postgresql=True) as letters:
            self.against(
                "PostgreSQL",
                lambda: _delivering.deliver(letters, port),
                ("smtp-source", self._source(port, octets), 0.7),
            )

    def late(self, letters: Planned, octets: int) -> None:
        for late in LATE_MS:
            with _rivals.late_sink(late / 1000) as port:
                self.against(
                    f"{late} ms away, {LATE_SESSIONS} sessions",
                    lambda: _delivering.deliver(letters, port, connections=LATE_SESSIONS),
                    ("smtp-source", self._source(port, octets, LATE_SESSIONS), 3),
                )

    def slow_disk(self, letters: Planned, port: int) -> None:
        with _slow_fsync() as library:
            for late in FSYNC_MS:
                slow = {"LD_PRELOAD": str(library), "FSYNC_MICROSECONDS": str(late * 1000)}
                self.against(
                    f"fsync {late} ms later",
                    lambda: _delivering.deliver(letters, port, environment=os.environ | slow),  # noqa: B023
                )

    def queued(self, port: int, count: int) -> None:
        with _delivering.planned(self._letters, self._topics) as letters:
            letters.multiply(count)
            self.against(
                f"of {count:,} in the queue",
                lambda: _delivering.deliver(letters, port, most=5 * self._letters),
            )

    def _source(
        self, port: int, octets: int, sessions: int = _rivals.SESSIONS
    ) -> Callable[[], float]:
        count = self._letters
        return lambda: count / _rivals.smtp_source(port, count, octets, sessions)

    def _usual(self, port: int, usual: Usual) -> Callable[[], float]:
        count = max(self._letters // 100, 50)
        return lambda: count / _rivals.usual_loop(port, count, usual.make)

    def _nodemailer(
        self, port: int, usual: Usual, stack: ExitStack
    ) -> Iterator[tuple[str, Callable[[], float], float]]:
        message = BytesParser(EmailMessage, policy=policy.default).parsebytes(usual.letter)
        text, html = (str(message.get_body((kind,)).get_content()) for kind in ("plain", "html"))
        try:
            rival = _rivals.Nodemailer(text, html, usual.letter)
        except RuntimeError as error:
            print(f"NOT MEASURED against nodemailer: {error}", flush=True)
            return
        stack.callback(rival.close)
        few, some = self._letters // 10, self._letters // 4
        yield "nodemailer, ready bytes", lambda: some / rival.send(port, some, composing=False), 3.5
        yield "nodemailer, composing", lambda: few / rival.send(port, few, composing=True), 12


@contextmanager
def _slow_fsync() -> Iterator[Path]:
    """Give a library that makes each fsync take longer than it does here."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise SystemExit("NOT MEASURED on slow disks: there is no C compiler here")
    with tempfile.TemporaryDirectory(prefix="paperround-fsync-") as name:
        source, library = Path(name, "slow.c"), Path(name, "slow.so")
        source.write_text(_SLOW_FSYNC)
        subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        yield library


def main() -> None:
    parser = argparse.ArgumentParser(prog="deliver", description=__doc__)
    parser.add_argument("--letters", type=int, default=10_000)
    parser.add_argument("--topics", type=int, default=250)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--dkim", action="store_true", help="signed with RSA-2048")
    parser.add_argument("--nodemailer", action="store_true", help="installs it with npm")
    parser.add_argument("--late", action="store_true", help="through a server 5 and 20 ms away")
    parser.add_argument("--slow-disk", action="store_true", help="fsync takes 1 and 5 ms longer")
    parser.add_argument("--queued", type=int, help="how much memory it takes with so many queued")
    chosen = parser.parse_args()
    if not (_rivals.program("smtp-sink") and _rivals.program("smtp-source")):
        parser.error("smtp-sink and smtp-source are not installed here (Debian's package postfix)")
    random.seed(7)
    bench = Bench(chosen)
    with _rivals.smtp_sink() as port, _delivering.planned(chosen.letters, chosen.topics) as letters:
        usual = Usual(letters)
        print(f"letters of {usual.octets / 1000:.1f} KB; load {os.getloadavg()[0]:.1f}", flush=True)
        bench.sqlite(letters, port, usual, chosen.nodemailer)
        if chosen.dkim:
            bench.signed(letters, port, usual.octets)
        if chosen.late:
            bench.late(letters, usual.octets)
        if chosen.slow_disk:
            bench.slow_disk(letters, port)
        if chosen.postgresql:
            bench.postgresql(port, usual.octets)
        if chosen.queued:
            bench.queued(port, chosen.queued)
    print(json.dumps({"benchmark": "deliver", "octets": usual.octets, "rows": bench.rows}))
