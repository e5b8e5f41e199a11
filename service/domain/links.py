"""The links of a letter: what they carry, signed so that nobody else can make them.

A token is `key id.payload.signature`, the latter two base64url without padding. The signature is
HMAC-SHA256 over the purpose and the payload, so a link made for one purpose opens nothing else.
"""

import base64
import hashlib
import hmac
import secrets
from binascii import b2a_base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from service.domain.keys import ID_LENGTH, Key, KeyRing


class Purpose(StrEnum):
    """What a link opens; it stands in the link's path. A form carries when it was opened.

    The link to a reader's account is only ever mailed to whoever asks for it at that moment: the
    one to their preferences gets forwarded with letters.
    """

    CONFIRM = "confirm"
    UNDO = "undo"
    PREFERENCES = "preferences"
    ACCOUNT = "account"
    ADDRESS = "address"
    FORM = "form"


Lives: TypeAlias = Mapping[Purpose, timedelta | None]

# How long a link usually lasts; the one to preferences as long as its reader is kept.
LIVES: Lives = {
    Purpose.CONFIRM: timedelta(hours=72),
    Purpose.UNDO: timedelta(days=30),
    Purpose.PREFERENCES: None,
    Purpose.ACCOUNT: timedelta(minutes=30),
    Purpose.ADDRESS: timedelta(hours=72),
    Purpose.FORM: timedelta(hours=24),
}


class BadLink(ValueError):
    """A token that was not made by us for this purpose, or was changed."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a valid token says: what it was made for, and when.

    `made_for` is the id of a preference, what a reader had asked for at that time; of the links to
    preferences and account, which outlive each of them, the reader's own; of one that confirms an
    address, that of the letter which brought it there.
    """

    made_for: int
    issued_at: datetime


class ExpiredLink(ValueError):
    """A token of ours whose time is over, and what it was for."""

    def __init__(self, purpose: Purpose, grant: Grant, life: timedelta) -> None:
        super().__init__(f"the link is older than {life}")
        self.purpose = purpose
        self.grant = grant


def sign(key: Key, purpose: Purpose, made_for: int, issued_at: datetime) -> str:
    """Return a reader's token; the same arguments always give the same token."""
    payload = _encode(b"%d.%d" % (made_for, issued_at.timestamp()))
    return f"{key.key_id}.{payload}.{_signature(key, purpose, payload)}"


def verify(
    keys: KeyRing, purpose: Purpose, token: str, now: datetime, lives: Lives = LIVES
) -> Grant:
    """Return what the token grants.

    Raises BadLink, or ExpiredLink where it is older than links of its purpose may get to be.
    """
    grant, life = granted(keys, purpose, token), lives[purpose]
    if life is not None and now - grant.issued_at > life:
        raise ExpiredLink(purpose, grant, life)
    return grant


def granted(keys: KeyRing, purpose: Purpose, token: str) -> Grant:
    """Return what a token, signed with whichever key of the ring, grants or once granted.

    Raises BadLink.
    """
    key_id, _, signed = token.partition(".")
    payload, _, signature = signed.partition(".")
    key = keys.named(key_id)
    if key is None:
        raise BadLink("the link was signed with a key that is not on the ring")
    expected = _signature(key, purpose, payload)
    if not hmac.compare_digest(signature.encode(errors="replace"), expected.encode()):
        raise BadLink("the link is not whole")
    made_for, _, issued = _decode(payload).partition(b".")
    return Grant(int(made_for), datetime.fromtimestamp(int(issued), UTC))


def web_name(key: Key, delivery_id: int) -> str:
    """Return what the address of a delivery's web copy calls it: 36 characters.

    Nobody without the key can guess a name, or read one: after the key's id it is the delivery's
    id, encrypted under a tag that is a keyed hash of the id itself (as SIV does). So it tells
    nothing of the tokens of that delivery or of its reader, nor how many letters there were, and
    no two copies can be traced to one reader.
    """
    tag = key.digest(b"web:" + delivery_id.to_bytes(8))[:_TAG]
    return key.key_id + _encode(tag + (delivery_id ^ _mask(key, tag)).to_bytes(8))


def delivery_of(keys: KeyRing, name: str) -> int:
    """Return the id of the delivery whose web copy has that name; raise BadLink."""
    key = keys.named(name[:ID_LENGTH])
    if key is None:
        raise BadLink("the name of a web copy is of a key that is not on the ring")
    try:
        octets = _decode(name[ID_LENGTH:])
    except ValueError:
        octets = b""
    tag, hidden = octets[:_TAG], octets[_TAG:]
    delivery_id = int.from_bytes(hidden) ^ _mask(key, tag) if len(hidden) == 8 else 0
    made = web_name(key, delivery_id)
    if not hmac.compare_digest(made.encode(), name.encode(errors="replace")):
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


_URL_SAFE = bytes.maketrans(b"+/", b"-_")
# 16 octets of tag and 8 of id make 32 characters without padding.
_TAG = 16


def _mask(key: Key, tag: bytes) -> int:
    """Return what hides the delivery's id in a name of that tag."""
    return int.from_bytes(key.digest(b"web-id:" + tag)[:8])


def _signature(key: Key, purpose: Purpose, payload: str) -> str:
    return _encode(key.digest(f"{purpose}:{payload}".encode(errors="replace")))


def _encode(data: bytes) -> str:
    return b2a_base64(data, newline=False).translate(_URL_SAFE).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
