"""LaTeX whose backslashes were lost on the way, repaired where nothing else can be meant."""

import re
from collections.abc import Callable

from service.sources.latex import symbol
from service.sources.symbols import GREEK

Repair = tuple[tuple[str, ...], re.Pattern[str], str | Callable[[re.Match[str]], str]]

# Names that are no words of any language, so that they mean their symbol wherever they stand.
_NEVER_WORDS = (
    "infty|varepsilon|varphi|vartheta|varsigma|varrho|otimes|oplus|leq|geq|neq|mapsto|ldots|cdots?"
    "|(?:long)?(?:leftright|left|right)arrow|(?:Leftright|Left|Right)arrow|(?:sub|sup)seteq"
)
_SIGNS_OF_THEM = (
    "infty", "varep", "varphi", "vartheta", "varsig", "varrho", "otimes", "oplus", "leq", "geq",
    "neq", "mapsto", "ldots", "cdot", "tarrow", "seteq",
)  # fmt: skip
_BEFORE, _AFTER = r"(?<![A-Za-z\\])", r"(?![A-Za-z])"


def _named(found: re.Match[str]) -> str:
    return symbol(found[1])


# Each: what must stand in a text for the repair to be tried, where, and what stands there instead.
_REPAIRS: tuple[Repair, ...] = (
    (("scriptsize", "footnotesize", "normalsize"),
     re.compile(rf"{_BEFORE}(?:scriptsize|footnotesize|normalsize)(?=[A-Z])"), ""),
    (("times",), re.compile(r"(?<=[0-9]) ?times (?=[0-9])"), " × "),
    (("times",), re.compile(r"(?<=[0-9])times(?![a-z])"), "×"),
    (("sim",), re.compile(rf"sim(?<={_BEFORE}sim) ?(?=[0-9])"), "~"),
    (("approx",), re.compile(rf"approx(?<={_BEFORE}approx) ?(?=[0-9])"), "≈ "),
    (("mapsto",), re.compile(r"(?<=[A-Z])mapsto(?![a-z])"), " ↦"),
    (_SIGNS_OF_THEM, re.compile(rf"{_BEFORE}({_NEVER_WORDS}){_AFTER}"), _named),
    (("nlog",), re.compile(rf"{_BEFORE}nlog{_AFTER}"), "n log"),
    # A letter's name that a script is fixed to is the letter; elsewhere it may be a name: Phi-3.
    (("^", "_"),
     re.compile(rf"{_BEFORE}({'|'.join([*GREEK, 'ell'])})"
                r"(?=\^|_(?:\{|[A-Za-z0-9∞](?![A-Za-z0-9])))"), _named),
    (("Theta(", "Omega("), re.compile(rf"{_BEFORE}(Theta|Omega)(?=\()"), _named),
    (("tilde ",), re.compile(rf"{_BEFORE}tilde ([OΩΘ])(?=\()"),
     lambda found: f"{found[1]}\u0303"),
    (("^",),
     re.compile(rf"\^(star|ast|circ|prime){_AFTER}"), _named),
    (("~",), re.compile(r"(?<=[A-Za-z.,;)\]])~(?=\S)|(?<=\S)~(?=\s)"), " "),
    (("--",), re.compile(r"(?<=[0-9%×])--(?=[0-9~≈])"), "–"),
    (("---",), re.compile(r"(?<=\w) ?--- ?(?=\w)"), " — "),
)  # fmt: skip


def repaired(text: str) -> str:
    """Return the text with lost backslashes made up for. It holds no URL."""
    for signs, pattern, instead in _REPAIRS:
        if any(map(text.__contains__, signs)):
            text = pattern.sub(instead, text)
    return text
