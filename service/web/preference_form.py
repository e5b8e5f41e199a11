"""The form of a reader's preferences: filled in with theirs, and read as typed."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from starlette.datastructures import FormData

from service.domain.filters import UPVOTE_STEPS, Filters, filters_of
from service.domain.readers import MOST_PAPERS, Subscriber
from service.domain.text import INVISIBLE
from service.domain.timetable import parse_cadence, parse_hour, zone
from service.domain.wishes import Wish, wishes_of
from service.web.mistakes import Mistakes

MAX_NAME = 80


@dataclass(frozen=True, slots=True)
class Row:
    """One topic, as `LABEL = QUERY` or a query alone, and whether it is on."""

    text: str
    on: bool = True


@dataclass(slots=True)
class PreferenceForm:
    """What stands in the form, and what is wrong with it, by the name of a field.

    `topics` are those the reader has, a field each (named topic-1 and on); `more`, `mutes` and
    `follows` hold one a line.
    """

    topics: Sequence[Row] = ()
    more: str = ""
    mutes: str = ""
    follows: str = ""
    min_upvotes: str = "0"
    name: str = ""
    send_at: str = "07:00"
    timezone: str = "UTC"
    cadence: str = "daily"
    max_papers: str = "10"
    mistakes: Mistakes = field(default_factory=Mistakes)

    @classmethod
    def of(cls, reader: Subscriber) -> "PreferenceForm":
        """Return the form as it stands before anything is changed."""
        chosen = reader.preferences
        return cls(
            [Row(wish.typed, wish.enabled) for wish in reader.wishes],
            "",
            "\n".join(chosen.filters.mutes),
            "\n".join(chosen.filters.follows),
            str(chosen.filters.min_upvotes),
            chosen.name or "",
            f"{chosen.send_at:%H:%M}",
            chosen.timezone,
            chosen.cadence.value,
            str(chosen.max_papers),
        )

    @classmethod
    def typed(cls, form: FormData) -> "PreferenceForm":
        """Return the form as it was sent."""

        def one(name: str) -> str:
            value = form.get(name, "")
            return value if isinstance(value, str) else ""

        # A box that is not ticked is not sent at all, so each tells which topic it stands by.
        on = set(form.getlist("on"))
        topics = [text for text in form.getlist("topic") if isinstance(text, str)]
        return cls(
            [Row(text, str(place) in on) for place, text in enumerate(topics)],
            one("more"),
            one("mutes"),
            one("follows"),
            one("min_upvotes"),
            one("name"),
            one("send_at"),
            one("timezone"),
            one("cadence"),
            one("max_papers"),
        )

    def read(self, reader: Subscriber) -> Subscriber | None:
        """Return the reader with what the form says, or None and say in `mistakes` why not."""
        self.mistakes = wrong = Mistakes()
        # In the order of the page, whose first mistake gets the focus.
        wishes = self._wishes()
        chosen = replace(reader.preferences, filters=self._filters())
        with wrong.of("send_at"):
            chosen = replace(chosen, send_at=parse_hour(self.send_at))
        with wrong.of("timezone"):
            zone(self.timezone.strip())
            chosen = replace(chosen, timezone=self.timezone.strip())
        with wrong.of("cadence"):
            chosen = replace(chosen, cadence=parse_cadence(self.cadence))
        if self.max_papers.strip() in _COUNTS:
            chosen = replace(chosen, max_papers=int(self.max_papers))
        else:
            wrong.add("max_papers", f"A letter holds 1 to {MOST_PAPERS} papers.")
        name = " ".join(self.name.split())
        if len(name) > MAX_NAME:
            wrong.add("name", f"The name has {len(name)} characters, {MAX_NAME} are allowed.")
        elif INVISIBLE.search(name):
            wrong.add("name", "There is an invisible character in the name.")
        chosen = replace(chosen, name=name or None)
        if wrong:
            return None
        return replace(reader, preferences=chosen, wishes=wishes)

    def _filters(self) -> Filters:
        filters = Filters()
        with self.mistakes.of("mutes"):
            filters = filters_of(mutes=self.mutes.splitlines())
        with self.mistakes.of("follows"):
            follows = filters_of(follows=self.follows.splitlines()).follows
            filters = replace(filters, follows=follows)
        if self.min_upvotes in _STEPS:
            return replace(filters, min_upvotes=int(self.min_upvotes))
        self.mistakes.add("min_upvotes", "Choose one of these.")
        return filters

    def _wishes(self) -> tuple[Wish, ...]:
        rows = [row for row in self.topics if row.text.strip()]
        more = [Row(line) for line in self.more.splitlines() if line.strip()]
        found: dict[str, Wish] = {}
        # Too many, or else what is wrong with one of them, which its own line tells.
        with self.mistakes.of("topics"):
            wishes_of(row.text for row in (*rows, *more))
        for place, row in enumerate(self.topics):
            self._read(row, f"topic-{place}", found)
        for row in more:
            self._read(row, "more", found)
        if self.mistakes.keys() - {"topics"}:
            self.mistakes.pop("topics", None)
        return tuple(found.values())

    def _read(self, row: Row, place: str, found: dict[str, Wish]) -> None:
        """Add the topic of a row: it takes the place of one of equal meaning, on if either is."""
        with self.mistakes.of(place):
            for wish in wishes_of([row.text]):
                known = found.get(wish.query)
                found[wish.query] = replace(
                    wish, enabled=row.on or (known is not None and known.enabled)
                )


_STEPS = tuple(map(str, UPVOTE_STEPS))
_COUNTS = tuple(map(str, range(1, MOST_PAPERS + 1)))
