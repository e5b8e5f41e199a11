"""What is wrong with a text that is no topic, and what to write instead."""

import unicodedata

_WINDOW = 60


class TopicError(ValueError):
    """A text that is no topic: what is wrong, at which column (from 1), and what to write."""

    def __init__(self, message: str, position: int, text: str, instead: str = "") -> None:
        super().__init__(message, position, text, instead)
        self.message = message
        self.position = position
        self.text = text
        self.instead = instead

    def __str__(self) -> str:
        return f"{self.message} (column {self.position})"

    def explain(self) -> str:
        """Return the text with a caret below the position, the message and the way out."""
        lines = [self.pointed(), str(self)]
        return "\n".join([*lines, self.instead] if self.instead else lines)

    def pointed(self) -> str:
        """Return the text, cut around the position, and a line with a caret below that."""
        first = max(0, self.position - 1 - _WINDOW)
        last = self.position - 1 + _WINDOW
        shown = "".join(_printable(sign) for sign in self.text[first:last])
        before = "…" if first else ""
        after = "…" if last < len(self.text) else ""
        caret = " " * _width(before + shown[: self.position - 1 - first]) + "^"
        return f"{before}{shown}{after}\n{caret}"


def _printable(sign: str) -> str:
    return sign if sign.isprintable() else " "


def _width(text: str) -> int:
    """Return the columns that a terminal gives a text."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )
