"""What holds for every request and every answer, whatever page it is about."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence

import structlog
from fastapi import Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.web.dress import Dress
from service.web.origin import from_elsewhere
from service.web.problems import problem

MAX_BODY_BYTES = 64 * 1024
BODY_SECONDS = 10
SAFE_HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "browsing-topics=(), camera=(), geolocation=(), microphone=()",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
TRY_AGAIN = "Nothing was lost. Please try again in a minute."

# A mail client presses this button, from wherever it likes (RFC 8058).
_ONE_CLICK = re.compile(r"/u/[^/]+")

_log = structlog.get_logger()


class Guard:
    """The application behind a guard: it refuses what other sites' buttons send and what is too
    large or too slow, gives every answer its headers, and answers for what fails.

    An application gets a body whole. `api_origins` are whose pages may call what is under /api/.
    """

    def __init__(
        self, app: ASGIApp, *, dress: Dress, base_url: str, api_origins: Sequence[str]
    ) -> None:
        self._app = app
        self._dress = dress
        self._base_url = base_url
        self._api_origins = api_origins
        headers: Mapping[str, str] = SAFE_HEADERS
        if base_url.startswith("https:"):
            headers = {**headers, "Strict-Transport-Security": "max-age=31536000"}
        self._headers = [(n.lower().encode(), v.encode()) for n, v in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        of_api = scope["path"].startswith("/api/")
        refuse: Callable[..., Response] = _problem if of_api else self._dress.message
        begun = False

        async def safely(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                said = message["headers"] = list(message["headers"])
                names = {name for name, _ in said}
                said += [pair for pair in self._headers if pair[0] not in names]
            await send(message)

        whole = None
        refused = self._refusal(scope, of_api, refuse)
        if refused is None:
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    whole = await _whole(receive)
            except TimeoutError:
                refused = refuse(408, "That took too long to arrive.", TRY_AGAIN)
        if refused is not None:
            await refused(scope, receive, safely)
            return
        if whole is None:
            return
        try:
            await self._app(scope, whole, safely)
        except Exception as error:
            # Caught here, since the server would log it with all its values. The path may hold a
            # reader's token: only the route's pattern is logged.
            route = getattr(scope.get("route"), "path", None)
            _log.error("page_failed", route=route, exc_info=error)
            if not begun:
                failed = refuse(500, "Something went wrong here.", TRY_AGAIN)
                await failed(scope, receive, safely)

    def _refusal(
        self, scope: Scope, of_api: bool, refuse: Callable[..., Response]
    ) -> Response | None:
        headers = Headers(scope=scope)
        length = headers.get("content-length", "0")
        if (
            scope["method"] == "POST"
            and not _ONE_CLICK.fullmatch(scope["path"])
            and not (of_api and headers.get("origin") in self._api_origins)
            and from_elsewhere(headers, self._base_url)
        ):
            return refuse(403, "That button stands on another site.", "Nothing was changed.")
        if not (length.isascii() and length.isdigit()) or int(length[:20]) > MAX_BODY_BYTES:
            return refuse(413, "That is more than this form takes.")
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return refuse(411, "This form needs to know how long it is.")
        return None


async def _whole(receive: Receive) -> Receive | None:
    """Return what receives as `receive` does, once the body has come, and that in one piece; None
    where the client left before.
    """
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return first.pop() if first else await receive()

    return again


def _problem(status: int, *sentences: str) -> Response:
    return problem(status, " ".join(sentences))
