"""What holds for every answer, whatever was asked."""

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from conftest import make_settings
from peers.log import kept_log
from peers.pages import open_pages, real_time
from peers.reader import Clock, sign_up
from sqlalchemy import text

from service.cli.serve import listen, serving
from service.installation import Installation, open_installation
from service.web.app import web_app
from service.web.guard import MAX_BODY_BYTES, SAFE_HEADERS


def answers(pages: httpx.Client) -> Iterator[httpx.Response]:
    """Ask for a page of each kind, good and bad."""
    for method, path in (
        ("GET", "/"), ("HEAD", "/"), ("GET", "/sent"), ("GET", "/healthz"), ("GET", "/style.css"),
        ("GET", "/none"), ("GET", "/paper/none"), ("GET", "/u/none"), ("POST", "/u/none"),
        ("GET", "/confirm/none"), ("GET", "/undo/none"), ("DELETE", "/"), ("OPTIONS", "/"),
        ("POST", "/sent"), ("GET", "/../../etc/passwd"), ("GET", "/docs"),
    ):  # fmt: skip
        yield pages.request(method, path)
    yield sign_up(pages, "ada@example.org")
    yield sign_up(pages, "ada")
    yield sign_up(pages, "ada@example.org", "x" * MAX_BODY_BYTES)
    yield pages.post("/", files={"email": ("ada.txt", b"ada@example.org")})
    yield pages.post("/", content=iter([b"email=ada@example.org"]))


def test_every_answer_is_safe_to_show_and_sets_no_cookie(pages: httpx.Client) -> None:
    statuses = set()
    for answer in answers(pages):
        statuses.add(answer.status_code)
        for name in SAFE_HEADERS:
            assert name in answer.headers, (answer.request.method, answer.request.url, name)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "set-cookie" not in answer.headers
        assert "server" not in answer.headers
        cached = answer.headers["Cache-Control"]
        assert cached == "no-store" or answer.request.url.path == "/style.css"
    assert statuses >= {200, 303, 404, 405, 411, 413, 422}


def test_pages_load_nothing_from_elsewhere_and_run_nothing(pages: httpx.Client) -> None:
    for answer in answers(pages):
        if answer.headers.get("content-type", "").startswith("text/html"):
            own = answer.text.replace('<script src="/signup.js" defer></script>', "")
            for forbidden in ("<script", "style=", "onclick", 'src="http', "@import"):
                assert forbidden not in own


def test_health_is_ok_while_the_database_answers(pages: httpx.Client) -> None:
    answer = pages.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_a_client_that_never_says_what_it_wants_is_hung_up_on(house: Installation) -> None:
    app = web_app(house, real_time)
    with serving(app, listen("127.0.0.1", 0), header_seconds=0.2) as address:
        host, port = address.removeprefix("http://").split(":")
        for said in (b"", b"GET / HTTP/1.1\r\nHost: papers"):
            with socket.create_connection((host, int(port)), timeout=30) as client:
                client.sendall(said)
                assert client.recv(1) == b""
        with httpx.Client(base_url=address) as client:
            assert [client.get("/healthz").status_code for _ in range(2)] == [200, 200]


def test_a_client_that_takes_no_answer_is_cut_off(house: Installation) -> None:
    app = web_app(house, real_time)
    with serving(app, listen("127.0.0.1", 0), answer_seconds=0.2) as address:
        host, port = address.removeprefix("http://").split(":")
        with socket.socket() as client:
            # More answers than the system keeps for who does not read them.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect((host, int(port)))
            client.settimeout(30)
            with pytest.raises(ConnectionError):
                ask_without_end(client)


def ask_without_end(client: socket.socket) -> None:
    while True:
        client.sendall(b"GET /style.css HTTP/1.1\r\nHost: papers\r\n\r\n" * 100)


def test_without_its_database_the_service_says_so_and_names_nobody(
    postgres_url: str, tmp_path: Path, clock: Clock
) -> None:
    settings = make_settings(postgres_url, tmp_path)
    link = "/u/0123456789abcdef"
    with (
        kept_log() as log,
        open_installation(settings) as installation,
        open_pages(installation, clock) as pages,
    ):
        assert pages.get("/healthz").status_code == 200
        assert pages.get("/").status_code == 200
        _lose_every_table(installation)

        health = pages.get("/healthz")
        assert (health.status_code, health.json()) == (
            503,
            {"status": "the database does not answer"},
        )
        for failed in (sign_up(pages, "ada@example.org"), pages.get(link)):
            assert failed.status_code == 500
            assert "Nothing was lost. Please try again in a minute." in failed.text
            assert "Content-Security-Policy" in failed.headers
            assert "relation" not in failed.text
        assert pages.get("/").status_code == 200
        first, second = log()
    assert (first["event"], first["route"]) == ("page_failed", "/")
    assert (second["error"], second["route"]) == ("ProgrammingError", "/u/{token}")
    assert any(place.startswith("readers/strangers.py:") for place in first["at"])
    assert "ada@" not in str(first)
    assert "0123456789abcdef" not in str(second)


def _lose_every_table(installation: Installation) -> None:
    with installation.database.write() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))


def test_an_embedded_database_whose_file_is_gone_is_no_health(tmp_path: Path, clock: Clock) -> None:
    settings = make_settings(f"sqlite:///{tmp_path / 'paperround.db'}", tmp_path)
    with open_installation(settings) as installation, open_pages(installation, clock) as pages:
        assert pages.get("/healthz").status_code == 200
        installation.database.close()
        for file in tmp_path.glob("paperround.db*"):
            if file.is_file():
                file.unlink()
        assert pages.get("/healthz").status_code == 503


def test_a_header_that_never_ends_is_not_kept_in_memory(house: Installation) -> None:
    with serving(web_app(house, real_time), listen("127.0.0.1", 0)) as address:
        host, port = address.removeprefix("http://").split(":")
        for begun, more in (
            (b"GET / HTTP/1.1\r\n", b"X-More: more\r\n" * 100),
            (b"GET /", b"x" * 1000),
        ):
            with socket.create_connection((host, int(port)), timeout=30) as client:
                client.sendall(begun)
                with pytest.raises(ConnectionError):
                    client.sendall(more * 100_000)
        with httpx.Client(base_url=address) as client:
            assert client.get("/healthz").status_code == 200


def test_who_leaves_before_the_form_is_whole_is_no_trouble(house: Installation) -> None:
    with kept_log() as log:
        with serving(web_app(house, real_time), listen("127.0.0.1", 0)) as address:
            host, port = address.removeprefix("http://").split(":")
            with socket.create_connection((host, int(port)), timeout=30) as client:
                client.sendall(b"POST / HTTP/1.1\r\nHost: papers\r\nContent-Length: 99\r\n\r\nnew=")
            with httpx.Client(base_url=address) as other:
                assert other.get("/healthz").status_code == 200
        assert log() == []
