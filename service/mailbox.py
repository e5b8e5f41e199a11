"""The mailbox that letters to us come to: those that unsubscribe somebody are heeded.

All others are left as they are, for a person to read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from service.installation import Installation
from service.mail.incoming import HEADER_BYTES, split_mbox, stop_token
from service.readers import leaving


class MailboxError(Exception):
    """A mailbox cannot be read; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Heeded:
    """A letter, and what came of it: `left` says why it was left, None where it was heeded."""

    name: str
    left: str | None = None


def heed(installation: Installation, name: str, letter: bytes, now: datetime) -> Heeded:
    """Unsubscribe whom a letter asks to; one who has left already is heeded as well."""
    token = stop_token(letter)
    if token is None:
        return Heeded(name, "no “unsubscribe” with a reader's token in its subject or address")
    if leaving.unsubscribe(installation, token, now, source="unsubscribe letter") is None:
        return Heeded(name, "its token is no reader's")
    return Heeded(name)


def heed_file(
    installation: Installation, name: str, content: bytes, now: datetime
) -> Iterator[Heeded]:
    """Heed the one letter, or the letters of an mbox, that a file holds."""
    letters = list(split_mbox(content))
    for number, letter in enumerate(letters, 1):
        told = f"{name}, letter {number}" if len(letters) > 1 else name
        yield heed(installation, told, letter, now)


class Maildir:
    """A folder that a mail server delivers to, one letter a file.

    Letters that were heeded go from `new` to `cur`, marked as seen; what was left in `new` is not
    looked at again by the same object.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._left: set[str] = set()

    def heed(self, installation: Installation, now: datetime) -> Iterator[Heeded]:
        """Heed the letters that are new. Raises MailboxError."""
        try:
            here = {path.name: path for path in (self._folder / "new").iterdir()}
        except OSError as error:
            raise MailboxError(f"{self._folder} is no Maildir: {error.strerror}") from None
        self._left &= here.keys()
        for name in sorted(here.keys() - self._left):
            path = here[name]
            try:
                with path.open("rb") as file:
                    letter = file.read(HEADER_BYTES)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise MailboxError(f"{path} cannot be read: {error.strerror}") from None
            heeded = heed(installation, name, letter, now)
            if heeded.left is None:
                self._put_away(path)
            else:
                self._left.add(name)
            yield heeded

    def _put_away(self, path: Path) -> None:
        seen = self._folder / "cur"
        try:
            seen.mkdir(exist_ok=True)
            path.rename(seen / f"{path.name.partition(':')[0]}:2,S")
        except FileNotFoundError:
            pass
        except OSError as error:
            raise MailboxError(f"{path} cannot be moved to {seen}: {error.strerror}") from None
