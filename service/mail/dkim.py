"""DKIM: letters signed in the name of a domain (RFC 6376; Ed25519 keys as in RFC 8463).

Needs the extra `dkim`; it is imported only where there is a key to read or to make.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Literal

from service.mail.headers import HeaderError, domain_value

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    PrivateKey = RSAPrivateKey | Ed25519PrivateKey

KeyType = Literal["rsa", "ed25519"]

# Of RFC 8301: verifiers must take 1024 bits, and need not look at fewer.
_FEWEST_BITS = 1024
_NEW_BITS = 2048
_SELECTOR = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_BLANKS = re.compile(rb"[ \t]+")
_LONGEST_STRING = 255

# What may stand in a letter once only: each is signed once more than it is there, so that no
# second one, nor one that is missing, can be added on the way (RFC 6376 8.15).
_ONCE = (
    *(b"From", b"To", b"Subject", b"Date", b"Message-ID", b"Reply-To"),
    *(b"MIME-Version", b"Content-Type"),
)
# What a forwarding list may add to a letter without making another of it.
_WHERE_PRESENT = (b"List-Unsubscribe", b"List-Unsubscribe-Post", b"List-Id", b"Auto-Submitted")

# Each of these as it is written and in lower case, and how many more of it are signed than there.
_SIGNED = (
    *((name, name.lower(), 1) for name in _ONCE),
    *((name, name.lower(), 0) for name in _WHERE_PRESENT),
)
_HEADER_END = b"\r\n\r\n"


class DkimError(ValueError):
    """A key, domain or selector that no letter can be signed with; the message is for people.

    `field` is "domain", "selector" or "key_file".
    """

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


@dataclass(frozen=True)
class Signer:
    """Signs letters for `domain` with a key whose public half stands in the DNS at `selector`.

    Raises DkimError for what is no domain or selector.
    """

    domain: str
    selector: str
    key: "PrivateKey"

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "domain", domain_value(self.domain))
        except HeaderError as error:
            raise DkimError("domain", str(error)) from None
        if not all(map(_SELECTOR.fullmatch, self.selector.split("."))):
            raise DkimError("selector", f"{self.selector!r} is not a selector, as in paperround")

    def signed(self, letter: bytes, at: datetime) -> bytes:
        """Return a finished letter with its DKIM-Signature before it, dated `at` (aware).

        Same arguments, same bytes. Header and body are signed as relaxed/relaxed makes them. The
        letter has CRLF line ends, and its body, which ends in one, is in relaxed form already, as
        `mime.encode` writes it (RFC 6376 3.4.4): to make it so here would cost as much as to sign.
        """
        end = letter.index(_HEADER_END)
        fields = _relaxed_fields(letter[:end])
        names: list[bytes] = []
        lines: list[bytes] = []
        # Of several from the bottom up; one that is not there adds nothing (RFC 6376 5.4.2).
        for name, key, times_more in _SIGNED:
            there = fields.get(key, ())
            names += [name] * (len(there) + times_more)
            lines += reversed(there)
        body_hash = hashlib.sha256(memoryview(letter)[end + len(_HEADER_END) :]).digest()
        told = int(at.timestamp()), b64encode(body_hash)
        written, relaxed = _tags(self.key_type, self.domain, self.selector, tuple(names))
        lines.append(relaxed % told)
        signature = b64encode(self._sign(b"\r\n".join(lines)))
        folded = b"\r\n ".join([signature[i : i + 72] for i in range(0, len(signature), 72)])
        return b"".join((written % told, folded, b"\r\n", letter))

    @cached_property
    def key_type(self) -> KeyType:
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

        return "rsa" if isinstance(self.key, RSAPrivateKey) else "ed25519"

    @cached_property
    def _sign(self) -> Callable[[bytes], bytes]:
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.hashes import SHA256

        key, padding, algorithm = self.key, PKCS1v15(), SHA256()
        if isinstance(key, RSAPrivateKey):
            return lambda data: key.sign(data, padding, algorithm)
        return lambda data: key.sign(hashlib.sha256(data).digest())

    @property
    def record_name(self) -> str:
        """Where the public key stands in the DNS."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """The TXT record that lets others check the signatures."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        public = self.key.public_key()
        if self.key_type == "rsa":
            octets = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        else:
            octets = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return f"v=DKIM1; k={self.key_type}; p={b64encode(octets).decode()}"

    @property
    def record_strings(self) -> tuple[str, ...]:
        """The record in strings of at most 255 characters, as a DNS server takes it."""
        record = self.record
        starts = range(0, len(record), _LONGEST_STRING)
        return tuple(record[start : start + _LONGEST_STRING] for start in starts)


def read_key(pem: bytes) -> "PrivateKey":
    """Return the private key that a PEM file holds. Raises DkimError."""
    _need_the_extra()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError:
        raise DkimError(
            "key_file", "is locked with a password; keep it unlocked, with mode 0600"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise DkimError("key_file", "holds no private key in PEM form") from None
    if isinstance(key, RSAPrivateKey):
        if key.key_size < _FEWEST_BITS:
            raise DkimError(
                "key_file",
                f"holds an RSA key of {key.key_size} bits; receivers take {_FEWEST_BITS} or more",
            )
        return key
    if isinstance(key, Ed25519PrivateKey):
        return key
    raise DkimError("key_file", "holds a key that is neither RSA nor Ed25519")


def new_key(key_type: KeyType) -> bytes:
    """Return a new private key as PEM (PKCS #8): RSA of 2048 bits, or Ed25519. Raises DkimError."""
    _need_the_extra()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    key: PrivateKey
    if key_type == "rsa":
        key = generate_private_key(public_exponent=65537, key_size=_NEW_BITS)
    else:
        key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _need_the_extra() -> None:
    try:
        import cryptography  # noqa: F401
    except ImportError:
        raise DkimError(
            "key_file", "can be used with the extra dkim only: pip install 'paperround[dkim]'"
        ) from None


def _relaxed_fields(header: bytes) -> dict[bytes, list[bytes]]:
    """Return the fields of a header in relaxed form (RFC 6376 3.4.2), by their names in lower case.

    Its white space is blanks, tabs and line ends; no header of ours holds any other.
    """
    fields: dict[bytes, list[bytes]] = {}
    header = header.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
    # As we write it, a header has single blanks only, but where it was folded.
    if b"\t" in header or b"  " in header:
        header = _BLANKS.sub(b" ", header)
    for line in header.split(b"\r\n"):
        name, _, value = line.partition(b":")
        name = name.rstrip().lower()
        fields.setdefault(name, []).append(b"%b:%b" % (name, value.strip()))
    return fields


@lru_cache(maxsize=64)
def _tags(
    key_type: KeyType, domain: str, selector: str, names: tuple[bytes, ...]
) -> tuple[bytes, bytes]:
    """Return the field of a signature that covers these names, as it is written and in relaxed
    form; what differs between letters, time and body hash, is to be put in (%d and %b).
    """
    written = (
        f"DKIM-Signature: v=1; a={key_type}-sha256; c=relaxed/relaxed; d={domain};\r\n"
        f" s={selector}; t=%d;\r\n"
        f" h={_folded(names)};\r\n"
        " bh=%b;\r\n"
        " b="
    ).encode()
    ((relaxed,),) = _relaxed_fields(written).values()
    return written, relaxed


def _folded(names: tuple[bytes, ...]) -> str:
    lines, line = [], ""
    for name in names:
        word = name.decode()
        if len(line) + len(word) > 68:
            lines.append(line)
            line = ""
        line += word + ":"
    return "\r\n  ".join((*lines, line.removesuffix(":")))
