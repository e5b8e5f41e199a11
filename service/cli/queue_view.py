"""Why letters wait, in words and as scripts read it."""

from typing import Any

from service.cli.report import number
from service.store.waiting import Waiting


def lines(queue: Waiting) -> list[str]:
    """Return a line for each reason that keeps letters in the queue."""
    told = []
    if queue.held:
        told.append(f"{queue.held:,} held: all letters are")
    for domain, count in queue.held_domains.items():
        told.append(
            f"{count:,} held: letters to {domain} are paused; "
            f"`paperround resume --domain {domain}` goes on"
        )
    if queue.limited:
        told.append(f"{queue.limited:,} limited: they wait for their turn")
    if queue.later and queue.later_from is not None:
        told.append(f"{queue.later:,} tried again later, from {queue.later_from:%H:%M} UTC on")
    if queue.with_sender:
        told.append(f"{queue.with_sender:,} at hand of a sender at work, or one that died")
    # That a letter in the queue is due goes without saying where no other waits for more.
    if queue.due and told:
        told.append(f"{queue.due:,} due for the next run")
    return told


def document(queue: Waiting) -> dict[str, Any]:
    """Return the letters in the queue by why they wait."""
    later_from = queue.later_from
    return {
        "held": queue.held,
        "held_domains": queue.held_domains,
        "limited": queue.limited,
        "later": queue.later,
        "later_from": later_from.isoformat(timespec="seconds") if later_from else None,
        "with_sender": queue.with_sender,
        "due": queue.due,
    }


def slowed(domains: dict[str, int]) -> list[str]:
    """Return a line for each domain that asked for less."""
    return [
        f"{domain} asked for less: it gets {number(letters, 'letter')} a minute at most"
        for domain, letters in domains.items()
    ]
