"""What a topic asks of a paper, as a tree.

A tree made by the functions here has one shape for one meaning, as far as order, repetition,
nesting and De Morgan's laws go: `Not` stands before a leaf only, And and Or hold at least two
different operands, sorted, none of their own kind.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias


class Field(StrEnum):
    """A part of a paper that can be searched by itself."""

    TITLE = "title"
    ABSTRACT = "abstract"
    AUTHOR = "author"
    KEYWORD = "keyword"
    CATEGORY = "category"
    ORG = "org"


# Names are never stemmed: cs is not the plural of c.
NAMES = frozenset({Field.AUTHOR, Field.CATEGORY, Field.ORG})


class Link(StrEnum):
    """What a paper may have beside its text."""

    CODE = "code"
    PROJECT = "project"
    PDF = "pdf"


@dataclass(frozen=True, slots=True)
class Term:
    """A word, or several as an exact phrase; folded and never empty.

    `prefix` asks for the words that begin with the last one, `exact` for these very word forms.
    """

    words: tuple[str, ...]
    prefix: bool = False
    exact: bool = False

    def __str__(self) -> str:
        text = " ".join(self.words) + "*" * self.prefix
        return "exact:" * self.exact + (text if len(self.words) == 1 else f'"{text}"')


@dataclass(frozen=True, slots=True)
class Near:
    """Two or more different terms close to each other in one field, in any order."""

    terms: tuple[Term, ...]

    def __str__(self) -> str:
        return " ".join(map(str, self.terms))


@dataclass(frozen=True, slots=True)
class In:
    """A term, or terms near each other, in one field; elsewhere they do not count."""

    field: Field
    wanted: Term | Near

    def __str__(self) -> str:
        text = f"({self.wanted})" if isinstance(self.wanted, Near) else str(self.wanted)
        return f"{self.field}:{text}"


@dataclass(frozen=True, slots=True)
class Upvotes:
    """At least so many upvotes; a paper whose source counts none has 0."""

    least: int

    def __str__(self) -> str:
        return f"upvotes>={self.least}"


@dataclass(frozen=True, slots=True)
class Has:
    """The paper comes with such a link."""

    link: Link

    def __str__(self) -> str:
        return f"has:{self.link}"


Leaf: TypeAlias = Term | Near | In | Upvotes | Has


@dataclass(frozen=True, slots=True)
class Not:
    """The operand must not hold."""

    operand: Leaf

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


Expression: TypeAlias = Leaf | Not | And | Or


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
        case _:
            return Not(expression)


def exactly(expression: Expression) -> Expression:
    """Return the expression with every term sought in its very word forms."""
    match expression:
        case Term(words, prefix, _):
            # One beginning of a word is no form that could be stemmed.
            return Term(words, prefix, exact=not prefix or len(words) > 1)
        case Near(terms):
            return near(term for item in terms if isinstance(term := exactly(item), Term))
        case In(field, wanted):
            inner = wanted if field in NAMES else exactly(wanted)
            return In(field, inner) if isinstance(inner, Term | Near) else inner
        case Not(operand):
            return negation(exactly(operand))
        case And(operands):
            return conjunction(map(exactly, operands))
        case Or(operands):
            return disjunction(map(exactly, operands))
        case _:
            return expression


def within(field: Field, expression: Expression) -> Expression:
    """Return the expression with every term sought in one field only.

    Raises ValueError, with the part that has a field of its own or no words.
    """
    match expression:
        case Term():
            return In(field, replace(expression, exact=expression.exact and field not in NAMES))
        case Near(terms):
            plain = field in NAMES
            return In(field, near(replace(t, exact=t.exact and not plain) for t in terms))
        case Not(operand):
            return negation(within(field, operand))
        case And(operands):
            return conjunction(within(field, operand) for operand in operands)
        case Or(operands):
            return disjunction(within(field, operand) for operand in operands)
        case _:
            raise ValueError(str(expression))


def leaves(expression: Expression) -> Iterator[Leaf]:
    """Yield the leaves of an expression, those it excludes included."""
    match expression:
        case And(operands) | Or(operands):
            for operand in operands:
                yield from leaves(operand)
        case Not(operand):
            yield operand
        case _:
            yield expression


def finds(expression: Expression) -> bool:
    """Tell whether whatever meets the expression has at least one of the things it names.

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
        case _:
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
    # People write plain words first, conditions after them and exclusions last.
    match operand:
        case Term() | Near():
            group = 0
        case In():
            group = 1
        case Upvotes() | Has():
            group = 2
        case And() | Or():
            group = 3
        case Not():
            group = 4
    return group, str(operand)
