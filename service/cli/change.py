"""`paperround subscribers change`: what a reader wants, changed by an admin."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

import typer

from service import settings
from service.cli import subscriber_view
from service.cli.options import (
    AsJson,
    Email,
    Follow,
    HowOften,
    MaxPapers,
    MinUpvotes,
    Mute,
    Name,
    SendAt,
    Timezone,
    Topics,
)
from service.cli.report import WorkFailed, print_json, say
from service.domain.filters import filters_of
from service.domain.readers import Consent, Subscriber
from service.domain.timetable import parse_hour, zone
from service.domain.wishes import Wish, places_of, wishes_of
from service.installation import open_installation
from service.mail.address import parse_address
from service.readers import preferences

_UNCHANGED = {
    Consent.PENDING: "has not confirmed yet: the confirm letter stands for what was asked for",
    Consent.UNSUBSCRIBED: "has unsubscribed; nothing was changed",
}


def change(
    email: Email,
    topic: Topics = None,
    no_topic: Annotated[
        list[str] | None, typer.Option(metavar="TOPIC", help="Remove one, by label or words.")
    ] = None,
    topic_off: Annotated[
        list[str] | None, typer.Option(metavar="TOPIC", help="Keep one for later, switched off.")
    ] = None,
    topic_on: Annotated[
        list[str] | None, typer.Option(metavar="TOPIC", help="Switch one on again.")
    ] = None,
    mute: Mute = None,
    unmute: Annotated[list[str] | None, typer.Option(metavar="QUERY", help="Show again.")] = None,
    follow: Follow = None,
    unfollow: Annotated[
        list[str] | None, typer.Option(metavar="AUTHOR", help="Follow no more.")
    ] = None,
    min_upvotes: MinUpvotes = None,
    name: Name = None,
    timezone: Timezone = None,
    send_at: SendAt = None,
    cadence: HowOften = None,
    max_papers: MaxPapers = None,
    as_json: AsJson = False,
) -> None:
    """Change what a subscriber wants; what is not named stays.

    It holds from the next letter on.
    """

    def edit(reader: Subscriber) -> Subscriber:
        chosen = reader.preferences
        if timezone is not None:
            zone(timezone)
        left = chosen.filters.without(unmute or (), unfollow or ())
        least = left.min_upvotes if min_upvotes is None else min_upvotes
        filters = filters_of(mute or (), follow or (), least, known=left)
        wishes = wishes_of(topic or (), _without(reader.wishes, no_topic or ()))
        wishes = _switched(wishes, topic_off or (), enabled=False)
        wishes = _switched(wishes, topic_on or (), enabled=True)
        return replace(
            reader,
            preferences=replace(
                chosen,
                timezone=timezone or chosen.timezone,
                send_at=chosen.send_at if send_at is None else parse_hour(send_at),
                cadence=cadence or chosen.cadence,
                max_papers=max_papers or chosen.max_papers,
                name=chosen.name if name is None else name.strip() or None,
                filters=filters,
            ),
            wishes=wishes,
        )

    address = parse_address(email)
    with open_installation(settings.load()) as installation:
        changed = preferences.change(installation, address, edit, datetime.now(UTC))
    if changed is None:
        raise WorkFailed(f"{email} is not a subscriber.")
    if changed.status in _UNCHANGED:
        raise WorkFailed(f"{email} {_UNCHANGED[changed.status]}.")
    if as_json:
        print_json(subscriber_view.brief(changed))
    else:
        subscriber_view.print_wanted(changed)
        if changed.wishes and not any(wish.enabled for wish in changed.wishes):
            say("No topic is on: the letter brings what is trending.")


def _without(wishes: Sequence[Wish], named: Sequence[str]) -> Sequence[Wish]:
    gone = {place for words in named for place in places_of(wishes, words)}
    return [wish for place, wish in enumerate(wishes) if place not in gone]


def _switched(wishes: Sequence[Wish], named: Sequence[str], *, enabled: bool) -> tuple[Wish, ...]:
    meant = {place for words in named for place in places_of(wishes, words)}
    return tuple(
        replace(wish, enabled=enabled) if place in meant else wish
        for place, wish in enumerate(wishes)
    )
