"""Text as matching sees it: words without case, accents, width or punctuation."""

import re
import unicodedata
from functools import lru_cache

_ASCII_SEPARATORS = re.compile(r"[\x00-/:-@\[-`{-\x7f]+")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")

# Letters that Unicode does not decompose, though people type them without the stroke or tie.
_PLAIN_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe"}
)

# Vowel signs (0), nuktas (7), kana voicing marks (8) and viramas (9) tell words apart; every
# other combining class is an accent or a point that writers leave out.
_SPELLING_CLASSES = frozenset({0, 7, 8, 9})
_VARIATION_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def fold(text: str) -> str:
    """Return the words of a text in the form in which papers and queries are compared.

    Words are lower-case runs of letters and digits with one space between them; everything else
    separates. Compatibility forms (ligatures, full width, superscripts) become plain, accents go,
    and scripts that need their marks keep them. Folding twice changes nothing.
    """
    folded = text.lower() if text.isascii() else _fold_unicode(text)
    return " ".join(_ASCII_SEPARATORS.sub(" ", folded).split())


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
