"""The age of a form: nobody reads one and fills it in within two seconds."""

from datetime import datetime, timedelta

from service.domain.keys import KeyRing
from service.domain.links import BadLink, ExpiredLink, Purpose, sign, verify

QUICKEST = timedelta(seconds=2)


def opened(keys: KeyRing, now: datetime) -> str:
    """Return what a form carries to tell later when it was opened."""
    return sign(keys.current, Purpose.FORM, 0, now)


def was_read(keys: KeyRing, token: str, now: datetime) -> bool:
    """Say whether a form was opened within the last day, and not only just now."""
    try:
        grant = verify(keys, Purpose.FORM, token, now)
    except (BadLink, ExpiredLink):
        return False
    return now - grant.issued_at >= QUICKEST
