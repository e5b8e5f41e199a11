"""The language of topics: what a reader types, read into one canonical expression.

    world models                 the words near each other, in any order
    "world models"               the exact phrase
    robots AND "world models"    both, anywhere in title and abstract
    robots OR agents             at least one
    robots NOT simulation        the first without the second; also: robots -simulation
    (robots OR agents) AND maps  parentheses group
    bayes*                       words that begin so; "neural net*" too
    title:robots                 only there; also abstract: author: keyword: category: org:
    exact:LLM                    this very form: no other endings, no long form
    upvotes>=20  has:code        conditions; also has:project has:pdf

What stands side by side binds first, then NOT, AND, OR. Operators are in capitals. A field and
`exact:` belong to the word, phrase or parentheses that follow.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedToken
from lark.lexer import Lexer

from service.domain.expression import (
    Expression,
    Field,
    Has,
    Link,
    Term,
    Upvotes,
    conjunction,
    disjunction,
    exactly,
    finds,
    near,
    negation,
    within,
)
from service.domain.mistakes import TopicError
from service.domain.text import fold, unspaced
from service.domain.tokens import MAX_DEPTH, MAX_LENGTH, MAX_TERMS, start, tokens

__all__ = ["MAX_DEPTH", "MAX_LENGTH", "MAX_TERMS", "NEAR_WORDS", "Topic", "TopicError", "parse"]

# Words side by side may have this many others between them.
NEAR_WORDS = 3
MIN_PREFIX = 3
_PLAIN = re.compile(r"[a-z0-9]{1,40}(?: [a-z0-9]{1,40}){0,5}", re.ASCII)

# Where a term could continue a run or begin the next operand, LALR shifts: the run goes on, so
# words side by side always belong together.
_GRAMMAR = """
    topic: both (OR both)*
    either: both (OR both)*
    both: _operand (AND? _operand)*
    _operand: run | group | scoped | condition | excluded | lone
    excluded: NOT+ (run | group | scoped | condition | lone)
    lone: MINUS (member | group | scoped | condition)
    run: member+
    member: EXACT? WORD
    group: OPEN either CLOSE
    scoped: FIELD (member | group | exact_group) | exact_group | EXACT scoped
    exact_group: EXACT group
    condition: UPVOTES | HAS

    %declare OR AND NOT MINUS EXACT WORD OPEN CLOSE FIELD UPVOTES HAS
