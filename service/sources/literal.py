"""Python literals: records that some daily files hold as the repr() of a dictionary."""

import ast
import re

# A real record has at most 12,000 characters and five levels. The bounds keep a hostile one from
# costing much memory (a syntax tree takes up to 500 bytes a character) or the interpreter's stack.
_LONGEST = 200_000
_DEEPEST = 20

# What repr() writes of texts, numbers, lists, tuples and dictionaries, and nothing else: operators
# would nest without brackets. Possessive, so that an unclosed text costs one pass.
_TOKEN = re.compile(
    r"""
    (?P<open>[\[({]) | (?P<close>[])}]) | [,:] | [ ]
    | True | False | None
    | -?[0-9]++(?:\.[0-9]++)?+(?:e[+-]?[0-9]++)?+
    | '(?:[^'\\\n] | \\(?:[\\'"nrt] | x[0-9a-f]{2} | u[0-9a-f]{4} | U[0-9a-f]{8}))*+'
    | "(?:[^"\\\n] | \\(?:[\\'"nrt] | x[0-9a-f]{2} | u[0-9a-f]{4} | U[0-9a-f]{8}))*+"
    """,
    re.VERBOSE,
)


class BadLiteral(ValueError):
    """A text that is no Python literal within bounds; its text is the reason, for people."""


def literal(text: str) -> object:
    """Return the value of which `text` is the repr(): nothing in it is ever run.

    Raises BadLiteral.
    """
    if len(text) > _LONGEST:
        raise BadLiteral(f"a Python literal of more than {_LONGEST:,} characters")
    _check(text)
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        raise BadLiteral("not a whole Python literal") from None


def _check(text: str) -> None:
    position = depth = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            raise BadLiteral(f"not a Python literal at character {position + 1:,}")
        depth += (token["open"] is not None) - (token["close"] is not None)
        if depth > _DEEPEST:
            raise BadLiteral(f"a Python literal nested more than {_DEEPEST} deep")
        position = token.end()
