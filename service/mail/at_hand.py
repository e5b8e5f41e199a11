"""What was asked for lately, kept at hand."""

from collections.abc import Callable
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class AtHand(dict[Key, Value]):
    """Values by their keys, each made when it is first asked for; at most `most` are kept.

    What was not asked for again while half as many others were is forgotten. To find a value costs
    no more than in any dict, and changes nothing.
    """

    def __init__(self, most: int, make: Callable[[Key], Value]) -> None:
        super().__init__()
        self._half = most // 2
        self._make = make
        self._older: dict[Key, Value] = {}

    def __missing__(self, key: Key) -> Value:
        value = self._older.pop(key) if key in self._older else self._make(key)
        if len(self) >= self._half:
            self._older = dict(self)
            self.clear()
        self[key] = value
        return value
