"""The pages, served for real on a free port."""

import ssl
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import httpx
from fastapi import FastAPI
from peers.deadline import until
from starlette.types import ASGIApp, Receive, Scope, Send

from service.cli.serve import listen, serving
from service.installation import Installation
from service.web.app import web_app

# To read the system's certificates takes longer than most requests.
_TLS = ssl.create_default_context()


def real_time() -> datetime:
    return datetime.now(UTC)


class Pages(httpx.Client):
    """A client of the pages that follows no redirect, and knows whose they are."""

    def __init__(self, address: str, house: Installation, now: Callable[[], datetime]) -> None:
        super().__init__(base_url=address, timeout=30, verify=_TLS)
        self.house = house
        self.now = now


class _Server:
    """A server that serves one application after another: to start and stop one takes uvicorn
    more than a tenth of a second of waiting.
    """

    def __init__(self, proxies: Sequence[str]) -> None:
        self._app: ASGIApp | None = None
        self._lock = threading.Lock()
        self._asked = 0
        self.address = _open.enter_context(serving(self, listen("127.0.0.1", 0), proxies=proxies))

    @contextmanager
    def serve(self, app: FastAPI) -> Iterator[None]:
        """Serve it, and at the end wait until every request is answered."""
        self._app = app
        yield
        until(lambda: self._asked == 0)
        self._app = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is None:
            return
        with self._lock:
            self._asked += 1
        try:
            await self._app(scope, receive, send)
        finally:
            with self._lock:
                self._asked -= 1


_open = ExitStack()
_idle: defaultdict[tuple[str, ...], list[_Server]] = defaultdict(list)


@contextmanager
def open_pages(
    installation: Installation,
    now: Callable[[], datetime] = real_time,
    *,
    proxies: Sequence[str] = (),
) -> Iterator[Pages]:
    """Serve an installation's pages, perhaps behind proxies that are believed."""
    idle = _idle[tuple(proxies)]
    server = idle.pop() if idle else _Server(proxies)
    with (
        server.serve(web_app(installation, now)),
        Pages(server.address, installation, now) as client,
    ):
        yield client
    idle.append(server)


def close() -> None:
    """Stop all servers."""
    _open.close()
