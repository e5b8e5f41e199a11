"""JSON as it comes in: the items of a long list, one at a time."""

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from service.domain.papers import UnreadableFile

_DECODER = json.JSONDecoder()
_BLANK = re.compile(r"[ \t\n\r]*")

# The longest value that is taken into memory at once; a real item has at most 50,000 characters.
_LONGEST_VALUE = 1_000_000
_TOO_LONG = f"longer than {_LONGEST_VALUE:,} characters"

# An error this close to the end of what has been read may be no more than a value's missing rest.
_NEAR_THE_END = 16


# All that matters to find the end of a value that is not read.
_SIGN = re.compile(r'["\[\]{},]')
_END_OF_STRING = re.compile(r'["\\]')


@dataclass(frozen=True, slots=True)
class BadValue:
    """A value that was passed over, because no record can be meant by it; `reason` is for people.

    What was passed over may be no JSON inside.
    """

    reason: str


def first_keys(head: str) -> set[str]:
    """Return the keys of the object that begins a document, as far as its `head` goes."""
    document, found = JsonText(iter((head,))), set[str]()
    with contextlib.suppress(UnreadableFile):
        for key in document.members():
            found.add(key)
            document.value()
    return found


class JsonText:
    """A JSON document read from pieces of text, value by value.

    Every method raises UnreadableFile, with line and column, where the document is broken.
    """

    def __init__(self, pieces: Iterator[str]) -> None:
        self._pieces = pieces
        self._buffer = ""
        self._at = 0
        self._ended = False
        # Lines and characters in their last line before the buffer.
        self._lines = 0
        self._column = 0

    def peek(self) -> str:
        """Return the next character that is no blank; empty at the end."""
        while True:
            found = _BLANK.match(self._buffer, self._at)
            assert found is not None
            self._at = found.end()
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._more():
                return ""

    def take(self, expected: str) -> str:
        """Move past the next character, which must be one of `expected`; return it."""
        character = self.peek()
        if not character or character not in expected:
            raise self._broken(f"Expecting {' or '.join(map(repr, expected))}", self._at)
        self._at += 1
        return character

    def value(self) -> Any:
        """Return the next value, whatever it is, and move past it.

        Of one that is too long or too deep to be read, or holds a number of thousands of digits,
        return a BadValue instead.
        """
        self.peek()
        while True:
            try:
                found, end = _DECODER.raw_decode(self._buffer, self._at)
            except json.JSONDecodeError as error:
                if self._ended or not self._may_be_cut(error):
                    raise self._broken(error.msg, error.pos) from None
            except RecursionError:
                return self._pass_over("nested too deeply")
            except ValueError:
                # The interpreter refuses to convert numbers of more than 4,300 digits.
                return self._pass_over("holds a number of thousands of digits")
            else:
                # A number near the end of what has been read may go on: “1e+” reads as 1.
                far = end + 2 < len(self._buffer)
                if far or self._ended or not isinstance(found, int | float):
                    too_long = end - self._at > _LONGEST_VALUE
                    self._at = end
                    if too_long:
                        return BadValue(_TOO_LONG)
                    return found
            if len(self._buffer) - self._at > _LONGEST_VALUE:
                return self._pass_over(_TOO_LONG)
            # As much again, so that a long value is begun anew only a few times.
            wanted = max(2 * (len(self._buffer) - self._at), 1)
            while len(self._buffer) - self._at < wanted and self._more():
                pass

    def items(self) -> Iterator[Any]:
        """Yield the values of the list that comes next, and move past it."""
        self.take("[")
        if self.peek() == "]":
            self.take("]")
            return
        while True:
            yield self.value()
            if self.take(",]") == "]":
                return

    def members(self) -> Iterator[str]:
        """Yield the keys of the object that comes next; the caller takes the value after each."""
        self.take("{")
        if self.peek() == "}":
            self.take("}")
            return
        while True:
            if self.peek() != '"':
                raise self._broken("Expecting a key in double quotes", self._at)
            key = self.value()
            if isinstance(key, BadValue):
                raise self._broken(f"a key {key.reason}", self._at)
            self.take(":")
            yield key
            if self.take(",}") == "}":
                return

    def end(self) -> None:
        """Raise UnreadableFile unless nothing but blanks is left."""
        if self.peek():
            raise self._broken("Extra data", self._at)

    def _pass_over(self, reason: str) -> BadValue:
        """Move past the next value without reading it."""
        depth, in_string = 0, False
        while True:
            sign = (_END_OF_STRING if in_string else _SIGN).search(self._buffer, self._at)
            if sign is None or (sign[0] == "\\" and sign.end() == len(self._buffer)):
                # A backslash is looked at with what it escapes.
                self._at = len(self._buffer) if sign is None else sign.start()
                if not self._more():
                    raise self._broken("Unterminated value", len(self._buffer))
                continue
            if sign[0] == "\\":
                self._at = sign.end() + 1
                continue
            if sign[0] == '"':
                in_string = not in_string
            elif sign[0] in "[{":
                depth += 1
            elif depth == 0:
                self._at = sign.start()
                return BadValue(reason)
            elif sign[0] != ",":
                depth -= 1
            self._at = sign.end()

    def _more(self) -> bool:
        piece = next(self._pieces, None)
        if piece is None:
            self._ended = True
            return False
        gone = self._buffer[: self._at]
        if newlines := gone.count("\n"):
            self._lines += newlines
            self._column = len(gone) - gone.rindex("\n") - 1
        else:
            self._column += len(gone)
        self._buffer, self._at = self._buffer[self._at :] + piece, 0
        return True

    def _may_be_cut(self, error: json.JSONDecodeError) -> bool:
        return error.msg.startswith("Unterminated") or (
            error.pos >= len(self._buffer) - _NEAR_THE_END
        )

    def _broken(self, problem: str, position: int) -> UnreadableFile:
        before = self._buffer[:position]
        line = self._lines + before.count("\n") + 1
        newline = before.rfind("\n")
        column = position - newline if newline >= 0 else self._column + position + 1
        cut = self._ended and (
            problem.startswith("Unterminated") or position >= len(self._buffer.rstrip())
        )
        state = "the JSON is cut off" if cut else "the JSON is broken"
        return UnreadableFile(f"{state} at line {line}, column {column}: {problem}")
