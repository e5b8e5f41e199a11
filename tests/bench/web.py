"""Previews and sign-ups at a steady rate, while another process plans and delivers.

Requests are sent at their time whether or not the ones before were answered, and are timed from
then on. In the end every sign-up that was taken in must be on record. Run it where nothing else
runs: the pages, the sender, and what asks and receives share the machine.
"""

import argparse
import asyncio
import json
import multiprocessing
import random
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import func, select

from service import pipeline, settings
from service.cli.scheduling import give_way
from service.cli.serve import listen, serving
from service.installation import open_installation
from service.readers import strangers
from service.store import migrate, tables
from service.store.engine import Database
from service.web import form_age
from service.web.app import web_app
from tests.bench import _crowd

_KEY = "a key for a bench, of thirty-two signs or more"
_CONNECTIONS = 48
# Of topics that hardly anybody else asks for, some find nothing, and are looked up wider.
_RARE_TOPICS = 0.35
_VAIN = 0.2


def main() -> None:
    parser = argparse.ArgumentParser(prog="web", description=__doc__)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--previews", type=int, default=200, help="a second")
    parser.add_argument("--sign-ups", type=int, default=50, help="a second")
    parser.add_argument("--readers", type=int, default=20_000)
    parser.add_argument("--papers", type=int, default=1_000)
    parser.add_argument("--alone", action="store_true", help="without a plan and a delivery")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="paperround-bench-"))
    try:
        report = run(folder, chosen)
    finally:
        shutil.rmtree(folder)
    for kind in ("previews", "sign_ups"):
        told = report[kind]
        print(f"{kind:>9}: {told['a_second']}/s, p50 {told['p50_ms']} ms, p99 {told['p99_ms']} ms")
    print(json.dumps(report))


def run(folder: Path, chosen: argparse.Namespace) -> dict[str, Any]:
    rng = random.Random(7)
    vocabulary = _crowd.words(5_000, rng)
    context = multiprocessing.get_context("spawn")
    address, port = context.Queue(), context.Queue()
    stop, sent = context.Event(), context.Value("q", 0)
    sink = context.Process(target=_receive, args=(port, stop, sent), daemon=True)
    sink.start()
    values = {
        "database_url": f"sqlite:///{folder / 'bench.db'}",
        "secret_key": _KEY,
        "digest_dir": str(folder),
        "smtp_url": f"smtp://127.0.0.1:{port.get()}",
        "requests_per_address": 0,
        "requests_per_network": 0,
        "requests_in_all": 0,
    }
    chosen_settings = settings.load(**values, _env_file=None)
    migrate.upgrade(Database(chosen_settings.database))
    installation = open_installation(chosen_settings)
    _crowd.add_papers(installation.database, vocabulary, chosen.papers, rng)
    _crowd.add_readers(installation.database, vocabulary, chosen.readers, 5_000, rng)
    web = context.Process(target=_serve, args=(values, address, stop), daemon=True)
    worker = context.Process(target=_plan_and_deliver, args=(values, stop), daemon=True)
    web.start()
    if not chosen.alone:
        worker.start()
    at = address.get()
    opened = form_age.opened(installation.keys, datetime.now(UTC) - timedelta(minutes=1))
    asked = _questions(chosen, vocabulary, opened, rng)
    began = time.process_time()
    answers = asyncio.run(_ask(at, asked, chosen))
    asking = time.process_time() - began
    letters = sent.value
    stop.set()
    cpu_seconds = address.get()
    for process in (web, worker, sink):
        if process.pid is not None:
            process.join(60)
    taken_in = sum(1 for kind, status, _ in answers if kind == "sign_ups" and status == 303)
    with installation.database.read() as connection:
        waiting = connection.scalar(select(func.count()).select_from(tables.table(tables.Request)))
    strangers.answer(installation, datetime.now(UTC))
    with installation.database.read() as connection:
        subscriber = tables.table(tables.Subscriber)
        pending = connection.scalar(
            select(func.count()).select_from(subscriber).where(subscriber.c.status == "pending")
        )
    return {
        "benchmark": "web",
        "letters_meanwhile": letters,
        "web_cpu_share": round(cpu_seconds / chosen.seconds, 2),
        "asking_cpu_share": round(asking / chosen.seconds, 2),
        "different_previews": round(_different(asked), 2),
        "refused": sum(status not in (200, 303) for _, status, _ in answers),
        "signed_up": taken_in,
        "on_record": waiting,
        "subscribers": pending,
        **{kind: _told(answers, kind, chosen.seconds) for kind in ("previews", "sign_ups")},
    }


def _different(asked: list[tuple[float, str, bytes]]) -> float:
    previews = [request for _, kind, request in asked if kind == "previews"]
    return len(set(previews)) / len(previews)


