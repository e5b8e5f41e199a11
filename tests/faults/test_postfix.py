"""Receiving, proved against a real MTA: Debian's Postfix, over TLS and with AUTH."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import trustme
from conftest import OpenWith, missing
from peers import postfix
from peers.deadline import until
from peers.newsroom import statuses
from peers.postfix import PASSWORD, USER, Postfix
from peers.sending import address, charged, crowd, deliver, queue_letters

from service.domain.policy import Result
from service.installation import Installation

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(scope="module", autouse=True)
def _postfix_is_here() -> None:
    if not postfix.installed():
        missing("no Postfix here (Debian's package postfix)")
    if os.getuid() != 0:
        pytest.skip("only root may start a Postfix")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def server(authority: trustme.CA) -> Iterator[Postfix]:
    with postfix.running(authority.issue_cert("127.0.0.1")) as running:
        yield running


@pytest.fixture
def _trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))


def route_to(server: Postfix, password: str = PASSWORD) -> str:
    return f"smtp+starttls://{USER}:{quote(password, safe='')}@127.0.0.1:{server.port}"


def opened(open_with: OpenWith, server: Postfix, *names: str, **values: str) -> Installation:
    chosen = {"smtp_url": route_to(server), "smtp_connections": "4"} | values
    installation = open_with(**chosen)
    queue_letters(installation, *names)
    return installation


def nothing_went(installation: Installation, server: Postfix, before: str) -> None:
    """Nobody was charged, and the server was told neither a password nor of a letter."""
    assert statuses(installation) == {"queued": 2}
    assert charged(installation) == 0
    assert "sasl_method" not in server.log[len(before) :]
    assert not [to for to, _ in server.delivered() if to.startswith(("ada@", "bob@"))]


@pytest.mark.usefixtures("_trusted")
def test_a_real_mta_delivers_every_letter_once_as_it_was_written(
    open_with: OpenWith, server: Postfix
) -> None:
    names = crowd(60)
    installation = opened(open_with, server, *names)
    delivered = deliver(installation)
    assert (delivered.results, delivered.halted) == ({Result.ACCEPTED: 60}, None)
    until(lambda: len(server.delivered()) == 60)
    arrived = server.delivered()
    assert Counter(to for to, _ in arrived) == Counter(map(address, names))
    assert len({message["Message-ID"] for _, message in arrived}) == 60
    for to, message in arrived:
        assert message["To"] == to
        assert not message.defects
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        for kind in ("plain", "html"):
            part = message.get_body((kind,))
            assert part is not None
            assert "Proofs by touch" in part.get_content()
    said = [line for line in server.log.splitlines() if "postfix/smtpd" in line]
    assert not [line for line in said if "warning" in line or "improper" in line]
    assert sum("sasl_username=paperround" in line for line in said) == 60


@pytest.mark.usefixtures("_trusted")
def test_a_wrong_password_halts_with_the_servers_words_and_charges_nobody(
    open_with: OpenWith, server: Postfix
) -> None:
    before = server.log
    installation = opened(open_with, server, "Ada", "Bob", smtp_url=route_to(server, "wrong"))
    halted = deliver(installation).halted
    assert halted is not None
    assert halted.startswith(f"the SMTP server 127.0.0.1:{server.port} fails at auth: 535 5.7.8")
    assert "wrong" not in halted
    nothing_went(installation, server, before)


def test_a_certificate_nobody_vouches_for_is_refused(open_with: OpenWith, server: Postfix) -> None:
    before = server.log
    installation = opened(open_with, server, "Ada", "Bob")
    halted = deliver(installation).halted
    assert halted is not None
    assert "certificate" in halted
    nothing_went(installation, server, before)


@pytest.mark.usefixtures("_trusted")
def test_where_starttls_is_stripped_no_letter_goes_in_clear_text(
    open_with: OpenWith, authority: trustme.CA
) -> None:
    with postfix.running(authority.issue_cert("127.0.0.1"), tls=False) as stripped:
        installation = opened(open_with, stripped, "Ada", "Bob")
        halted = deliver(installation).halted
        assert halted is not None
        assert "STARTTLS" in halted
        nothing_went(installation, stripped, "")
