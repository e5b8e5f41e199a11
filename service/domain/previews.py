"""What a letter would have been in the last days: counted, and put into words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from service.domain.expression import Near
from service.domain.papers import Paper, short_authors
from service.domain.timetable import Cadence, next_letter
from service.domain.topics import Topic

DAYS = 30

# A piece of text, and whether a topic found it.
Piece = tuple[str, bool]


@dataclass(frozen=True, slots=True)
class Rate:
    """A topic by the reader's words, and how many papers it found in the dates looked at.

    Where it found none, `instead` is a wider topic, if there is one, that found `would_find`.
    """

    shown: str
    topic: Topic
    found: int
    dates: int
    instead: Topic | None = None
    would_find: int = 0

    @property
    def spoken(self) -> str:
        """How often it finds a paper: '1.6 a day', '3 a month', 'none lately'."""
        if not self.found:
            return "none lately"
        a_day = self.found / self.dates
        if a_day < 0.2:
            return f"{self.found} in {DAYS} days"
        return f"{a_day:.0f} a day" if a_day >= 9.95 else f"{a_day:.1f} a day"

    @property
    def nothing(self) -> str:
        """What is said of a topic that found nothing."""
        named = self.shown if '"' in self.shown else f"“{self.shown}”"
        if isinstance(self.topic.expression, Near):
            return f"No paper in the last {DAYS} days has the words {named} side by side."
        return f"No paper in the last {DAYS} days was found by {named}."


@dataclass(frozen=True, slots=True)
class Latest:
    """A paper of the last days, its title in pieces, and the topics it came for."""

    key: str
    paper: Paper
    day: date
    title: tuple[Piece, ...]
    topics: tuple[str, ...]

    @property
    def authors(self) -> str:
        """The authors in one line, as a card has them."""
        return short_authors(self.paper.authors)


@dataclass(frozen=True, slots=True)
class Tried:
    """One topic alone: what it found, and the newest paper of that."""

    rate: Rate
    latest: Latest | None


@dataclass(frozen=True, slots=True)
class Preview:
    """The letters that topics would have made.

    `days` counts the papers by the dates of editions; `letters` those of each letter that would
    have been due, 0 where none would have come; `latest` are the newest papers.
    """

    cadence: Cadence
    days: tuple[tuple[date, int], ...]
    letters: tuple[int, ...]
    rates: tuple[Rate, ...]
    latest: tuple[Latest, ...]

    @property
    def came(self) -> int:
        """How many letters would have come."""
        return sum(1 for papers in self.letters if papers)

    @property
    def average(self) -> float:
        """How many papers matched for a letter that came, on average."""
        return sum(self.letters) / self.came if self.came else 0.0

    @property
    def sentence(self) -> str:
        """What all this comes to."""
        if not self.letters:
            return "No papers have come yet, so there is nothing to look back on."
        if not self.came:
            return f"You would have had no letter in the last {DAYS} days."
        most = self.cadence.usual_papers
        when = self._when()
        if not self.rates:
            return f"Without a topic you would have had a letter {when}, with what trended most."
        if self.average > most:
            each = "letter" if self.cadence is Cadence.WEEKDAYS else _UNITS[self.cadence.adjective]
            return (
                f"About {self.average:.0f} a {each}. You would see the {most} best; "
                "try words side by side, or NOT."
            )
        papers = max(1, round(self.average))
        return (
            f"You would have had a letter {when}, with {papers} paper{'s' * (papers > 1)}"
            f"{' on average' if self.came > 1 else ''}."
        )

    def _when(self) -> str:
        unit, of = _UNITS[self.cadence.adjective], len(self.letters)
        where = "in" if self.cadence.weekly else "on"
        if of == 1:
            return f"{where} the last {unit}"
        if self.came == of:
            return f"{where} each of the last {of} {unit}s"
        return f"{where} {self.came} of the last {of} {unit}s"


_UNITS = {"daily": "day", "weekday": "weekday", "weekly": "week"}


def letters_of(days: Sequence[tuple[date, int]], cadence: Cadence) -> tuple[int, ...]:
    """Return how many papers each letter would have had, given how many came on which dates.

    What comes on a day without a letter waits for the next one; a letter that is still to come is
    left out, unless it would be the only one.
    """
    letters: dict[date, int] = {}
    for day, count in days:
        due = day if cadence.meets(day) else next_letter(day, cadence)
        letters[due] = letters.get(due, 0) + count
    past = [count for due, count in letters.items() if due <= days[-1][0]] if days else []
    return tuple(past or letters.values())
