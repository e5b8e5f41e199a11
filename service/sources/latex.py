"""LaTeX in running text, read aloud as Unicode: commands, accents, scripts and formulas."""

import re
import unicodedata

from service.sources.near import near
from service.sources.symbols import SILENT, SPACES, symbols

_FONTS = (
    "text textbf textit textrm texttt textsc textsf textsl textmd textup textnormal emph mathrm"
    " mathbf mathit mathsf mathtt mathcal mathscr mathfrak mathnormal boldsymbol bm pmb"
    " operatorname underline uline mbox hbox fbox ensuremath uppercase lowercase textsuperscript"
    " textsubscript enquote ul".split()
)
_SWITCHES = "bf|em|it|tt|sc|sf|rm|sl"
_MARKS = "hat|widehat|tilde|widetilde|bar|overline|vec|dot|ddot|check|breve|acute|grave"
_COMBINING = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304",
    ".": "\u0307", "c": "\u0327", "v": "\u030c", "u": "\u0306", "H": "\u030b", "k": "\u0328",
    "r": "\u030a", "d": "\u0323", "b": "\u0331",
    "hat": "\u0302", "widehat": "\u0302", "tilde": "\u0303", "widetilde": "\u0303",
    "bar": "\u0304", "overline": "\u0304", "vec": "\u20d7", "dot": "\u0307", "ddot": "\u0308",
    "check": "\u030c", "breve": "\u0306", "acute": "\u0301", "grave": "\u0300",
}  # fmt: skip
_RAISED = str.maketrans("0123456789+-=()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾")
_LOWERED = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")
_DOUBLE_STRUCK = str.maketrans("CHNPQRZ", "ℂℍℕℙℚℝℤ")

# A brace that is meant as one, kept apart from those that only group.
_BRACES = {"\\{": "\ue000", "\\}": "\ue001"}
_RESTORED = (("\ue000", "{"), ("\ue001", "}"))

_QUOTED = re.compile(r"``([^`']{1,300}(?:'[^`']{1,100})?)''")
_ACCENTS = (
    re.compile(r"""\{\\(["'`^~=.])\s?\{?\\?([A-Za-z])\}?\}"""),
    re.compile(r"""\\(["'`^~=.])\s?\{\\?([A-Za-z])\}"""),
    re.compile(r"""\\(["'`^~=.])\\?([A-Za-z])"""),
    re.compile(r"\{\\([cvuHkrdb])[ {]\\?([A-Za-z])\}?\}"),
    re.compile(r"\\([cvuHkrdb])(?:\{|\s)\s?\\?([A-Za-z])(?:\}|(?![A-Za-z]))"),
    # The same with its backslash lost, which nothing else looks like.
    re.compile(r"""(?<![\\A-Za-z_^]\{)(?<![_^])\{(["'`^~])([A-Za-z])\}"""),
)
_FORMULA = re.compile(
    r"\$\$([^$]{1,400}?)\$\$|(?<!\\)\$(?!\s)([^$]{1,400}?)(?<![\s\\])\$"
    r"|\\\((.{1,400}?)\\\)|\\\[(.{1,400}?)\\\]"
)
_MATH_SIGN = re.compile(r"[\\^_{}=<>|+*]")
_COMMAND = re.compile(r"[\\^_]")
_SHORT_MATH = re.compile(r"[A-Za-z0-9.,'()/:\- ]{1,12}")
_WORD = re.compile(r"(?<![\\A-Za-z{])[A-Za-z]{3,}")

