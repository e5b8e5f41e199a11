"""Tidy text: what a source wrote, safe enough for a line of a letter."""

import re
import unicodedata

# Controls other than whitespace, lone surrogates (no encoder takes them), stray byte order marks,
# and what overrides the writing direction, which would let a title rewrite its neighbours.
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\u202a-\u202e\u2066-\u2069]"
)


def tidy(text: str) -> str:
    """Return `text` in NFC on one line: no control or direction override, single spaces."""
    # Of all blanks, only the space is printable: most texts are on one line already.
    tidied = text.isprintable() and "  " not in text and text[:1] != " " != text[-1:]
    line = text if tidied else " ".join(text.split())
    if not tidied and not line.isprintable():
        # Removal comes first: it may bring a letter and its accent, or two spaces, together.
        line = " ".join(unicodedata.normalize("NFC", _UNPRINTABLE.sub("", text)).split())
    return line if line.isascii() else unicodedata.normalize("NFC", line)