"""


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
    if _PLAIN.fullmatch(text):
        # Most topics are a few plain words, and a plan parses all of them.
        words = near(Term((word,)) for word in text.split())
        return Topic(str(words), words)
    cut = tokens(text)
    try:
        expression = cast(Expression, _PARSER.parse(cut))
    except UnexpectedToken as error:
        raise _misplaced(error.token, cut, text) from None
    except _Mistake as error:
        raise TopicError(error.message, error.position + 1, text, error.instead) from None
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


class _Mistake(Exception):
    """What the parts of a text mean makes no topic."""

    def __init__(self, message: str, position: int, instead: str) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.instead = instead


class _Given(Lexer):
    """Hands on the tokens that were cut, and checked, before."""

    def __init__(self, _: object) -> None:
        pass

    def lex(self, cut: Sequence[Token]) -> "Sequence[Token]":  # type: ignore[override]
        return cut


# What a rule makes of its children: where it begins, and what it means.
_Part: TypeAlias = tuple[int, Expression]


class _Reader(Transformer[Token, Expression]):
    """Makes the expression while the text is parsed; each method is named for its rule."""

    def topic(self, children: list[Token | _Part]) -> Expression:
        alternatives = _parts(children)
        for begin, expression in alternatives:
            if not finds(expression):
                raise _Mistake(
                    "a paper meets this part by what it lacks, as nearly all papers do",
                    begin,
                    "Say also what to find there: robots NOT simulation.",
                )
        return _combined(disjunction, alternatives)[1]

    def either(self, children: list[Token | _Part]) -> _Part:
        return _combined(disjunction, children)

    def both(self, children: list[Token | _Part]) -> _Part:
        return _combined(conjunction, children)

    def excluded(self, children: list[Token | _Part]) -> _Part:
        ((_, expression),) = _parts(children)
        nots = len(children) - 1
        return _start(children[0]), negation(expression) if nots % 2 else expression

    def lone(self, children: list[Token | _Part]) -> _Part:
        ((_, expression),) = _parts(children)
        return _start(children[0]), negation(expression)

    def run(self, children: list[_Part]) -> _Part:
        return children[0][0], near(cast(Term, term) for _, term in children)

    def member(self, children: list[Token]) -> _Part:
        term = _term(children[-1])
        return start(children[0]), exactly(term) if len(children) > 1 else term

    def group(self, children: list[Token | _Part]) -> _Part:
        ((_, expression),) = _parts(children)
        return _start(children[0]), expression

    def exact_group(self, children: list[Token | _Part]) -> _Part:
        ((_, expression),) = _parts(children)
        return _start(children[0]), exactly(expression)

    def scoped(self, children: list[Token | _Part]) -> _Part:
        ((begin, expression),) = _parts(children)
        scope = children[0]
        if not isinstance(scope, Token):
            return begin, expression
        if scope.type == "EXACT":
            return start(scope), exactly(expression)
        try:
            return start(scope), within(Field(str(scope)), expression)
        except ValueError as error:
            raise _Mistake(
                f"{error} cannot stand inside {scope}:",
                start(scope),
                f"Combine them with AND: {scope}:robots AND {error}.",
            ) from None

    def condition(self, children: list[Token]) -> _Part:
        (token,) = children
        if token.type == "UPVOTES":
            return start(token), Upvotes(int(token))
        return start(token), Has(Link(str(token)))


def _combined(
    combine: Callable[[Iterable[Expression]], Expression], children: Sequence[Token | _Part]
) -> _Part:
    parts = _parts(children)
    if len(parts) == 1:
        return parts[0]
    return parts[0][0], combine(expression for _, expression in parts)


def _parts(children: Sequence[Token | _Part]) -> list[_Part]:
    return [child for child in children if not isinstance(child, Token)]


def _start(child: Token | _Part) -> int:
    return start(child) if isinstance(child, Token) else child[0]


def _term(token: Token) -> Term:
    begin = start(token)
    quoted = token.startswith('"')
    text = token.strip('"').rstrip() if quoted else str(token)
    words = tuple(fold(text).split())
    if not words:
        raise _Mistake(
            "there is no letter or digit to look for here", begin, "Leave it out, or write a word."
        )
    if "*" not in text:
        return Term(words)
    # Inside quotation marks a star is a sign like any other, as in "the A* search"; at the end
    # of them it continues the last word.
    ends = text.endswith("*") and text[-2].isalnum()
    if not quoted and (not ends or text.index("*") < len(text) - 1):
        raise _Mistake(
            "a * stands only at the end of a word",
            begin + text.index("*"),
            f'Write bayes*, or put it in quotation marks to find its words: "{text}".',
        )
    if not ends or unspaced(words[-1][-1]):
        return Term(words)
    if len(words[-1]) < MIN_PREFIX:
        raise _Mistake(
            f"a * needs at least {MIN_PREFIX} letters before it",
            begin + text.index("*") + quoted,
            "Write more of the word, as in bayes*.",
        )
    return Term(words, prefix=True)


def _misplaced(found: Token, cut: Sequence[Token], text: str) -> TopicError:
    """Return the error for a token that the grammar does not allow where it stands."""
    ended = found.type == "$END"
    before = [token for token in cut if ended or start(token) < start(found)]
    if found.type in ("AND", "OR") and (
        not before or before[-1].type not in ("FIELD", "EXACT", "MINUS", "NOT")
    ):
        return TopicError(
            f"{found} needs something before it",
            start(found) + 1,
            text,
            f"Leave it out, or write a word on both sides: robots {found} maps.",
        )
    last = before[-1]
    match last.type:
        case "OPEN":
            message = "there is nothing between these parentheses"
            instead = "Leave them out, or write a word in them."
        case "MINUS":
            message = "this minus has no word after it"
            instead = "Write one minus, directly before a word: robots -simulation."
        case "FIELD" | "EXACT":
            name = last.rstrip(":")
            message = f"{name}: needs a word, a phrase or parentheses after it"
            instead = f'Write {name}:robots or {name}:"world models".'
        case _:
            message = f"{last} needs something after it"
            instead = f'Write what follows, or quote it to find it as a word: "{last.lower()}".'
    return TopicError(message, start(last) + 1, text, instead)


_PARSER = Lark(_GRAMMAR, start="topic", parser="lalr", lexer=_Given, transformer=_Reader())
