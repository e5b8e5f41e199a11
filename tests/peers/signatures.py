"""Keys to sign with, and another program's judgement of what was signed."""

from functools import lru_cache

import dkim

from service.mail.dkim import KeyType, Signer, new_key, read_key


@lru_cache
def signer_of(key_type: KeyType) -> Signer:
    """Return a signer for example.org with a key made once."""
    return Signer("example.org", "august", read_key(new_key(key_type)))


def holds(letter: bytes, signer: Signer) -> bool:
    """Say whether dkimpy finds the letter's signature good, asking no DNS."""
    asked = []

    def record(name: bytes, timeout: int = 0) -> bytes:
        asked.append(name.decode())
        return signer.record.encode()

    try:
        good = dkim.DKIM(letter).verify(dnsfunc=record)
    except dkim.ValidationError:
        return False
    assert asked == [f"{signer.record_name}."]
    return bool(good)
