"""LaTeX whose backslashes were lost on the way, repaired where nothing else can be meant."""

import re
from collections.abc import Callable

from service.sources.latex import symbol
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

# By what must stand in a text for them to be tried, which costs less than trying (and one sign
# less than several): where something was lost, and what stands there instead.
_REPAIRS: tuple[tuple[str, tuple[Repair, ...]], ...] = (
    ("size", (_SIZES,)),
    ("times", (
        (re.compile(r"(?<=[0-9]) ?times (?=[0-9])"), " × "),
        (re.compile(r"(?<=[0-9])times(?![a-z])"), "×"),
    )),
    ("sim", ((re.compile(rf"sim(?<={_BEFORE}sim) ?(?=[0-9])"), "~"),)),
    ("approx", ((re.compile(rf"approx(?<={_BEFORE}approx) ?(?=[0-9])"), "≈ "),)),
    ("mapsto", ((re.compile(r"(?<=[A-Z])mapsto(?![a-z])"), " ↦"), _NEVER_WORD)),
    *((sign, (_NEVER_WORD,)) for sign in (
        "infty", "varep", "varphi", "otimes", "oplus", "leq", "geq", "neq", "dot", "tarrow",
    )),
    ("nlog", ((re.compile(rf"{_BEFORE}nlog{_AFTER}"), "n log"),)),
    ("^", (_LETTER, (re.compile(rf"\^(star|ast|circ|prime){_AFTER}"), _named))),
    ("_", (_LETTER,)),
    ("Theta(", ((re.compile(rf"{_BEFORE}(Theta)(?=\()"), _named),)),
    ("Omega(", ((re.compile(rf"{_BEFORE}(Omega)(?=\()"), _named),)),
    ("tilde ", ((re.compile(rf"{_BEFORE}tilde ([OΩΘ])(?=\()"),
                 lambda found: f"{found[1]}\u0303"),)),
    ("~", ((re.compile(r"(?<=[A-Za-z.,;)\]])~(?=\S)|(?<=\S)~(?=\s)"), " "),)),
    ("--", (
        (re.compile(r"(?<=[0-9%×])--(?=[0-9~≈])"), "–"),
        (re.compile(r"(?<=\w) ?--- ?(?=\w)"), " — "),
    )),
)  # fmt: skip


def repaired(text: str) -> str:
    """Return the text with lost backslashes made up for. It holds no URL."""
    for sign, repairs in _REPAIRS:
        if sign in text:
            for pattern, instead in repairs:
                text = pattern.sub(instead, text)
    return text
