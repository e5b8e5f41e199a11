"""Fetching over HTTP: bounded in size and time, and never from inside."""

import asyncio
import ssl
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import BinaryIO

import httpx

from service.sources.guard import Forbidden, Resolve, checked_address, is_public, resolve

_MOST_REDIRECTS = 5
_SECONDS = httpx.Timeout(10, read=20)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

# What servers give to ask again with is kept in the database; real ones have some 40 characters.
_LONGEST_VALIDATOR = 500


class FetchError(Exception):
    """Nothing could be fetched; the text says why, `retry_after` when the server wants us back."""

    def __init__(self, reason: str, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered: something new, written to the target, or no change.

    `validators` are to be sent when asking the next time.
    """

    changed: bool
    validators: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Web:
    """The web as sources see it.

    `user_agent` names us and where we can be asked about it. An address that is not `permitted` is
    not connected to, whatever name or redirect leads there. `seconds` bounds a whole fetch.
    """

    user_agent: str
    max_bytes: int
    permitted: Callable[[str], bool] = is_public
    seconds: float = 120
    resolver: Resolve = resolve

    def fetch(self, url: str, validators: dict[str, str], target: BinaryIO) -> Answer:
        """Write what `url` holds to `target`, unless the validators say that it is unchanged.

        Raises FetchError; then `target` holds nothing of use.
        """
        try:
            return asyncio.run(self._fetch_in_time(url, validators, target))
        except (Forbidden, ssl.SSLError) as error:
            raise FetchError(str(error)) from None
        except TimeoutError:
            raise FetchError(f"took more than {self.seconds:g} seconds") from None
        except httpx.TimeoutException as error:
            raise FetchError(f"no answer in time ({type(error).__name__})") from None
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise FetchError(f"{type(error).__name__}: {error}".rstrip(": ")) from None
        except OSError as error:
            raise FetchError(f"cannot be reached: {error.strerror or error}") from None

    async def _fetch_in_time(
        self, url: str, validators: dict[str, str], target: BinaryIO
    ) -> Answer:
        async with asyncio.timeout(self.seconds):
            # No proxy from the environment: it would connect where the guard does not look.
            async with httpx.AsyncClient(timeout=_SECONDS, trust_env=False) as client:
                return await self._fetch(client, httpx.URL(url), validators, target)

    async def _fetch(
        self,
        client: httpx.AsyncClient,
        url: httpx.URL,
        validators: dict[str, str],
        target: BinaryIO,
    ) -> Answer:
        for _ in range(_MOST_REDIRECTS + 1):
            response = await client.send(await self._request(client, url, validators), stream=True)
            try:
                if response.status_code not in _REDIRECTS:
                    return await self._receive(response, validators, target)
                onward = url.join(response.headers.get("location", ""))
            finally:
                await response.aclose()
            if url.scheme == "https" and onward.scheme != "https":
                raise Forbidden(f"redirects from https to {onward.scheme}")
            url = onward
        raise FetchError(f"redirects more than {_MOST_REDIRECTS} times")

    async def _request(
        self, client: httpx.AsyncClient, url: httpx.URL, validators: dict[str, str]
    ) -> httpx.Request:
        if url.scheme not in ("http", "https") or not url.host:
            raise Forbidden(f"leads to {str(url)[:100]!r}, which is neither http nor https")
        port = url.port or (443 if url.scheme == "https" else 80)
        if port > 65_535:
            raise Forbidden(f"leads to port {port}, and there is none")
        address = await checked_address(url.host, port, self.permitted, self.resolver)
        headers = {
            "Host": url.netloc.decode("ascii"),
            "User-Agent": self.user_agent,
            "Accept": "application/json, application/atom+xml, application/rss+xml, */*;q=0.5",
            "Accept-Encoding": "gzip",
        }
        if "etag" in validators:
            headers["If-None-Match"] = validators["etag"]
        if "last-modified" in validators:
            headers["If-Modified-Since"] = validators["last-modified"]
        # Connect to the address that was checked: asking for it again could give another.
        return client.build_request(
            "GET",
            url.copy_with(host=address, fragment=None),
            headers=headers,
            extensions={"sni_hostname": url.raw_host.decode("ascii")},
        )

    async def _receive(
        self, response: httpx.Response, validators: dict[str, str], target: BinaryIO
    ) -> Answer:
        if response.status_code == httpx.codes.NOT_MODIFIED and _asks_for_changes(validators):
            return Answer(False, validators)
        if response.status_code != httpx.codes.OK:
            reason = f"answered {response.status_code} {response.reason_phrase}".rstrip()
            raise FetchError(reason, _retry_after(response))
        body = _Unpacking(response.headers.get("content-encoding", ""))
        size = 0
        async for packed in response.aiter_raw():
            # One byte beyond the limit tells; more would only cost memory.
            piece = body.piece(packed, self.max_bytes - size + 1)
            size += len(piece)
            if size > self.max_bytes:
                raise FetchError(f"too large: more than {self.max_bytes:,} bytes")
            target.write(piece)
        body.end()
        return Answer(True, _validators_of(response))


def web_at(base_url: str, max_bytes: int, *, allow_private: bool) -> Web:
    """Return the web for an installation at `base_url`, which servers are told."""
    agent = f"Paperround (+{base_url})"
    return Web(agent, max_bytes, (lambda _: True) if allow_private else is_public)


class _Unpacking:
    """The body of an answer, unpacked no further than is asked for.

    httpx would unpack each piece whole, as often as the answer says: 64 KB to many gigabytes.
    """

    def __init__(self, encoding: str) -> None:
        """Raise FetchError for an encoding that we never ask for."""
        known = encoding.strip().lower()
        if known not in ("", "identity", "gzip", "x-gzip"):
            raise FetchError(f"answered in the encoding {encoding[:40]!r}, which was not asked for")
        # 16: with the header and the check sum of gzip.
        self._gzip = zlib.decompressobj(16 + zlib.MAX_WBITS) if known.endswith("gzip") else None

    def piece(self, packed: bytes, most: int) -> bytes:
        """Return the next bytes; of those beyond `most`, perhaps none. Raises FetchError."""
        if self._gzip is None:
            return packed
        try:
            return self._gzip.decompress(packed, most)
        except zlib.error as error:
            raise FetchError(f"the gzip data of the answer is broken: {error}") from None

    def end(self) -> None:
        """Raise FetchError unless the body was whole."""
        if self._gzip is not None and not self._gzip.eof:
            raise FetchError("the gzip data of the answer is cut off")


def _asks_for_changes(validators: dict[str, str]) -> bool:
    return not validators.keys().isdisjoint(_VALIDATORS)


_VALIDATORS = ("etag", "last-modified")


def _validators_of(response: httpx.Response) -> dict[str, str]:
    given = {name: response.headers.get(name, "") for name in _VALIDATORS}
    return {
        name: value
        for name, value in given.items()
        if value and value.isascii() and len(value) <= _LONGEST_VALIDATOR
    }


def _retry_after(response: httpx.Response) -> timedelta | None:
    written = response.headers.get("retry-after", "").strip()
    if written.isascii() and written.isdecimal():
        return timedelta(seconds=min(int(written[:9]), 10**7))
    try:
        moment = parsedate_to_datetime(written)
    except (ValueError, OverflowError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(aware - datetime.now(UTC), timedelta(0))