_ESCAPED = re.compile(r"\\([%$&#_])")
_GAP = re.compile(r"\\\\(?:\[[^\]]{0,20}\])?|\\[,;:]|\\(?=\s)|\\$")
_NO_GAP = re.compile(r"\\[!/@\-]")
_FONT = re.compile(rf"(?:\\|(?<![A-Za-z\\]))({'|'.join(_FONTS)})\*?\s?\{{([^{{}}]*)\}}")
_DOUBLE = re.compile(r"(?:\\|(?<![A-Za-z\\]))(?:mathbb|mathds|Bbb)\s?(?:\{([^{}]*)\}|([A-Z]))")
_FRACTION = re.compile(r"\\[dt]?frac\s?\{([^{}]*)\}\s?\{([^{}]*)\}|\\[dt]?frac\s?([0-9])\s?([0-9])")
_ROOT = re.compile(r"\\sqrt\s?(?:\[([^\[\]]{1,10})\])?\s?(?:\{([^{}]*)\}|([A-Za-z0-9]))")
_MARKED = re.compile(rf"\\({_MARKS})\s?(?:\{{([^{{}}]*)\}}|(\\?[A-Za-z]+))")
_SWITCHED = re.compile(rf"\{{(?:\\[A-Za-z]+\s|\\?(?:{_SWITCHES})\s)([^{{}}]*)\}}")
_SCRIPT = re.compile(r"\s?([_^])\s?\{([^{}]*)\}")
_NESTED_SCRIPT = re.compile(r"([_^])\{([^{}]*)\{([^{}]*)\}([^{}]*)\}")
_COLOURED = re.compile(r"\\(?:textcolor|colorbox)\s?\{[^{}]*\}\s?\{([^{}]*)\}")
_DROPPED = re.compile(
    r"\s?\\(?:no)?(?:cite[a-z]*|ref|eqref|cref|autoref|label|thanks|vspace|hspace|begin|end|color"
    r"|footnotemark|includegraphics)\*?(?:\[[^\[\]]{0,200}\])*\{[^{}]*\}"
)
_FOOTNOTE = re.compile(r"\\footnote(?:text)?\s?\{([^{}]*)\}")
_PUNCTUATION = re.compile(r"\{([,.:;!]?)\}")
_UNKNOWN = re.compile(r"\\([A-Za-z]+)\*?\s?\{([^{}]*)\}")
_SYMBOL = re.compile(r"\\([A-Za-z]+)\*?")
_SHORT_SCRIPT = re.compile(r"(?<=[^\s^_])\^([0-9]+|[*+°′])")
_SHORT_SUBSCRIPT = re.compile(r"(?<=[^\s^_])_([0-9])(?![0-9A-Za-z])")
_ONE_TOKEN = re.compile(r"[\w.∞*⊤†]+")
_LINKED = re.compile(
    r"(?:\\|(?<![A-Za-z\\]))href\s?\{([^{}]*)\}\s?\{([^{}]*)\}|"
    r"(?<![A-Za-z{])((?:https?://|(?:www\.)?(?:git(?:hub|lab)|huggingface)\.[a-z]+/)[^\s{}]{1,500}(?<![_^]))"
    r"\{([^{}]+)\}(?=[\s.,;:!?)\]]|$)"
)
_URL = re.compile(r"(?:\\|(?<![A-Za-z\\]))url\s?\{((?:[^{}]|\{[^{}]*\})*)\}")

# All that another round could begin with.
_LEFT = re.compile(r"[\\{]|mathbb|mathds|Bbb")

# Braces nested deeper than any formula of an abstract stay as they are.
_DEEPEST = 12


def links(text: str) -> str:
    r"""Return the text with `\href{…}{…}`, `\url{…}` and their remains `https://…{…}` read."""
    return near("{}", text, lambda part: _LINKED.sub(_link, _URL.sub(_first, part)))


def without_latex(text: str) -> str:
    """Return the text with its LaTeX read as Unicode. It holds no URL."""
    if "`" in text and "``" in text:
        text = _QUOTED.sub(r"“\1”", text)
    return near("\\{}$^", text, _read)


def _read(text: str) -> str:
    if "\\" in text or "{" in text:
        for pattern in _ACCENTS:
            text = pattern.sub(_accent, text)
    if "$" in text or "\\(" in text or "\\[" in text:
        text = _FORMULA.sub(_formula, text)
    if "\\" in text or "{" in text:
        text = _commands(text)
    if "^" in text:
        text = _SHORT_SCRIPT.sub(lambda found: _script("^", found[1]), text)
    for kept, restored in _RESTORED:
        text = text.replace(kept, restored)
    return text


def symbol(name: str) -> str:
    """Return what the command of that name stands for; of an unknown one, the name."""
    if name in SILENT:
        return ""
    if name in SPACES:
        return " "
    return symbols().get(name, name)


def _first(found: re.Match[str]) -> str:
    return found[1]


def _formula(found: re.Match[str]) -> str:
    content = next(group for group in found.groups() if group is not None)
    if found[0].startswith("$"):
        price = found.string[found.end() : found.end() + 1].isdecimal()
        if not _is_math(content) or (price and not _COMMAND.search(content)):
            return found[0]
    text = _commands(content.replace("~", " "))
    text = re.sub(r"[{}]", "", text)
    text = _SHORT_SCRIPT.sub(lambda m: _script("^", m[1]), text)
    text = _SHORT_SUBSCRIPT.sub(lambda m: _script("_", m[1]), text)
    return text.strip() or found[0]


def _is_math(content: str) -> bool:
    words = len(_WORD.findall(content))
    if _MATH_SIGN.search(content):
        return words <= 3
    return words <= 1 and _SHORT_MATH.fullmatch(content) is not None


