"""One subscriber as `paperround subscribers show` shows them."""

from collections.abc import Iterator, Sequence
from typing import Any

from service.cli import suppressions
from service.cli.report import number, print_table, say
from service.domain.digests import SkipReason
from service.domain.filters import Filters
from service.domain.readers import Subscriber
from service.domain.wishes import Wish
from service.store.consents import REASON, ConsentEvent
from service.store.deliveries import SkipRow
from service.store.letters import LetterRow
from service.store.suppressions import SuppressionRow


def brief(subscriber: Subscriber) -> dict[str, Any]:
    """Return what a list tells of a subscriber, as scripts read it."""
    filters = subscriber.preferences.filters
    return {
        "email": subscriber.email,
        "name": subscriber.name,
        "status": subscriber.status,
        "paused_until": subscriber.paused_until,
        "topics": [wish.shown for wish in subscriber.wishes if wish.enabled],
        "topics_off": [wish.shown for wish in subscriber.wishes if not wish.enabled],
        "mutes": list(filters.mutes),
        "follows": list(filters.follows),
        "min_upvotes": filters.min_upvotes,
        "timezone": subscriber.preferences.timezone,
        "send_at": f"{subscriber.preferences.send_at:%H:%M}",
        "cadence": subscriber.preferences.cadence,
        "max_papers": subscriber.preferences.max_papers,
    }


def document(
    found: Subscriber,
    letters: Sequence[LetterRow],
    skip: SkipRow | None,
    history: Sequence[ConsentEvent],
    suppression: SuppressionRow | None,
) -> dict[str, Any]:
    """Return all that is known of a subscriber, as scripts read it."""
    return brief(found) | {
        "queries": [wish.query for wish in found.wishes if wish.enabled],
        "created_at": found.created_at.isoformat(),
        "confirmed_at": found.confirmed_at and found.confirmed_at.isoformat(),
        "consent": [
            {
                "at": event.at.isoformat(),
                "event": event.event,
                "source": event.source,
                "detail": event.detail,
            }
            for event in history
        ],
        "letters": [
            {
                "kind": letter.kind,
                "date": letter.local_date,
                "status": letter.status,
                "attempts": letter.attempts,
                "reply_code": letter.reply_code,
                "reply": letter.reply,
            }
            for letter in letters
        ],
        "suppressed": suppression and suppressions.document(suppression),
        "last_skip": skip
        and {
            "date": skip.local_date,
            "reason": skip.reason,
            "papers": [skip.seq_from, skip.seq_to],
        },
    }


def print_wanted(found: Subscriber) -> None:
    """Print who a subscriber is and what they want, for a person."""
    chosen = found.preferences
    say(f"Address:  {found.email}{f' ({found.name})' if found.name else ''}")
    until = f" until {found.paused_until}" if found.paused_until else ""
    say(f"Status:   {found.status}{until}")
    say(
        f"Letter:   {chosen.cadence.spoken} at {chosen.send_at:%H:%M}, {chosen.timezone}, "
        f"at most {number(chosen.max_papers, 'paper')}"
    )
    say("Topics:   " + ("\n          ".join(map(_topic, found.wishes)) or "none: trending"))
    for name, words in filter_lines(chosen.filters):
        say(f"{name + ':':<10}{words}")


def filter_lines(filters: Filters) -> Iterator[tuple[str, str]]:
    """Yield the name of each filter that is set, and what it is, for a person."""
    if filters.mutes:
        yield "Muted", " | ".join(filters.mutes)
    if filters.follows:
        yield "Follows", " | ".join(filters.follows)
    if filters.min_upvotes:
        yield "Upvotes", f"at least {filters.min_upvotes}"


def print_out(
    found: Subscriber,
    letters: Sequence[LetterRow],
    skip: SkipRow | None,
    history: Sequence[ConsentEvent],
    suppression: SuppressionRow | None,
) -> None:
    """Print all that is known of a subscriber, for a person."""
    print_wanted(found)
    if suppression:
        state = "yes" if suppression.in_force else "awaits your word"
        say(f"Suppressed: {state} ({suppression.words}), since {suppression.since:%Y-%m-%d}")
    say("")
    print_table(
        ("at (UTC)", "consent", "by"),
        [(f"{event.at:%Y-%m-%d %H:%M}", event.event, event.source) for event in history],
    )
    for event in history:
        if event.event == REASON and event.detail:
            say(f"They said why: {' '.join(event.detail.split())}")
    if letters:
        say("")
        print_table(
            ("date", "letter", "status", "tries", "last reply"),
            [
                (
                    x.local_date,
                    x.kind,
                    x.status,
                    x.attempts,
                    x.said,
                )
                for x in letters
            ],
        )
    if skip:
        reason = SkipReason(skip.reason).words
        looked = number(skip.seq_to - skip.seq_from, "new paper")
        say(f"\nNo letter on {skip.local_date}: {reason} ({looked} looked at)")


def _topic(wish: Wish) -> str:
    meant = f" = {wish.text}" if wish.label else ""
    return f"{wish.shown}{meant}{'' if wish.enabled else ' (off)'}"
