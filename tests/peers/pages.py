"""The pages, served for real on a free port."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx

from service.cli.serve import listen, serving
from service.installation import Installation
from service.web.app import web_app


def real_time() -> datetime:
    return datetime.now(UTC)


class Pages(httpx.Client):
    """A client of the pages that follows no redirect, and knows whose they are."""

    def __init__(self, address: str, house: Installation, now: Callable[[], datetime]) -> None:
        super().__init__(base_url=address, timeout=30)
        self.house = house
        self.now = now


@contextmanager
def open_pages(
    installation: Installation,
    now: Callable[[], datetime] = real_time,
    *,
    proxies: Sequence[str] = (),
) -> Iterator[Pages]:
    """Serve an installation's pages, perhaps behind proxies that are believed."""
    app = web_app(installation, now)
    with (
        serving(app, listen("127.0.0.1", 0), proxies=proxies) as address,
        Pages(address, installation, now) as client,
    ):
        yield client
