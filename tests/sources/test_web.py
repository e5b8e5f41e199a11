"""Fetching: polite, bounded in size and time, and never from inside."""

import gzip
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler

import pytest
from peers.http import Site, site

from service.domain.sources import next_poll
from service.sources.guard import is_public
from service.sources.web import Answer, FetchError, Web, web_at


@pytest.fixture
def server() -> Iterator[Site]:
    with site() as running:
        yield running


def web(**options: object) -> Web:
    defaults = {"max_bytes": 1_000, "permitted": lambda address: address == "127.0.0.1"}
    return Web("Paperround (+https://papers.example)", **(defaults | options))  # type: ignore[arg-type]


def fetched(url: str, validators: dict[str, str] | None = None, **options: object) -> bytes:
    target = io.BytesIO()
    web(**options).fetch(url, validators or {}, target)
    return target.getvalue()


def error(url: str, **options: object) -> FetchError:
    with pytest.raises(FetchError) as caught:
        fetched(url, **options)
    return caught.value


def test_what_is_there_is_fetched_politely(server: Site) -> None:
    server.gives("/papers", b"[]")
    assert fetched(f"{server.address}/papers") == b"[]"
    [(_, headers)] = server.requests
    assert headers["user-agent"] == "Paperround (+https://papers.example)"
    assert headers["host"] == server.address.removeprefix("http://")


def test_a_packed_answer_is_unpacked(server: Site) -> None:
    server.gives("/papers", gzip.compress(b"[1]"), headers={"Content-Encoding": "gzip"})
    assert fetched(f"{server.address}/papers") == b"[1]"


def test_what_is_unchanged_is_not_fetched_again(server: Site) -> None:
    date = "Fri, 21 Aug 2026 07:00:00 GMT"
    server.gives("/papers", b"[]", headers={"ETag": '"a"', "Last-Modified": date})
    answer = web().fetch(f"{server.address}/papers", {}, io.BytesIO())
    assert answer == Answer(True, {"etag": '"a"', "last-modified": date})
    server.gives("/papers", status=304, headers={"Content-Length": "0"})
    again = web().fetch(f"{server.address}/papers", answer.validators, io.BytesIO())
    assert again == Answer(False, answer.validators)
    headers = server.requests[-1][1]
    assert (headers["if-none-match"], headers["if-modified-since"]) == ('"a"', date)


def test_a_refusal_is_an_error_that_says_when_to_come_back(server: Site) -> None:
    server.gives("/busy", status=429, headers={"Retry-After": "90"})
    server.gives("/down", status=503)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    server.gives("/later", status=503, headers={"Retry-After": format_datetime(tomorrow)})
    server.gives("/odd", status=503, headers={"Retry-After": "soon"})
    busy, down, later, odd = (
        error(server.address + p) for p in ("/busy", "/down", "/later", "/odd")
    )
    assert (busy.reason, busy.retry_after) == ("answered 429 Too Many Requests", timedelta(0, 90))
    assert (down.reason, down.retry_after) == ("answered 503 Service Unavailable", None)
    assert later.retry_after is not None
    assert later.retry_after > timedelta(hours=23)
    assert odd.retry_after is None
    assert error(f"{server.address}/nowhere").reason == "answered 404 Not Found"


def test_an_answer_without_end_is_given_up(server: Site) -> None:
    server.gives("/large", b"x" * 1_001)
    packed = gzip.compress(b"x" * 9_000_000)
    server.gives("/bomb", packed, headers={"Content-Encoding": "gzip"})
    for path in ("/large", "/bomb"):
        assert error(server.address + path).reason == "too large: more than 1,000 bytes"


def test_an_answer_packed_more_than_once_is_not_unpacked(server: Site) -> None:
    packed = gzip.compress(gzip.compress(b"x" * 9_000_000))
    server.gives("/bomb", packed, headers={"Content-Encoding": "gzip, gzip"})
    assert "answered in the encoding 'gzip, gzip'" in error(f"{server.address}/bomb").reason


def test_headers_without_end_are_given_up(server: Site) -> None:
    server.gives("/wide", headers={"X-Wide": "a" * 5_000_000})
    assert "Receive buffer too long" in error(f"{server.address}/wide").reason


def test_no_change_is_believed_only_where_it_was_asked_for(server: Site) -> None:
    server.gives("/papers", status=304, headers={"Content-Length": "0"})
    assert error(f"{server.address}/papers").reason == "answered 304 Not Modified"


@pytest.mark.parametrize("etag", ['"' + "a" * 600 + '"', '"\xe9"'])
def test_an_odd_validator_is_not_kept(server: Site, etag: str) -> None:
    server.gives("/papers", b"[]", headers={"ETag": etag})
    assert web().fetch(f"{server.address}/papers", {}, io.BytesIO()) == Answer(True, {})


