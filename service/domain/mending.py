"""A text that is no topic, mended where one sign makes it one."""

from collections.abc import Iterator

from service.domain.topics import TopicError, parse

_OPERATORS = ("AND", "OR", "NOT")
_MOST_BRACKETS = 8


def mended(text: str) -> str | None:
    """Return the text with the one thing changed that makes it a topic, if there is such a thing:
    brackets or a quotation closed, brackets that close nothing or a last operator left out."""
    for candidate in _candidates(text.strip()):
        try:
            parse(candidate)
        except TopicError:
            continue
        return candidate
    return None


def _candidates(text: str) -> Iterator[str]:
    if text.count('"') % 2:
        yield text + '"'
    open_brackets = text.count("(") - text.count(")")
    if 0 < open_brackets <= _MOST_BRACKETS:
        yield text + ")" * open_brackets
        if text.count('"') % 2:
            yield text + '"' + ")" * open_brackets
    if open_brackets < 0:
        yield text.rstrip(")") + ")" * (text.count("(") - text.rstrip(")").count(")"))
    first, _, last = text.rpartition(" ")
    if last in _OPERATORS:
        yield first
    if text.partition(" ")[0] in _OPERATORS[:2]:
        yield text.partition(" ")[2]
