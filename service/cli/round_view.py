"""A round in words: what was planned, and what was delivered."""

from service.cli import queue_view
from service.cli.report import counts, notice, number, say
from service.delivering import Delivered
from service.domain.policy import Result
from service.planning import Plan


def say_planned(made: Plan) -> None:
    """Say what a plan came to."""
    say(f"Planned:   {number(made.planned, 'letter')} for {number(made.due, 'reader')} due")
    if made.skipped.total():
        say(f"Skipped:   {counts({reason.value: n for reason, n in made.skipped.items()})}")
    if made.superseded:
        say(f"Replaced:  {number(made.superseded, 'older unsent letter')}")


def say_delivered(delivered: Delivered) -> None:
    """Say what became of the letters that were tried, and what an operator should know."""
    words = counts(
        {
            "sent": delivered.results[Result.ACCEPTED],
            "failed": delivered.results[Result.REFUSED],
            "deferred": delivered.results[Result.DEFERRED],
            "uncertain": delivered.results[Result.UNCERTAIN],
            "expired": delivered.expired,
            "cancelled": delivered.withdrawn,
        }
    )
    say(f"Delivered: {words or 'nothing'}")
    if delivered.suppressed:
        say(f"Suppressed: {delivered.suppressed:,}, since the server knows no such address")
    for line in queue_view.slowed(delivered.slowed):
        notice(line)
    if delivered.paused is not None:
        notice(f"Letters are paused ({delivered.paused}): `paperround resume` goes on.")
    if delivered.policy:
        notice(f"ALERT: {delivered.policy:,} refused for policy, lastly: {delivered.policy_reply}")