@pytest.mark.parametrize("written", ["9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_to_come_back_in_a_thousand_years_is_cut_to_a_day(server: Site, written: str) -> None:
    server.gives("/busy", status=429, headers={"Retry-After": written})
    asked = error(f"{server.address}/busy").retry_after
    now = datetime.now(UTC)
    assert next_poll(now, timedelta(hours=1), 1, asked) == now + timedelta(days=1)


@pytest.mark.parametrize("written", ["-5", "1e9", "99999999999999999999 Jan 2026 1:1:1", "٢"])
def test_a_time_to_come_back_that_is_none_is_passed_over(server: Site, written: str) -> None:
    bytes_on_the_wire = written.encode().decode("latin-1")
    server.gives("/busy", status=429, headers={"Retry-After": bytes_on_the_wire})
    assert error(f"{server.address}/busy").retry_after is None


def test_a_slow_answer_is_given_up(server: Site) -> None:
    def dribble(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        while not server.release.wait(0.02):
            request.wfile.write(b"x")

    server.answers["/slow"] = dribble
    assert error(f"{server.address}/slow", seconds=0.3).reason == "took more than 0.3 seconds"


def test_a_broken_answer_is_an_error(server: Site) -> None:
    server.gives("/short", b"[]", headers={"Content-Length": "99"})
    assert "RemoteProtocolError" in error(f"{server.address}/short").reason
    server.gives("/garbled", b"no gzip", headers={"Content-Encoding": "gzip"})
    assert "the gzip data of the answer is broken" in error(f"{server.address}/garbled").reason
    cut = gzip.compress(b"[1]")[:-6]
    server.gives("/cut", cut, headers={"Content-Encoding": "gzip"})
    assert error(f"{server.address}/cut").reason == "the gzip data of the answer is cut off"


def test_a_redirect_is_followed_a_few_times(server: Site) -> None:
    server.gives("/old", status=301, headers={"Location": "/new"})
    server.gives("/new", b"[]")
    assert fetched(f"{server.address}/old") == b"[]"
    server.gives("/loop", status=302, headers={"Location": "/loop"})
    assert error(f"{server.address}/loop").reason == "redirects more than 5 times"


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://127.0.0.2/", "127.0.0.2 is at 127.0.0.2, a private address"),
        ("http://169.254.169.254/latest/meta-data", "169.254.169.254, a private address"),
        ("http://[::1]/", "::1, a private address"),
        ("http://2130706434/", "a private address"),
        ("http://127.0.0.1:99999/", "leads to port 99999"),
        ("file:///etc/passwd", "neither http nor https"),
        ("gopher://127.0.0.1/", "neither http nor https"),
    ],
)
def test_a_redirect_inside_is_refused(server: Site, location: str, reason: str) -> None:
    server.gives("/away", status=302, headers={"Location": location})
    assert reason in error(f"{server.address}/away").reason


INSIDE = ("127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]")  # noqa: S104


@pytest.mark.parametrize("host", INSIDE)
def test_no_address_inside_is_asked_unless_allowed(server: Site, host: str) -> None:
    server.gives("/papers", b"[]")
    url = server.address.replace("127.0.0.1", host) + "/papers"
    guarded = web_at("https://papers.example", 1_000, allow_private=False)
    with pytest.raises(FetchError, match="a private address"):
        guarded.fetch(url, {}, io.BytesIO())
    assert server.requests == []


def test_private_addresses_may_be_allowed(server: Site) -> None:
    server.gives("/papers", b"[]")
    allowing = web_at("https://papers.example", 1_000, allow_private=True)
    assert allowing.fetch(f"{server.address}/papers", {}, io.BytesIO()).changed


def test_a_name_is_connected_to_where_it_was_found_safe(server: Site) -> None:
    server.gives("/papers", b"[]")
    asked: list[str] = []

    async def changing(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    url = server.address.replace("127.0.0.1", "papers.example") + "/papers"
    assert fetched(url, resolver=changing) == b"[]"
    assert asked == ["papers.example"]
    assert server.requests[0][1]["host"].startswith("papers.example:")


def test_a_name_that_also_leads_inside_is_refused() -> None:
    async def both(host: str, port: int) -> list[str]:
        return ["127.0.0.1", "10.0.0.1"]

    assert "10.0.0.1" in error("http://papers.example/", resolver=both).reason


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:220:1::1", True),
        ("64:ff9b::5db8:d70e", True),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("127.0.0.53", False),
        ("0.0.0.0", False),  # noqa: S104
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
    ],
)
def test_public_addresses_are_told_from_those_inside(address: str, public: bool) -> None:
    assert is_public(address) is public
