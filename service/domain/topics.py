"""The language of topics: what a reader types, read into one canonical expression.

    world models                 the words near each other, in any order
    "world models"               the exact phrase
    robots AND "world models"    both, anywhere in the paper
    robots OR agents             at least one
    robots NOT simulation        the first without the second; also: robots -simulation
    (robots OR agents) AND maps  parentheses group

What stands side by side binds first, then NOT, AND, OR. Operators are in capitals.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from service.domain.expression import (
    Expression,
    Term,
    conjunction,
    disjunction,
    finds,
    near,
    negation,
)
from service.domain.text import fold

MAX_LENGTH = 512
MAX_TERMS = 32
MAX_DEPTH = 8

# Words side by side may have this many others between them.
NEAR_WORDS = 3

# Where a term could continue a run or begin the next operand, LALR shifts: the run goes on, so
# words side by side always belong together.
_GRAMMAR = r"""
    either: both (_OR both)*
    both: _operand (_AND? _operand)*
    _operand: run | group | excluded | lone
    excluded: NOT+ (run | group | lone)
    lone: _MINUS (term | group)
    run: term+
    term: WORD | PHRASE
    group: _OPEN either _CLOSE

    _AND.2: /AND(?=[\s()"]|\Z)/
    _OR.2: /OR(?=[\s()"]|\Z)/
    NOT.2: /NOT(?=[\s()"]|\Z)/
    _MINUS.2: /-(?=[^\s)])/
    PHRASE.2: /"[^"]*"/
    _OPEN: "("
    _CLOSE: ")"
    WORD: /[^\s()"]+/
    %ignore /\s+/
"""
# The basic lexer reads a token the same way wherever it stands, so limits can be checked first.
_LARK = Lark(_GRAMMAR, start="either", parser="lalr", lexer="basic", propagate_positions=True)

# Phones and word processors type these for the signs of the language; one sign for one, so that
# positions stay those of the reader's text.
_PLAIN_SIGNS = str.maketrans("“”„‟«»＂（）－−‐‑–", '"""""""()-----')

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
        first = max(0, self.position - 1 - _WINDOW)
        last = self.position - 1 + _WINDOW
        shown = "".join(_printable(sign) for sign in self.text[first:last])
        before = "…" if first else ""
        after = "…" if last < len(self.text) else ""
        caret = " " * _width(before + shown[: self.position - 1 - first]) + "^"
        lines = [before + shown + after, caret, str(self)]
        return "\n".join([*lines, self.instead] if self.instead else lines)


@dataclass(frozen=True, slots=True)
class Topic:
    """What to look for. Topics that ask the same share `canonical`, which parses to itself."""

    canonical: str
    expression: Expression


def parse(text: str) -> Topic:
    """Return the topic that a text describes.

    Raises TopicError when the text breaks the language or a limit, or would find papers only by
    what they lack. The limits are checked first, so hostile text costs no more than a long topic.
    """
    if len(text) > MAX_LENGTH:
        raise TopicError(
            f"a topic has at most {MAX_LENGTH} characters, this one has {len(text)}",
            MAX_LENGTH + 1,
            text,
            "Make several topics of it.",
        )
    _check_characters(text)
    plain = text.translate(_PLAIN_SIGNS)
    try:
        tokens = list(_LARK.lex(plain))
    except UnexpectedCharacters as error:
        # The lexer takes every character but a quotation mark that has no second one.
        raise TopicError(
            "this quotation is never closed",
            (error.pos_in_stream or 0) + 1,
            text,
            'Put a quotation mark at both ends of the phrase: "world models".',
        ) from None
    _check_tokens(tokens, text)
    try:
        tree = _LARK.parse(plain)
    except UnexpectedToken as error:
        raise _misplaced(error.token, tokens, text) from None
    expression = _read(tree, text)
    if not finds(expression):
        raise TopicError(
            "a paper meets this part by what it lacks, as nearly all papers do",
            _unbounded(tree, text) + 1,
            text,
            "Say also what to find there: robots NOT simulation.",
        )
    canonical = str(expression)
    if len(canonical) > MAX_LENGTH:
        raise TopicError(
            f"written out in full this topic has {len(canonical)} characters,"
            f" {MAX_LENGTH} are allowed",
            len(text),
            text,
            "Make several topics of it.",
        )
    return Topic(canonical, expression)


def _check_characters(text: str) -> None:
    for position, sign in enumerate(text, start=1):
        if unicodedata.category(sign) in ("Cc", "Cs") and not sign.isspace():
            raise TopicError(
                f"the invisible character U+{ord(sign):04X} cannot be part of a topic",
                position,
                text,
                "Leave it out, or type the topic again instead of pasting it.",
            )


def _check_tokens(tokens: Sequence[Token], text: str) -> None:
    if not tokens:
        raise TopicError(
            "a topic needs at least one word", 1, text, 'For example: "world models" OR robots'
        )
    opened: list[int] = []
    terms = 0
    for token in tokens:
        position = _start(token) + 1
        match token.type:
            case "_OPEN":
                opened.append(position)
                if len(opened) > MAX_DEPTH:
                    raise TopicError(
                        f"parentheses may stand {MAX_DEPTH} deep",
                        position,
                        text,
                        "Make several topics of it, or leave out parentheses.",
                    )
            case "_CLOSE":
                if not opened:
                    raise TopicError(
                        "this parenthesis closes nothing",
                        position,
                        text,
                        "Leave it out, or open one before it.",
                    )
                opened.pop()
            case "WORD" | "PHRASE":
                terms += 1
                if terms > MAX_TERMS:
                    raise TopicError(
                        f"a topic has at most {MAX_TERMS} words and phrases",
                        position,
                        text,
                        "Make several topics of it.",
                    )
    if opened:
        raise TopicError(
            "this parenthesis is never closed", opened[-1], text, "Close it, or leave it out."
        )


def _misplaced(found: Token, tokens: Sequence[Token], text: str) -> TopicError:
    """Return the error for a token that the grammar does not allow where it stands."""
    ended = found.type == "$END"
    before = [token for token in tokens if ended or _start(token) < _start(found)]
    if found.type in ("_AND", "_OR"):
        return TopicError(
            f"{found} needs something before it",
            _start(found) + 1,
            text,
            f"Leave it out, or write a word on both sides: robots {found} maps.",
        )
    last = before[-1]
    if last.type == "_OPEN":
        message = "there is nothing between these parentheses"
        instead = "Leave them out, or write a word in them."
    elif last.type == "_MINUS":
        message = "this minus has no word after it"
        instead = "Write one minus, directly before a word: robots -simulation."
    else:
        message = f"{last} needs something after it"
        instead = f'Write what follows, or quote it to find it as a word: "{last.lower()}".'
    return TopicError(message, _start(last) + 1, text, instead)


def _read(tree: "Tree[Token]", text: str) -> Expression:
    children = [child for child in tree.children if isinstance(child, Tree)]
    match tree.data:
        case "either":
            return disjunction(_read(child, text) for child in children)
        case "both":
            return conjunction(_read(child, text) for child in children)
        case "group":
            return _read(children[0], text)
        case "lone":
            return negation(_read(children[0], text))
        case "excluded":
            operand = _read(children[0], text)
            nots = len(tree.children) - len(children)
            return negation(operand) if nots % 2 else operand
        case "run":
            return near(_term(child, text) for child in children)
        case _:
            return _term(tree, text)


def _term(tree: "Tree[Token]", text: str) -> Term:
    token = cast(Token, tree.children[0])
    words = fold(token).split()
    if not words:
        raise TopicError(
            "there is no letter or digit to look for here",
            _start(token) + 1,
            text,
            "Leave it out, or write a word.",
        )
    return Term(tuple(words))


def _unbounded(tree: "Tree[Token]", text: str) -> int:
    """Return where the first alternative begins that a paper can meet by what it lacks."""
    alternatives = [child for child in tree.children if isinstance(child, Tree)]
    return next(child.meta.start_pos for child in alternatives if not finds(_read(child, text)))


def _start(token: Token) -> int:
    return token.start_pos or 0


def _printable(sign: str) -> str:
    return sign if sign.isprintable() else " "


def _width(text: str) -> int:
    """Return the columns that a terminal gives a text."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )
