"""The pages, served for real on a free port."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx

from service.cli.serve import listen, serving
from service.installation import Installation
from service.web.app import web_app


def real_time() -> datetime:
    return datetime.now(UTC)


@contextmanager
def open_pages(
    installation: Installation, now: Callable[[], datetime] = real_time
) -> Iterator[httpx.Client]:
    """Serve an installation's pages; give a client that follows no redirect."""
    with (
        serving(web_app(installation, now), listen("127.0.0.1", 0)) as address,
        httpx.Client(base_url=address, timeout=30) as client,
    ):
        yield client