def _commands(text: str) -> str:
    for written, kept in _BRACES.items():
        text = text.replace(written, kept)
    text = _ESCAPED.sub(r"\1", text)
    if "\\" not in text and "{" not in text:
        return text
    text = _GAP.sub(" ", _NO_GAP.sub("", text))
    for _ in range(_DEEPEST):
        before = text
        # Innermost braces first: no pattern sees past one.
        text = _DROPPED.sub("", text)
        text = _COLOURED.sub(r"\1", text)
        text = _FONT.sub(_font, text)
        text = _DOUBLE.sub(lambda m: (m[1] or m[2] or "").translate(_DOUBLE_STRUCK), text)
        text = _FRACTION.sub(lambda m: f"{_term(m[1] or m[3])}/{_term(m[2] or m[4])}", text)
        text = _ROOT.sub(lambda m: f"{_RAISED_ROOT.get(m[1], '√')}{_term(m[2] or m[3])}", text)
        text = _MARKED.sub(_marked, text)
        text = _SWITCHED.sub(r"\1", text)
        text = _SCRIPT.sub(lambda m: _script(m[1], m[2]), text)
        text = _NESTED_SCRIPT.sub(r"\1{\2\3\4}", text)
        text = _FOOTNOTE.sub(r" (\1)", text)
        text = _PUNCTUATION.sub(_first, text)
        text = _UNKNOWN.sub(_unknown, text)
        text = _SINGLE.sub(_single, text)
        if text == before or not _LEFT.search(text):
            break
    return _SYMBOL.sub(lambda m: symbol(m[1]), text)


_RAISED_ROOT = {"3": "∛", "4": "∜"}
_SINGLE = re.compile(r"([_^]?)\{(\\[A-Za-z]+|[\w]?[^\x00-\x7f])\}")


def _single(found: re.Match[str]) -> str:
    written = found[2]
    read = symbol(written[1:]) if written.startswith("\\") else written
    return _script(found[1], read) if found[1] else read


def _unknown(found: re.Match[str]) -> str:
    name, argument = found[1], found[2]
    if name in symbols():
        return f"{symbol(name)}{argument}" if not argument else f"{symbol(name)}{{{argument}}}"
    return argument or name


def _font(found: re.Match[str]) -> str:
    content = found[2]
    # Only in such a place is “epsilon” without its backslash certain to be the letter.
    bare = content.strip().removeprefix("\\")
    if bare.isalpha() and len(bare) > 1 and bare in symbols() and found[1] in _MATH_FONTS:
        return symbol(bare)
    return content


_MATH_FONTS = frozenset("boldsymbol bm pmb mathbf mathrm mathit mathsf ensuremath".split())


def _marked(found: re.Match[str]) -> str:
    content = found[2] if found[2] is not None else found[3]
    if content.startswith("\\"):
        content = symbol(content[1:])
    if found[2] is None and len(content) > 1:
        # Without braces, a mark is over one letter only.
        return _with_mark(content[0], found[1]) + content[1:]
    return _with_mark(content, found[1]) if len(content) == 1 else content


def _accent(found: re.Match[str]) -> str:
    return _with_mark(found[2], found[1])


def _with_mark(letter: str, mark: str) -> str:
    return unicodedata.normalize("NFC", letter + _COMBINING[mark])


def _script(kind: str, content: str) -> str:
    shown = content.strip()
    if shown.startswith("\\"):
        shown = symbol(shown[1:]) if shown[1:].isalpha() else shown
    shown = _BARE_SCRIPTS.get(shown, shown)
    if kind == "^" and shown in ("°", "*", "′"):
        return shown
    if not shown:
        return ""
    drawn = shown.translate(_RAISED if kind == "^" else _LOWERED)
    if all(before != after for before, after in zip(shown, drawn, strict=True)):
        return drawn
    return f"{kind}{shown}" if _ONE_TOKEN.fullmatch(shown) else f"{kind}({shown})"


_BARE_SCRIPTS = {"circ": "°", "∘": "°", "star": "*", "ast": "*", "prime": "′", "infty": "∞"}


def _term(text: str | None) -> str:
    shown = (text or "").strip()
    return shown if re.fullmatch(r"\\?[\w.]*", shown) else f"({shown})"


def _link(found: re.Match[str]) -> str:
    url, shown = found[1] or found[3] or "", found[2] or found[4] or ""
    shown = shown.strip().rstrip(".")
    if not shown or shown.startswith("http") or shown in url:
        return url or shown
    return f"{shown} ({url})" if url else shown
