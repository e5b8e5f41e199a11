"""Reading a text only where it holds a sign, which is a small part of nearly every text."""

from collections.abc import Callable, Sequence

# What follows a last sign without a brace: the name of a command and a letter.
_LONGEST_ARGUMENT = 30


def near(signs: Sequence[str], text: str, read: Callable[[str], str]) -> str:
    """Return the text with what lies between the first and the last of the signs, and near them,
    read; as it is where it holds none.

    What is read begins two words before the first and ends where a word does, some characters
    after the last: reading must not look beyond.
    """
    first = min((at for at in map(text.find, signs) if at >= 0), default=-1)
    if first < 0:
        return text
    start = text.rfind(" ", 0, max(text.rfind(" ", 0, first), 0)) + 1
    last = max(map(text.rfind, signs))
    end = text.find(" ", last + _LONGEST_ARGUMENT)
    end = len(text) if end < 0 else end
    return text[:start] + read(text[start:end]) + text[end:]
