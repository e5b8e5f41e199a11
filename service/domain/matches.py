"""Why a paper meets a topic, or does not."""

from dataclasses import dataclass

from service.domain.expression import Field


@dataclass(frozen=True, slots=True)
class Found:
    """A part of a topic that holds for a paper.

    `sought` is its canonical text. `words` are what the paper says, folded, in its own word forms;
    none for a condition such as has:code. `fields` says where.
    """

    sought: str
    words: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one paper meets one topic.

    `tier` is 0 where it does not (see `ranking`). Then `missing` names, in canonical text, the
    parts of which any one keeps it from matching (of "a OR b", all of it), and `unwanted` what the
    topic excludes and the paper has. `found` holds what else was found, in either case.
    """

    tier: int
    found: tuple[Found, ...] = ()
    missing: tuple[str, ...] = ()
    unwanted: tuple[Found, ...] = ()

    def terms(self) -> tuple[str, ...]:
        """Return what was found as a reader would name it: the paper's words, or the condition."""
        named = (word for found in self.found for word in found.words or (found.sought,))
        return tuple(dict.fromkeys(named))
