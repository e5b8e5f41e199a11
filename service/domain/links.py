"""The links of a letter: what they carry, signed so that nobody else can make them.

A token is `payload.signature`, both base64url without padding. The signature is HMAC-SHA256 over
the purpose and the payload, so a link made for one purpose opens nothing else.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum


class Purpose(StrEnum):
    CONFIRM = "confirm"
    UNDO = "undo"
    PREFERENCES = "preferences"


class BadLink(ValueError):
    """A token that was not made by us for this purpose, or was changed."""


class ExpiredLink(ValueError):
    """A token of ours whose time is over."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a valid token says: what it was made for, and when.

    `made_for` is the id of a preference, what a reader had asked for at that time; of a link to
    change preferences, which outlives each of them, it is the reader's own.
    """

    made_for: int
    issued_at: datetime


def sign(key: bytes, purpose: Purpose, made_for: int, issued_at: datetime) -> str:
    """Return a reader's token; the same arguments always give the same token."""
    payload = _encode(f"{made_for}.{int(issued_at.timestamp())}".encode())
    return f"{payload}.{_signature(key, purpose, payload)}"


def verify(
    key: bytes, purpose: Purpose, token: str, *, now: datetime, max_age: timedelta | None
) -> Grant:
    """Return what the token grants; raise BadLink, or ExpiredLink where it is older than it may
    get to be.
    """
    payload, _, signature = token.partition(".")
    expected = _signature(key, purpose, payload)
    if not hmac.compare_digest(signature.encode(), expected.encode()):
        raise BadLink("the link is not whole")
    made_for, _, issued = _decode(payload).partition(b".")
    grant = Grant(int(made_for), datetime.fromtimestamp(int(issued), UTC))
    if max_age is not None and now - grant.issued_at > max_age:
        raise ExpiredLink("the link is too old")
    return grant


def web_name(key: bytes, delivery_id: int) -> str:
    """Return what the address of a delivery's web copy calls it: 32 characters.

    Nobody without the key can guess a name, or read one: it is the delivery's id, encrypted under
    a tag that is a keyed hash of the id itself (as SIV does). So it tells nothing of the tokens
    of that delivery or of its reader, nor how many letters there were, and no two copies can be
    traced to one reader.
    """
    octets = delivery_id.to_bytes(8)
    tag = hmac.digest(key, b"web:" + octets, "sha256")[:_TAG]
    return _encode(tag + _masked(key, tag, octets))


def delivery_of(key: bytes, name: str) -> int:
    """Return the id of the delivery whose web copy has that name; raise BadLink."""
    try:
        octets = _decode(name)
    except ValueError:
        octets = b""
    tag, hidden = octets[:_TAG], octets[_TAG:]
    delivery_id = int.from_bytes(_masked(key, tag, hidden)) if len(hidden) == 8 else 0
    if not hmac.compare_digest(web_name(key, delivery_id).encode(), name.encode()):
        raise BadLink("the name of a web copy is not whole")
    return delivery_id


def new_token() -> str:
    """Return 128 random bits in hexadecimal, for a delivery or an unsubscribe link."""
    return secrets.token_hex(16)


def new_tokens(count: int) -> list[bytes]:
    """Return so many tokens of 16 random bytes."""
    octets = secrets.token_bytes(16 * count)
    return [octets[start : start + 16] for start in range(0, 16 * count, 16)]


def token_hash(token: str) -> str:
    """Return what is kept of a token that must still be recognised after its owner is erased."""
    return hashlib.sha256(token.encode()).hexdigest()


# 16 octets of tag and 8 of id make 32 characters without padding.
_TAG = 16


def _masked(key: bytes, tag: bytes, octets: bytes) -> bytes:
    stream = int.from_bytes(hmac.digest(key, b"web-id:" + tag, "sha256")[:8])
    return (int.from_bytes(octets) ^ stream).to_bytes(8)


def _signature(key: bytes, purpose: Purpose, payload: str) -> str:
    return _encode(hmac.digest(key, f"{purpose}:{payload}".encode(), "sha256"))


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
