"""What is known of a paper after another source has spoken of it."""

import dataclasses

from service.domain.papers import Paper

_COUNTS = ("upvotes", "comments", "stars")


def merge(known: Paper, told: Paper) -> Paper:
    """Return `known` brought up to date: what `told` says wins, what it leaves out stays.

    Counts only rise, so that an old file that comes late does not undo a newer one.
    """
    changes = {
        field.name: value
        for field in dataclasses.fields(Paper)
        if (value := getattr(told, field.name)) not in (None, "", ())
    }
    for name in _COUNTS:
        counts = [count for count in (getattr(known, name), getattr(told, name)) if count]
        if counts:
            changes[name] = max(counts)
    return dataclasses.replace(known, **changes)
