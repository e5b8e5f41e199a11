"""What to ask instead of a topic that brings nothing: the same, a little wider."""

import re
from collections.abc import Callable, Iterator

from service.domain.expression import (
    And,
    Expression,
    Field,
    Has,
    In,
    Near,
    Not,
    Or,
    Term,
    Upvotes,
    conjunction,
    disjunction,
    near,
)
from service.domain.topics import Topic, TopicError, parse

# Endings are cut from words of so many letters, down to so many.
_LONG_WORD = 6
_SHORTEST_STEM = 5
_ENDING = 4

_QUOTED_OR_OPERATOR = re.compile(r'"[^"]*"|\b(and|or|not)\b')


def wider(topic: Topic) -> Iterator[Topic]:
    """Yield topics that find more than this one, each more than the one before it.

    In turn: operators that were typed in small letters, no conditions, every form of the words,
    any field, phrases loosened, words anywhere, words that begin alike, any of the words.
    """
    expression = topic.expression
    if capitals := _with_capitals(topic.canonical):
        expression = capitals.expression
        yield capitals
    for step in (_unconditional, _any_form, _any_field, _loosened, _anywhere, _beginnings, _any_of):
        widened = step(expression)
        if widened is not None and widened != expression:
            expression = widened
            try:
                yield parse(str(expression))
            except TopicError:
                # Too long, written out.
                return


def _with_capitals(canonical: str) -> Topic | None:
    text = _QUOTED_OR_OPERATOR.sub(
        lambda found: found[0].upper() if found[1] else found[0], canonical
    )
    try:
        return parse(text) if text != canonical else None
    except TopicError:
        return None


def _each(expression: Expression, change: Callable[[Expression], Expression]) -> Expression:
    """Return the expression with a change made to every leaf that is sought."""
    match expression:
        case And(operands):
            return conjunction(_each(operand, change) for operand in operands)
        case Or(operands):
            return disjunction(_each(operand, change) for operand in operands)
        case Not():
            return expression
        case leaf:
            return change(leaf)


def _unconditional(expression: Expression) -> Expression | None:
    match expression:
        case Upvotes() | Has():
            return None
        case And(operands):
            kept = [part for operand in operands if (part := _unconditional(operand))]
            sought = any(not isinstance(part, Not) for part in kept)
            return conjunction(kept) if sought else None
        case Or(operands):
            parts = [_unconditional(operand) for operand in operands]
            return disjunction(part or old for part, old in zip(parts, operands, strict=True))
        case _:
            return expression


def _any_form(expression: Expression) -> Expression:
    def change(leaf: Expression) -> Expression:
        match leaf:
            case Term(words, prefix):
                return Term(words, prefix)
            case Near(terms):
                return near(Term(term.words, term.prefix) for term in terms)
            case In(field, wanted):
                inner = change(wanted)
                return In(field, inner) if isinstance(inner, Term | Near) else leaf
            case _:
                return leaf

    return _each(expression, change)


def _any_field(expression: Expression) -> Expression:
    def change(leaf: Expression) -> Expression:
        text = (Field.TITLE, Field.ABSTRACT, Field.KEYWORD)
        return leaf.wanted if isinstance(leaf, In) and leaf.field in text else leaf

    return _each(expression, change)


def _loosened(expression: Expression) -> Expression:
    def change(leaf: Expression) -> Expression:
        if isinstance(leaf, Term) and not leaf.prefix:
            return near(Term((word,)) for word in leaf.words)
        return leaf

    return _each(expression, change)


def _anywhere(expression: Expression) -> Expression:
    def change(leaf: Expression) -> Expression:
        return conjunction(leaf.terms) if isinstance(leaf, Near) else leaf

    return _each(expression, change)


def _beginnings(expression: Expression) -> Expression:
    def change(leaf: Expression) -> Expression:
        match leaf:
            case Term((word,), False) if word.isascii() and len(word) >= _LONG_WORD:
                return Term((word[: max(_SHORTEST_STEM, len(word) - _ENDING)],), prefix=True)
            case _:
                return leaf

    return _each(expression, change)


def _any_of(expression: Expression) -> Expression | None:
    if not isinstance(expression, And):
        return None
    sought = [operand for operand in expression.operands if not isinstance(operand, Not)]
    excluded = [operand for operand in expression.operands if isinstance(operand, Not)]
    return conjunction([disjunction(sought), *excluded])
