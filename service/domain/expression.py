"""What a topic asks of a paper, as a tree of terms.

A tree made by `conjunction`, `disjunction` and `negation` has one shape for one meaning, as far as
order, repetition, nesting and De Morgan's laws go: `Not` stands before a Term or Near only, And
and Or hold at least two different operands, sorted, none of their own kind.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Term:
    """A word, or several as an exact phrase; folded and never empty."""

    words: tuple[str, ...]

    def __str__(self) -> str:
        return self.words[0] if len(self.words) == 1 else f'"{" ".join(self.words)}"'


@dataclass(frozen=True, slots=True)
class Near:
    """Two or more different terms close to each other in one field, in any order."""

    terms: tuple[Term, ...]

    def __str__(self) -> str:
        return " ".join(map(str, self.terms))


@dataclass(frozen=True, slots=True)
class Not:
    """The operand must not be found."""

    operand: Term | Near

    def __str__(self) -> str:
        return f"NOT {self.operand}"


@dataclass(frozen=True, slots=True)
class And:
    """Every operand holds, anywhere in the paper."""

    operands: "tuple[Expression, ...]"

    def __str__(self) -> str:
        return " AND ".join(
            f"({operand})" if isinstance(operand, Or) else str(operand) for operand in self.operands
        )


@dataclass(frozen=True, slots=True)
class Or:
    """At least one operand holds."""

    operands: "tuple[Expression, ...]"

    def __str__(self) -> str:
        return " OR ".join(map(str, self.operands))


Expression: TypeAlias = Term | Near | Not | And | Or


def near(terms: Iterable[Term]) -> Term | Near:
    """Return the terms side by side, in their order, each once."""
    distinct = tuple(dict.fromkeys(terms))
    return distinct[0] if len(distinct) == 1 else Near(distinct)


def conjunction(operands: Iterable[Expression]) -> Expression:
    """Return the expression that holds where all operands hold."""
    distinct = _flat(And, operands)
    return distinct[0] if len(distinct) == 1 else And(distinct)


def disjunction(operands: Iterable[Expression]) -> Expression:
    """Return the expression that holds where any operand holds."""
    distinct = _flat(Or, operands)
    return distinct[0] if len(distinct) == 1 else Or(distinct)


def negation(expression: Expression) -> Expression:
    """Return the expression that holds exactly where this one does not."""
    match expression:
        case Not(operand):
            return operand
        case And(operands):
            return disjunction(map(negation, operands))
        case Or(operands):
            return conjunction(map(negation, operands))
        case Term() | Near():
            return Not(expression)


def finds(expression: Expression) -> bool:
    """Tell whether whatever meets the expression holds at least one of its terms.

    Where this is False, the expression only excludes (`NOT a`, `a OR NOT b`), and its negation
    finds.
    """
    match expression:
        case Not():
            return False
        case And(operands):
            return any(map(finds, operands))
        case Or(operands):
            return all(map(finds, operands))
        case Term() | Near():
            return True


def _flat(kind: type[And] | type[Or], operands: Iterable[Expression]) -> tuple[Expression, ...]:
    distinct: set[Expression] = set()
    for operand in operands:
        if isinstance(operand, kind):
            distinct.update(operand.operands)
        else:
            distinct.add(operand)
    return tuple(sorted(distinct, key=_place))


def _place(operand: Expression) -> tuple[int, str]:
    # People write plain terms first and exclusions last.
    match operand:
        case Term() | Near():
            group = 0
        case And() | Or():
            group = 1
        case Not():
            group = 2
    return group, str(operand)
