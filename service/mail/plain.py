"""Text from outside made safe for one line of a letter, and cuts that read well."""

import re

# What has no place in a line of text: control characters that are not white space, characters
# that re-order their neighbours (a title must not turn round the words after it), and what UTF-8
# cannot carry.
_INERT = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_WEAK_WORDS = re.compile(
    r"an?|the|of|for|with(?:in|out)?|and|n?or|but|in(?:to)?|on(?:to)?|to|by|from|at|via|as|using|through|"
    r"towards?|under|over|between|among|across|than|that|is|are|its|their",
    re.IGNORECASE,
)
_COLUMNS = 72
_PUNCTUATION = " ,;:.-–—/&+([{|"


def one_line(text: str) -> str:
    """Return `text` on one line: white space collapsed, control characters dropped."""
    return " ".join(_INERT.sub("", text).split())


def cut_at_word(text: str, limit: int) -> str:
    """Return `text`, or as many of its words as fit `limit` characters together with a "…".

    A text without a fitting break (one long word, a script without spaces) is cut between letters.
    """
    if len(text) <= limit:
        return text
    return _words_within(text, limit - 1).rstrip(" ,;:") + "…"


def cut_title(title: str) -> str:
    """Return `title` as a subject shows it: whole up to 60 characters, else cut by 59 and "…".

    The cut never ends on a word that leans on the next one ("of", "for", "the") or on punctuation.
    """
    if len(title) <= 60:
        return title
    words = _words_within(title, 59).split(" ")
    while len(words) > 1 and _leans(words[-1].strip(_PUNCTUATION)):
        words.pop()
    return (" ".join(words).rstrip(_PUNCTUATION) or title[:59]) + "…"


def short_name(title: str) -> str:
    """Return what a paper is called in passing: the words before a colon, else its first four."""
    name, colon, _ = title.partition(": ")
    if colon and 0 < len(name) <= 28:
        return name
    words = title.split(" ")
    short = title if len(words) <= 4 else " ".join(words[:4]).rstrip(_PUNCTUATION) + "…"
    return cut_at_word(short, 50)


def wrapped(text: str, indent: int = 0, column: int | None = None) -> str:
    """Return one line of text on lines of at most 72 columns, all but the first indented.

    The first begins at `column`, where what stands before it ends. Words without a break, such as
    addresses, stay whole.
    """
    room = _COLUMNS - (indent if column is None else column)
    lines: list[str] = []
    while len(text) > room:
        cut = text.rfind(" ", 0, room + 1)
        if cut <= 0:
            cut = text.find(" ", max(room, 1))
            if cut < 0:
                break
        lines.append(text[:cut])
        text, room = text[cut + 1 :], _COLUMNS - indent
    return f"\n{' ' * indent}".join((*lines, text))


def _leans(word: str) -> bool:
    return not word or _WEAK_WORDS.fullmatch(word) is not None


def _words_within(text: str, limit: int) -> str:
    head = text[:limit]
    if text[limit : limit + 1] == " ":
        return head
    at_word = head.rpartition(" ")[0]
    return at_word if len(at_word) > limit // 3 else head
