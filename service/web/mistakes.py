"""What is wrong in a form, by field, in the order of its page."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from service.domain.filters import FilterError
from service.domain.mending import mended
from service.domain.mistakes import TopicError
from service.domain.timetable import TimetableError
from service.domain.wishes import WishError
from service.mail.address import AddressError
from service.web.phrases import sentence

_OF_PEOPLE = (AddressError, FilterError, TimetableError, TopicError, WishError)


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a field; of a topic also where, what to do, and the topic mended."""

    words: str
    where: str = ""
    way_out: str = ""
    mended: str = ""

    @classmethod
    def of(cls, error: Exception) -> "Mistake":
        """Return what an error says to the person who typed."""
        if isinstance(error, TopicError):
            instead = mended(error.text) or ""
            return cls(sentence(error.message), error.pointed(), error.instead, instead)
        return cls(sentence(error))


class Mistakes(dict[str, Mistake]):
    """The mistakes of a form by field; the first of each counts."""

    @contextmanager
    def of(self, field: str) -> Iterator[None]:
        """Read a field within: what is wrong with it becomes its mistake."""
        try:
            yield
        except _OF_PEOPLE as error:
            self.setdefault(field, Mistake.of(error))

    def add(self, field: str, words: str) -> None:
        """Say what is wrong with a field, as a sentence."""
        self.setdefault(field, Mistake(words))
