"""The papers of the last days at hand, so that a preview of any topics is a matter of moments."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import thread_time

from sqlalchemy.exc import SQLAlchemyError

from service.archive import Archive
from service.domain.marking import marks
from service.domain.previews import DAYS, Latest, Preview, Rate, Tried, letters_of
from service.domain.ranking import Levels
from service.domain.suggestions import suggestions
from service.domain.timetable import Cadence
from service.domain.topics import Topic, parse
from service.domain.wishes import Wish
from service.interpreter import uncollected
from service.store import papers
from service.store.engine import Database
from service.store.papers import State

SUGGESTED = 24
LATEST = 3
# Far more than readers have: looking at topics costs the more, the odder they are.
MOST_TRIED = 20
LOOK_AFTER = timedelta(seconds=1)
# A large index is made beside the old one, which is asked meanwhile; making it slows the answers
# down, so it takes one part in so many of the time.
_WAIT_SECONDS = 0.25
_REST = 20
# From so many on, an index is too large to be looked through for garbage.
_MANY_PAPERS = 300
# An index keeps what it looked up: strangers' words are not to fill the memory.
_TOPICS_AT_HAND = 10_000


@dataclass(frozen=True, slots=True)
class _Looked:
    topic: Topic
    levels: Levels
    rate: Rate


class RecentPapers:
    """Shows what topics would have brought in the last days. Any thread may ask.

    The index is made when first asked for, and anew when papers have come or gone since.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._desk: _Desk | None = None
        self._looked_at: datetime | None = None
        self._builder: threading.Thread | None = None
        self._rests_until: datetime | None = None

    def preview(self, wishes: Sequence[Wish], cadence: Cadence, now: datetime) -> Preview:
        """Return what letters the topics would have made; none stands for what trends."""
        return self._at(now).preview(wishes, cadence)

    def tried(self, wish: Wish, now: datetime) -> Tried:
        """Return what one topic brought, whether or not it is enabled."""
        return self._at(now).tried(wish)

    def suggested(self, now: datetime) -> tuple[str, ...]:
        """Return topics that many papers of late are about, the most frequent first."""
        return self._at(now).suggested

    def state(self, now: datetime) -> State:
        """Return what tells the present papers from those of another time."""
        return self._at(now).state

    def at_hand(self, now: datetime) -> State | None:
        """Return the state where that takes no look at the database, and so no time; else None."""
        desk, looked_at = self._desk, self._looked_at
        fresh = looked_at is not None and abs(now - looked_at) < LOOK_AFTER
        return desk.state if desk is not None and fresh else None

    def _at(self, now: datetime) -> "_Desk":
        with self._lock:
            desk, looked_at = self._desk, self._looked_at
            if desk is not None and looked_at is not None and abs(now - looked_at) < LOOK_AFTER:
                return desk
            self._looked_at = now
            if desk is None:
                desk = self._desk = self._build(self._state())
                return desk
            try:
                state = self._state()
            except SQLAlchemyError:
                # What is at hand is still worth a look; who signs up is told of the trouble.
                return desk
            resting = self._rests_until is not None and now < self._rests_until
            if resting or (state == desk.state and not desk.crowded):
                return desk
            builder = self._builder
            if builder is None or not builder.is_alive():
                builder = threading.Thread(target=self._replace, args=(state, now), daemon=True)
                self._builder = builder
                builder.start()
        builder.join(_WAIT_SECONDS)
        return self._desk or desk

    def _state(self) -> State:
        with self._database.read() as connection:
            return papers.state(connection)

    def _build(self, state: State) -> "_Desk":
        with uncollected() as set_aside, self._database.read() as connection:
            desk = _Desk(state, Archive.of_last(connection, DAYS))
            if desk.papers > _MANY_PAPERS:
                set_aside()
            return desk

    def _replace(self, state: State, now: datetime) -> None:
        began = thread_time()
        # The old index is left to the garbage collector: someone may be asking it.
        self._desk = self._build(state)
        self._rests_until = now + timedelta(seconds=_REST * (thread_time() - began))


class _Desk:
    """One state of the papers, and what was asked of them."""

    def __init__(self, state: State, archive: Archive) -> None:
        self.state = state
        self.suggested = suggestions((stored.paper for _, stored in archive.papers), SUGGESTED)
        self._archive = archive
        # The index learns while it answers, and takes one question at a time: a topic each, so
        # that who asks about many does not keep others waiting.
        self._lock = threading.Lock()
        self._tried: dict[str, _Looked] = {}
        self._titles: dict[tuple[str, int], tuple[tuple[str, bool], ...]] = {}

    @property
    def papers(self) -> int:
        """How many papers there are."""
        return len(self._archive.papers)

    @property
    def crowded(self) -> bool:
        """Whether more was asked than is to be kept in mind."""
        return len(self._tried) > _TOPICS_AT_HAND

    def preview(self, wishes: Sequence[Wish], cadence: Cadence) -> Preview:
        tried = [self._try(wish) for wish in wishes if wish.enabled]
        levels = self._archive.everything if not tried else _either([t.levels for t in tried])
        days = self._archive.by_day(levels)
        return Preview(
            cadence,
            days,
            letters_of(days, cadence),
            tuple(one.rate for one in tried),
            tuple(self._latest(n, tried) for n in self._archive.newest(levels, LATEST)),
        )

    def tried(self, wish: Wish) -> Tried:
        looked = self._try(wish)
        newest = self._archive.newest(looked.levels, 1)
        return Tried(looked.rate, self._latest(newest[0], [looked]) if newest else None)

    def _try(self, wish: Wish) -> _Looked:
        tried = self._tried.get(wish.query)
        if tried is None:
            with self._lock:
                tried = self._tried[wish.query] = self._look(wish)
        return replace(tried, rate=replace(tried.rate, shown=wish.shown))

    def _look(self, wish: Wish) -> _Looked:
        topic = parse(wish.query)
        levels, dates = self._archive.found(topic), len(self._archive.dates)
        rate = Rate(wish.shown, topic, levels[0].bit_count(), dates)
        if not rate.found and (wider := self._archive.wider(topic)):
            rate = replace(rate, instead=wider[0], would_find=wider[1])
        return _Looked(topic, levels, rate)

    def _latest(self, number: int, tried: Sequence[_Looked]) -> Latest:
        day, stored = self._archive.papers[number]
        found = [(sum(lv >> number & 1 for lv in one.levels), one) for one in tried]
        best = [one for tier, one in sorted(found, key=lambda pair: -pair[0]) if tier]
        title = self._title(best[0].topic, number) if best else ((stored.paper.title, False),)
        return Latest(stored.key, stored.paper, day, title, tuple(one.rate.shown for one in best))

    def _title(self, topic: Topic, number: int) -> tuple[tuple[str, bool], ...]:
        key = (topic.canonical, number)
        if key not in self._titles:
            title = self._archive.papers[number][1].paper.title
            with self._lock:
                terms = self._archive.index.terms(topic.expression, number)
            pieces: list[tuple[str, bool]] = []
            end = 0
            for start, stop in marks(title, [form for forms in terms for form in forms]):
                pieces += ((title[end:start], False), (title[start:stop], True))
                end = stop
            self._titles[key] = (*pieces, (title[end:], False))
        return self._titles[key]


def _either(found: Sequence[Levels]) -> Levels:
    together = list(found[0])
    for levels in found[1:]:
        for tier, papers_found in enumerate(levels):
            together[tier] |= papers_found
    return tuple(together)