Answer = tuple[str, int, float]


def _told(answers: list[Answer], kind: str, seconds: int) -> dict[str, float]:
    waits = sorted(wait for of, _, wait in answers if of == kind)
    return {
        "a_second": round(len(waits) / seconds),
        "p50_ms": round(waits[len(waits) // 2] * 1000, 1),
        "p99_ms": round(waits[int(len(waits) * 0.99)] * 1000, 1),
        "worst_ms": round(waits[-1] * 1000, 1),
    }


def _questions(
    chosen: argparse.Namespace, vocabulary: list[str], opened: str, rng: random.Random
) -> list[tuple[float, str, bytes]]:
    """Return what is asked and when: the time in seconds, the kind, and the request."""
    asked: list[tuple[float, str, bytes]] = []
    for kind, rate in (("previews", chosen.previews), ("sign_ups", chosen.sign_ups)):
        for n in range(rate * chosen.seconds):
            topics = [_topic(vocabulary, rng, n) for _ in range(rng.randint(1, 3))]
            form = [("topic", topic) for topic in topics]
            if kind == "previews":
                form += [("do", "typing"), ("part", "1")]
                request = _post("/preview", form)
            else:
                form += [("email", f"new{n}@mail{n % 99}.example.org"), ("opened", opened)]
                request = _post("/", form)
            asked.append((n / rate, kind, request))
    return sorted(asked)


def _topic(vocabulary: list[str], rng: random.Random, n: int) -> str:
    if rng.random() < _RARE_TOPICS:
        second = f"fresh{n}" if rng.random() < _VAIN else rng.choice(vocabulary)
        return f"{rng.choice(vocabulary)} {second}"
    return vocabulary[int(rng.paretovariate(0.8)) % 500]


def _post(path: str, form: list[tuple[str, str]]) -> bytes:
    body = urlencode(form).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    )
    return head.encode() + body


async def _ask(
    at: tuple[str, int], asked: list[tuple[float, str, bytes]], chosen: argparse.Namespace
) -> list[Answer]:
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(_CONNECTIONS):
        free.put_nowait(await asyncio.open_connection(*at))
    answers: list[Answer] = []
    # The index is made with the first question.
    await _one(free, _post("/preview", [("part", "1")]))
    await asyncio.sleep(1)
    began = time.perf_counter()

    async def one(due: float, kind: str, request: bytes) -> None:
        status = await _one(free, request)
        answers.append((kind, status, time.perf_counter() - began - due))

    async with asyncio.TaskGroup() as group:
        for due, kind, request in asked:
            wait = began + due - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            group.create_task(one(due, kind, request))
    return answers


async def _one(
    free: "asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]]", request: bytes
) -> int:
    reader, writer = await free.get()
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length or 0))
    free.put_nowait((reader, writer))
    return int(head[9:12])


def _serve(values: dict[str, Any], address: Any, stop: Event) -> None:
    installation = open_installation(settings.load(**values, _env_file=None))
    app = web_app(installation, lambda: datetime.now(UTC))
    with serving(app, listen("127.0.0.1", 0)) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        address.put((host, int(port)))
        began = time.process_time()
        stop.wait()
        address.put(time.process_time() - began)


def _plan_and_deliver(values: dict[str, Any], stop: Event) -> None:
    """Plan and deliver day after day, with new papers each, until it is time to stop."""
    give_way()
    installation = open_installation(settings.load(**values, _env_file=None))
    rng = random.Random(11)
    vocabulary = _crowd.words(5_000, random.Random(7))
    ended = threading.Event()
    threading.Thread(target=lambda: (stop.wait(), ended.set()), daemon=True).start()
    for day in _days():
        _crowd.add_papers(installation.database, vocabulary, 100, rng)
        pipeline.plan(installation, day, everyone=True)
        pipeline.deliver(installation, lambda day=day: day, ended)
        if ended.is_set():
            return


def _days() -> Iterator[datetime]:
    day = datetime.now(UTC)
    while True:
        yield day
        day += timedelta(days=1)


def _receive(port: Any, stop: Event, sent: Any) -> None:
    """Take letters by SMTP, and count them."""

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                writer.write(b"250-sink\r\n250 PIPELINING\r\n")
            elif verb == b"DATA":
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                sent.value += 1
                writer.write(b"250 taken\r\n")
            elif verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 ok\r\n")
        writer.close()

    async def taken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The end of the bench breaks connections off.
        with suppress(ConnectionError, asyncio.CancelledError):
            await session(reader, writer)

    async def listening() -> None:
        server = await asyncio.start_server(taken, "127.0.0.1", 0, limit=1 << 20)
        port.put(server.sockets[0].getsockname()[1])
        await asyncio.to_thread(stop.wait)

    asyncio.run(listening())
