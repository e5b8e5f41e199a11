"""The keys that links are signed with: the one in use, and older ones whose links still hold."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

ID_LENGTH = 4
_BLOCK = 64
_INNER, _OUTER = (bytes(octet ^ pad for octet in range(256)) for pad in (0x36, 0x5C))


@dataclass(frozen=True)
class Key:
    """A secret, and the name that every link signed with it carries."""

    secret: bytes

    @cached_property
    def key_id(self) -> str:
        """Four characters that tell keys apart and nothing of the secret."""
        octets = hmac.digest(self.secret, b"key id", "sha256")[:3]
        return base64.urlsafe_b64encode(octets).decode()

    def digest(self, words: bytes) -> bytes:
        """Return the HMAC-SHA256 of some words."""
        inner, outer = self._begun
        inner, outer = inner.copy(), outer.copy()
        inner.update(words)
        outer.update(inner.digest())
        return outer.digest()

    @cached_property
    def _begun(self) -> tuple["hashlib._Hash", "hashlib._Hash"]:
        """The two hashes of an HMAC (RFC 2104), begun with the key: `hmac` begins anew for each of
        the links of a letter, which takes most of its time.
        """
        secret = self.secret
        if len(secret) > _BLOCK:
            secret = hashlib.sha256(secret).digest()
        padded = secret.ljust(_BLOCK, b"\0")
        return hashlib.sha256(padded.translate(_INNER)), hashlib.sha256(padded.translate(_OUTER))


@dataclass(frozen=True, slots=True)
class KeyUse:
    """When a key was first the one in use."""

    key_id: str
    since: datetime


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The key in use, and the older ones: they verify links and sign none but those of letters
    that were planned while they were in use.
    """

    current: Key
    older: tuple[Key, ...] = ()

    @classmethod
    def of(cls, secrets: Sequence[bytes]) -> "KeyRing":
        """Return the ring of some secrets, the first of which is in use."""
        current, *older = map(Key, secrets)
        return cls(current, tuple(older))

    def named(self, key_id: str) -> Key | None:
        """Return the key of that name, if it is on the ring."""
        return next((key for key in (self.current, *self.older) if key.key_id == key_id), None)

    def at(self, moment: datetime, uses: Sequence[KeyUse]) -> Key:
        """Return the key that was in use at a moment, for the links of a letter planned then: a
        retry after a change of keys carries the very same links.

        `uses` are on record, the oldest first; where that key is not on the ring any more, or none
        was in use yet, the next one signs.
        """
        before = [use for use in uses if use.since <= moment]
        after = uses[len(before) :]
        for use in (*reversed(before), *after):
            key = self.named(use.key_id)
            if key is not None:
                return key
        return self.current
