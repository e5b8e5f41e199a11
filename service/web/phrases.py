"""What pages say of a mistake."""


def sentence(error: Exception | str) -> str:
    """Return what a mistake says of itself as a sentence."""
    words = str(error).rstrip(".")
    return words[:1].upper() + words[1:] + "."
