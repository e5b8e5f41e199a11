"""What a save changed, told to the reader."""

from collections.abc import Iterator, Sequence

from service.domain.readers import Subscriber
from service.domain.timetable import spoken_zone
from service.domain.wishes import Wish


def differences(before: Subscriber, after: Subscriber) -> list[str]:
    """Return one phrase a change; none where everything stayed as it was."""
    was, now = before.preferences, after.preferences
    told = [
        *_of_topics(before.wishes, after.wishes),
        *_of_lists("Never shown", "Shown again", was.filters.mutes, now.filters.mutes),
        *_of_lists("Followed", "Followed no more", was.filters.follows, now.filters.follows),
    ]
    if was.filters.min_upvotes != now.filters.min_upvotes:
        least = now.filters.min_upvotes
        told.append(f"Only papers with {least} upvotes or more" if least else "Any upvotes will do")
    if (was.send_at, was.timezone) != (now.send_at, now.timezone):
        told.append(f"Letters come at {now.send_at:%H:%M}, {spoken_zone(now.timezone)}")
    if was.cadence != now.cadence:
        told.append(f"A letter comes {now.cadence.spoken}")
    if was.max_papers != now.max_papers:
        papers = "1 paper" if now.max_papers == 1 else f"{now.max_papers} papers"
        told.append(f"At most {papers} a letter")
    if was.name != now.name:
        told.append(f"Your name: {now.name}" if now.name else "Letters greet you without a name")
    return told


def _of_topics(before: Sequence[Wish], after: Sequence[Wish]) -> Iterator[str]:
    had = {wish.query: wish for wish in before}
    has = {wish.query: wish for wish in after}
    yield from (f"Added: {wish.shown}" for query, wish in has.items() if query not in had)
    yield from (f"Removed: {wish.shown}" for query, wish in had.items() if query not in has)
    for query in [query for query in had if query in has]:
        was, now = had[query], has[query]
        if was.shown != now.shown:
            yield f"{was.shown} is now called {now.shown}"
        if was.enabled != now.enabled:
            yield f"Switched {'on' if now.enabled else 'off'}: {now.shown}"


def _of_lists(gained: str, lost: str, before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    yield from (f"{gained}: {words}" for words in after if words not in before)
    yield from (f"{lost}: {words}" for words in before if words not in after)
