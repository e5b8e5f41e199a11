"""LaTeX whose backslashes were lost on the way, repaired where nothing else can be meant."""

import re
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from service.sources.latex import symbol
from service.sources.near import near
from service.sources.scan import holds
from service.sources.symbols import GREEK

Repair = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]

# Names that are no words of any language, so that they mean their symbol wherever they stand.
_NEVER_WORDS = (
    "infty|varepsilon|varphi|otimes|oplus|leq|geq|neq|mapsto|ldots|cdots?"
    "|(?:long)?(?:leftright|left|right)arrow|(?:Leftright|Left|Right)arrow"
)
_BEFORE, _AFTER = r"(?<![A-Za-z\\])", r"(?![A-Za-z])"


def _named(found: re.Match[str]) -> str:
    return symbol(found[1])


def _never_word(found: re.Match[str]) -> str:
    return symbol(found[0])


_SIZES = (re.compile(rf"{_BEFORE}(?:script|footnote|normal)size(?=[A-Z])"), "")
_NEVER_WORD = (re.compile(rf"{_BEFORE}(?:{_NEVER_WORDS}){_AFTER}"), _never_word)
# A letter's name that a script is fixed to is the letter; elsewhere it may be a name: Phi-3.
_LETTERS = frozenset([*GREEK, "ell"])
_LETTER = (
    re.compile(rf"{_BEFORE}([A-Za-z]++)(?=\^|_(?:\{{|[A-Za-z0-9∞](?![A-Za-z0-9])))"),
    lambda found: symbol(found[1]) if found[1] in _LETTERS else found[0],
)


class Trace(NamedTuple):
    """What stands in a text where something may be lost, and what is tried near it.

    `sign` is part of all that is repaired. `where` tells, for `holds`, where an everyday sign may
    be one.
    """

    sign: str
    repairs: tuple[Repair, ...]
    where: str = ""


TRACES = (
    Trace("size", (_SIZES,), "(?:script|footnote|normal)size[A-Z]"),
    Trace("times", (
        (re.compile(r"(?<=[0-9]) ?times (?=[0-9])"), " × "),
        (re.compile(r"(?<=[0-9])times(?![a-z])"), "×"),
    ), "[0-9] ?times"),
    Trace("sim", ((re.compile(rf"sim(?<={_BEFORE}sim) ?(?=[0-9])"), "~"),), "sim ?[0-9]"),
    Trace(
        "approx", ((re.compile(rf"approx(?<={_BEFORE}approx) ?(?=[0-9])"), "≈ "),),
        "approx ?[0-9]",
    ),
    Trace("mapsto", ((re.compile(r"(?<=[A-Z])mapsto(?![a-z])"), " ↦"), _NEVER_WORD)),
    *(Trace(sign, (_NEVER_WORD,)) for sign in (
        "infty", "varep", "varphi", "otimes", "oplus", "leq", "geq", "neq", "dot", "tarrow",
    )),
    Trace("nlog", ((re.compile(rf"{_BEFORE}nlog{_AFTER}"), "n log"),)),
    Trace("^", (_LETTER, (re.compile(rf"\^(star|ast|circ|prime){_AFTER}"), _named))),
    Trace("_", (_LETTER,)),
    Trace("Theta(", ((re.compile(rf"{_BEFORE}(Theta)(?=\()"), _named),)),
    Trace("Omega(", ((re.compile(rf"{_BEFORE}(Omega)(?=\()"), _named),)),
    Trace("tilde ", ((re.compile(rf"{_BEFORE}tilde ([OΩΘ])(?=\()"),
                       lambda found: f"{found[1]}\u0303"),)),
    Trace("~", ((re.compile(r"(?<=[A-Za-z.,;)\]])~(?=\S)|(?<=\S)~(?=\s)"), " "),)),
    Trace("--", (
        (re.compile(r"(?<=[0-9%×])--(?=[0-9~≈])"), "–"),
        (re.compile(r"(?<=\w) ?--- ?(?=\w)"), " — "),
    )),
)  # fmt: skip

# Of what `holds` looks for, all that the repair of a text may begin with.
ANYWHERE = "|".join(trace.where or re.escape(trace.sign) for trace in TRACES)
_holds_any = holds(ANYWHERE)
_TRIED = tuple(
    (holds(trace.where or re.escape(trace.sign)), trace.sign, trace.repairs) for trace in TRACES
)


def repaired(text: str) -> str:
    """Return the text, which is tidy, with lost backslashes made up for. It holds no URL."""
    if not _holds_any(text):
        return text
    for holds_trace, sign, repairs in _TRIED:
        if holds_trace(text):
            for pattern, instead in repairs:
                text = near((sign,), text, partial(pattern.sub, instead))
    return text
