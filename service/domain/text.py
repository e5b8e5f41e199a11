"""Text as matching sees it: words without case, accents, width or punctuation."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_ASCII_SEPARATORS = re.compile(r"[\x00-/:-@\[-`{-\x7f]+")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")

# What no text of a database, a header or a page may hold.
INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

# Letters that Unicode does not decompose, though people type them without the stroke or tie.
_PLAIN_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe"}
)

# Vowel signs (0), nuktas (7), kana voicing marks (8) and viramas (9) tell words apart; every
# other combining class is an accent or a point that writers leave out.
_SPELLING_CLASSES = frozenset({0, 7, 8, 9})
_VARIATION_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")

# Scripts that put no space between words: Thai, Lao, Myanmar, Hangul, Khmer, kana and Han.
UNSPACED_SIGN = (
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005\u3006\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7ff\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003ffff]"
)
_UNSPACED = re.compile(UNSPACED_SIGN)
_NEEDLESS_SPACE = re.compile(f"(?<={UNSPACED_SIGN}) (?={UNSPACED_SIGN})")

# LaTeX as it reaches titles, in lower case; the last accent has lost its backslash.
_LATEX_ACCENT = re.compile(
    r"""\\(?:["'`^~=.]|[uvhcdbrk](?=[\s{]))\s*\{?\\?([a-z])|\{["'`^~=.]([a-z])\}"""
)
_LATEX_LETTER = re.compile(r"\\(ss|ae|oe|aa|dh|dj|th|o|l|i|j)(?![a-z])\s*")
_LATEX_STYLE = re.compile(
    r"\\(?:text|math)?(?:bf|it|tt|sc|rm|sf|cal|bb|frak|up)(?![a-z])|\\(?:emph|text|em|bm)(?![a-z])"
)
_LATEX_LETTERS = {"aa": "a", "dh": "d", "dj": "d"}


def fold(text: str) -> str:
    """Return the words of a text in the form in which papers and queries are compared.

    Words are lower-case runs of letters and digits with one space between them; everything else
    separates. Compatibility forms (ligatures, full width, superscripts) become plain, accents go,
    those of LaTeX too, and scripts that need their marks keep them. Folding twice changes nothing.
    """
    folded = text.lower() if text.isascii() else _fold_unicode(text)
    if "\\" in folded or "{" in folded:
        folded = _without_latex(folded)
    return " ".join(_ASCII_SEPARATORS.sub(" ", folded).split())


def words(text: str) -> list[str]:
    """Return the words of a text as matching counts them.

    They are those of `fold`; where a script puts no space between words, each character is one,
    so that a phrase of them finds what readers of that script see as words.
    """
    folded = fold(text)
    if not folded.isascii():
        folded = _UNSPACED.sub(r" \g<0> ", folded)
    return folded.split()


def spaced(words: Iterable[str]) -> str:
    """Return words as one text, with spaces only where their script has them."""
    return _NEEDLESS_SPACE.sub("", " ".join(words))


def unspaced(character: str) -> bool:
    """Tell whether a character belongs to a script that puts no space between words."""
    return _UNSPACED.match(character) is not None


def _without_latex(text: str) -> str:
    text = _LATEX_ACCENT.sub(lambda found: found[1] or found[2], text)
    text = _LATEX_LETTER.sub(lambda found: _LATEX_LETTERS.get(found[1], found[1]), text)
    # What braces still group is part of the word around them: {B}ayes, na{i}ve.
    return _LATEX_STYLE.sub("", text).replace("{", "").replace("}", "")


def _fold_unicode(text: str) -> str:
    # The second pass is for characters whose lower case can be decomposed again.
    for _ in range(2):
        text = unicodedata.normalize("NFKD", text).casefold().translate(_PLAIN_LETTERS)
    # Composing again gives Hangul and kana back as the syllables that people write.
    return unicodedata.normalize("NFC", _BEYOND_ASCII.sub(_fold_character, text))


def _fold_character(found: re.Match[str]) -> str:
    return _folded_character(found[0])


@lru_cache(maxsize=8192)
def _folded_character(character: str) -> str:
    category = unicodedata.category(character)
    if character.isalnum():
        return character
    if category == "Cf" or _VARIATION_SELECTORS.match(character):
        return ""
    if category in ("Mn", "Mc"):
        return character if unicodedata.combining(character) in _SPELLING_CLASSES else ""
    return "" if category == "Me" else " "
