"""`paperround run`: pages, schedule and sender with one command."""

import signal
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing import connection
from typing import Annotated

import structlog
import typer
import uvicorn
from fastapi import FastAPI

from service import settings
from service.cli.report import WorkFailed, notice
from service.cli.scheduling import Scheduling
from service.installation import open_installation
from service.observe import set_up_logging
from service.web.app import web_app
from service.web.patience import ANSWER_SECONDS, HEADER_SECONDS, patient


def add_to(app: typer.Typer) -> None:
    app.command()(run)


def run(
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="The address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="PORT", help="The port to listen on.", min=0, max=65535)
    ] = 8000,
) -> None:
    """Serve the pages, take in papers and send letters.

    Runs until SIGINT or SIGTERM, then finishes and records the letters in flight.
    """
    chosen = settings.load()
    chosen.check_ready_to_deliver()
    set_up_logging(chosen.log_level)
    chosen.digest_dir.mkdir(parents=True, exist_ok=True)

    with (
        Scheduling(chosen, _now) as schedule,
        open_installation(chosen) as installation,
        serving(
            web_app(installation, _now), listen(host, port), proxies=chosen.trusted_proxies.split()
        ) as address,
    ):
        schedule.begin()
        structlog.get_logger().info("started", pages=address, digests=str(chosen.digest_dir))
        if not wait_for_signal(schedule.ended):
            raise schedule.failure
        schedule.finish(lambda: notice("Finishing the letters in flight."))
    structlog.get_logger().info("stopped")


def _now() -> datetime:
    return datetime.now(UTC)


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; raise WorkFailed where the port cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        # create_server() adds to the system's words which address it tried.
        words = (error.strerror or str(error)).partition(" (while")[0]
        raise WorkFailed(f"Cannot listen on {host} port {port}: {words}.") from None


@contextmanager
def serving(
    app: FastAPI,
    listening: socket.socket,
    *,
    proxies: Sequence[str] = (),
    header_seconds: float = HEADER_SECONDS,
    answer_seconds: float = ANSWER_SECONDS,
) -> Iterator[str]:
    """Serve the application in a thread; give its address, and stop at the end.

    For whom a client asks (X-Forwarded-For) is believed only of `proxies`: addresses, networks.
    A client that has not said what it wants within `header_seconds` is hung up on, and one that
    takes nothing of its answer for `answer_seconds`.
    """
    # No access log: the paths hold readers' tokens.
    config = uvicorn.Config(
        app,
        http=patient(header_seconds, answer_seconds),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        timeout_graceful_shutdown=5,
        limit_concurrency=200,
    )
    server = uvicorn.Server(config)
    # A thread, because uvicorn in the main one would take the signals for itself and end the
    # process before the sender has finished.
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="web")
    thread.start()
    host, port = listening.getsockname()[:2]
    try:
        yield f"http://{f'[{host}]' if ':' in host else host}:{port}"
    finally:
        server.should_exit = True
        thread.join()


def wait_for_signal(*others: int) -> bool:
    """Return True at the first SIGINT or SIGTERM; a second one ends the process at once.

    False where one of `others` can be read before, or is over, as a process may be.
    """
    numbers = (signal.SIGINT, signal.SIGTERM)
    waking, woken = socket.socketpair()
    with waking, woken:
        waking.setblocking(False)
        # The system may give the signal to any thread: this one would then sleep on in a lock,
        # but a byte wakes it.
        before = signal.set_wakeup_fd(waking.fileno())
        for number in numbers:
            signal.signal(number, lambda *_: None)
        told = False
        while not told and connection.wait([woken, *others]) == [woken]:
            told = woken.recv(1)[0] in numbers
        signal.set_wakeup_fd(before)
    for number in numbers:
        signal.signal(number, signal.SIG_DFL)
    return told
