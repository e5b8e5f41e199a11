"""A connection that is to be private is private, or carries nothing."""

import ssl
from pathlib import Path

import pytest
import trustme
from peers.conversation import one_letter, talk, trouble_of
from peers.smtp import Peer, cut, reply

from service.domain.policy import Result
from service.domain.route import Tls


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """A certificate authority that this process trusts."""
    made = trustme.CA()
    path = tmp_path / "authority.pem"
    made.cert_pem.write_to_path(str(path))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return made


def context_of(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*names).configure_cert(context)
    return context


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.IMPLICIT])
def test_a_good_certificate_makes_the_connection_private(authority: trustme.CA, tls: Tls) -> None:
    context = context_of(authority, "localhost", "127.0.0.1")
    with Peer(tls=context, implicit=tls is Tls.IMPLICIT, offers_auth=True) as peer:
        outcome = talk(peer, one_letter, tls=tls, user=True)
    assert outcome.result is Result.ACCEPTED
    said = [line.split()[0] for _, line in peer.lines]
    assert b"AUTH" in said
    if tls is Tls.STARTTLS:
        assert said[:3] == [b"EHLO", b"STARTTLS", b"EHLO"], "what was said in clear is forgotten"


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.IMPLICIT])
@pytest.mark.parametrize("fault", ["another authority", "another name"])
def test_a_bad_certificate_is_refused_before_any_secret_is_told(
    authority: trustme.CA, tls: Tls, fault: str
) -> None:
    stranger = trustme.CA() if fault == "another authority" else authority
    name = "127.0.0.1" if fault == "another authority" else "mail.example.org"
    context = context_of(stranger, name)
    with Peer(tls=context, implicit=tls is Tls.IMPLICIT, offers_auth=True) as peer:
        outcome = trouble_of(peer, tls=tls, user=True)
    assert "certificate" in outcome.text.lower()
    assert not [line for _, line in peer.lines if line.startswith((b"AUTH", b"MAIL"))]


@pytest.mark.parametrize("how", ["not offered", "refused", "cut"])
def test_a_server_without_starttls_is_told_no_secret_and_no_letter(
    authority: trustme.CA, how: str
) -> None:
    context = None if how == "not offered" else context_of(authority, "127.0.0.1")
    with Peer(tls=context, offers_auth=True) as peer:
        peer.on("starttls", cut if how == "cut" else reply("454 4.7.0 TLS not available"))
        outcome = trouble_of(peer, tls=Tls.STARTTLS, user=True)
    assert outcome.concerns_route
    assert not [line for _, line in peer.lines if line.startswith((b"AUTH", b"MAIL"))]
