"""A topic's text cut into the tokens of the language, within its limits."""

import re
from collections.abc import Iterator
from difflib import get_close_matches

from lark import Token

from service.domain.expression import Field, Link
from service.domain.mistakes import TopicError

MAX_LENGTH = 512
MAX_TERMS = 32
MAX_DEPTH = 8
MAX_UPVOTES = 999_999_999

# Phones and word processors type these for the signs of the language; one sign for one, so that
# positions stay those of the reader's text.
_PLAIN_SIGNS = str.maketrans("“”„‟«»＂（）－−‐‑–：＊＞＝", '"""""""()-----:*>=')
_INVISIBLE = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff]")

# A quotation mark after a backslash or brace is the accent of LaTeX: Schr{\"o}dinger, Schr{"o}.
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<OPEN> \( )
      | (?P<CLOSE> \) )
      | (?P<PHRASE> "(?: \\"(?=\{?[A-Za-z]) | \{"(?=[A-Za-z]\}) | [^"] )*" )
      | (?P<UNCLOSED> " )
      | (?P<OPERATOR> (?:AND|OR|NOT)(?=[\s()"]|\Z) )
      | (?P<MINUS> -(?=[^\s)]) )
      | (?P<UPVOTES> (?i:upvotes)\s*(?P<sign>[<>=≤≥:]+)\s*(?P<count>[^\s()"]*) )
      | (?P<COMPARED> [A-Za-z]+(?:[<>≤≥]=?|=[<>])(?=[0-9]) )
      | (?P<NAMED> (?P<name>[A-Za-z]+):\s* )
      | (?P<WORD> (?: \\" | \{"(?=[A-Za-z]\}) | [^\s()"] )+ )
      | (?P<END> \Z )
    )""",
    re.VERBOSE,
)
_WORD_AFTER = re.compile(r'[^\s()"]*')
_FIELDS = frozenset(field.value for field in Field)
_NAMES = (*_FIELDS, "exact", "has", "upvotes")


def tokens(text: str) -> list[Token]:
    """Return the tokens of a topic's text; there is at least one, and parentheses are paired.

    Raises TopicError where a limit or a token's own form is broken. It takes time in proportion
    to the longest topic allowed, however long the text is.
    """
    if len(text) > MAX_LENGTH:
        raise TopicError(
            f"a topic has at most {MAX_LENGTH} characters, this one has {len(text)}",
            MAX_LENGTH + 1,
            text,
            "Make several topics of it.",
        )
    if found := _INVISIBLE.search(text):
        raise TopicError(
            f"the invisible character U+{ord(found[0]):04X} cannot be part of a topic",
            found.start() + 1,
            text,
            "Leave it out, or type the topic again instead of pasting it.",
        )
    cut = list(_cut(text.translate(_PLAIN_SIGNS), text))
    if not cut:
        raise TopicError(
            "a topic needs at least one word", 1, text, 'For example: "world models" OR robots'
        )
    _check_size(cut, text)
    return cut


def start(token: Token) -> int:
    """Return where a token begins, from 0."""
    return token.start_pos or 0


def _cut(plain: str, text: str) -> Iterator[Token]:
    position = 0
    while True:
        found = _TOKEN.match(plain, position)
        assert found is not None, "every character but white space begins a token"
        kind = found.lastgroup or ""
        if kind == "END":
            return
        position = found.end()
        begin = found.start(kind)
        match kind:
            case "WORD" | "PHRASE":
                yield Token("WORD", found[kind], begin)
            case "OPERATOR":
                yield Token(found[kind], found[kind], begin)
            case "UPVOTES":
                yield Token("UPVOTES", _count(found, begin, text), begin)
            case "NAMED":
                name = found["name"].lower()
                if name == "has":
                    value = _WORD_AFTER.match(plain, position)
                    assert value is not None, "it may be empty"
                    position = value.end()
                    yield Token("HAS", _link(value[0], begin, text), begin)
                elif name == "exact":
                    yield Token("EXACT", "exact:", begin)
                elif name in _FIELDS:
                    yield Token("FIELD", name, begin)
                else:
                    alone = _WORD_AFTER.match(plain, begin + len(name) + 1)
                    _check_name(found["name"], not (alone and alone[0]), begin, text)
                    value = _WORD_AFTER.match(plain, begin)
                    assert value is not None, "the name is part of it"
                    position = value.end()
                    yield Token("WORD", value[0], begin)
            case "UNCLOSED":
                raise TopicError(
                    "this quotation is never closed",
                    begin + 1,
                    text,
                    'Put a quotation mark at both ends of the phrase: "world models".',
                )
            case "COMPARED":
                raise TopicError(
                    "only upvotes can be compared with a number",
                    begin + 1,
                    text,
                    "Write upvotes>=20, or put what you look for in quotation marks.",
                )
            case _:
                yield Token(kind, found[kind], begin)


def _count(found: re.Match[str], begin: int, text: str) -> str:
    sign, count = found["sign"], found["count"].replace(",", "")
    usable = count.isascii() and count.isdigit() and int(count) <= MAX_UPVOTES
    if sign in (">=", "≥") and usable:
        return str(int(count))
    if not usable:
        message = f"there is no number of upvotes after upvotes{sign}"
        instead = "Write upvotes>=20."
    elif sign in ("<", "<=", "≤"):
        message = "upvotes can only be asked to be at least a number"
        least = int(count) + (sign != "<")
        instead = f"Write NOT upvotes>={least}."
    else:
        message = "upvotes are asked for with >="
        instead = f"Write upvotes>={int(count) + (sign == '>')}."
    raise TopicError(message, begin + 1, text, instead)


def _link(value: str, begin: int, text: str) -> str:
    link = value.lower()
    if link not in tuple(Link):
        known = ", ".join(f"has:{link}" for link in Link)
        near = get_close_matches(link, tuple(Link), 1)
        raise TopicError(
            f"no paper is marked as has:{value}" if value else "has: needs a word after it",
            begin + 1,
            text,
            f"Write {f'has:{near[0]}' if near else f'one of {known}'}.",
        )
    return link


def _check_name(name: str, alone: bool, begin: int, text: str) -> None:
    """Refuse a name with a colon that is no field, unless it may be the beginning of a title.

    That is, the name stands `alone` before white space and is not nearly a field's name.
    """
    near = get_close_matches(name.lower(), _NAMES, 1, cutoff=0.8 if alone else 0.6)
    if alone and not near:
        return
    known = ", ".join(f"{field}:" for field in Field)
    raise TopicError(
        f"there is no field {name}:",
        begin + 1,
        text,
        f"Write {near[0]}: instead, or leave out the colon."
        if near
        else f"The fields are {known}. To look for the words, put them in quotation marks.",
    )


def _check_size(cut: list[Token], text: str) -> None:
    opened: list[int] = []
    terms = 0
    for token in cut:
        match token.type:
            case "OPEN":
                opened.append(start(token) + 1)
                if len(opened) > MAX_DEPTH:
                    raise TopicError(
                        f"parentheses may stand {MAX_DEPTH} deep",
                        opened[-1],
                        text,
                        "Make several topics of it, or leave out parentheses.",
                    )
            case "CLOSE":
                if not opened:
                    raise TopicError(
                        "this parenthesis closes nothing",
                        start(token) + 1,
                        text,
                        "Leave it out, or open one before it.",
                    )
                opened.pop()
            case "WORD" | "UPVOTES" | "HAS":
                terms += 1
                if terms > MAX_TERMS:
                    raise TopicError(
                        f"a topic has at most {MAX_TERMS} words and phrases",
                        start(token) + 1,
                        text,
                        "Make several topics of it.",
                    )
    if opened:
        raise TopicError(
            "this parenthesis is never closed", opened[-1], text, "Close it, or leave it out."
        )
