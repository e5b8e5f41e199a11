"""The SMTP server that letters are handed to."""

import ipaddress
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote, urlsplit


class Tls(StrEnum):
    """How a connection becomes private: never, by STARTTLS (RFC 3207), or from its first byte."""

    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


_SCHEMES = {
    "smtp": (Tls.NONE, 25),
    "smtp+starttls": (Tls.STARTTLS, 587),
    "smtps": (Tls.IMPLICIT, 465),
}


@dataclass(frozen=True, slots=True)
class Route:
    """One server, how to reach it, and who we are there."""

    host: str
    port: int
    tls: Tls = Tls.NONE
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def on_loopback(self) -> bool:
        return is_loopback(self.host)


def parse_route(url: str) -> Route:
    """Read `smtp://`, `smtp+starttls://` or `smtps://[user:password@]host[:port]`.

    User and password are percent-encoded. Raises ValueError with words for the operator; the
    words never repeat the URL, which may hold a password.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("is not a URL, as in smtp://mail.example.org:25") from None
    if parts.scheme not in _SCHEMES:
        raise ValueError("starts with smtp://, smtp+starttls:// or smtps://")
    tls, default_port = _SCHEMES[parts.scheme]
    if not parts.hostname:
        raise ValueError("names no host, as in smtp://mail.example.org:25")
    try:
        port = parts.port or default_port
    except ValueError:
        raise ValueError("has a port that is not a number from 1 to 65535") from None
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("has something behind the port; percent-encode / ? # in a password")
    if bool(parts.username) != bool(parts.password):
        raise ValueError("needs both a user and a password, or neither")
    if parts.username and tls is Tls.NONE and not is_loopback(parts.hostname):
        raise ValueError("would send the password in clear text: use smtp+starttls:// or smtps://")
    return Route(
        parts.hostname,
        port,
        tls,
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
    )


def is_loopback(host: str) -> bool:
    """Say whether a host name or address can only mean this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
